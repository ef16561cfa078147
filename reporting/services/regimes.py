"""Regimes in use: those of the files, those made at run time, and the text each one had.

A regime may be edited while its period is open: the text under which a period was opened is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from forms.canonical import sha256
from forms.catalogue import Catalogue
from forms.faults import BadDeclaration
from forms.period import Period
from forms.reading_regimes import read_regime
from forms.regime import Regime, RegimeKind
from reporting.errors import Conflict, NotAllowed
from reporting.models import KeptRegime
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record

_log = structlog.get_logger()


def known_regimes(session: Session, catalogue: Catalogue) -> Mapping[str, Regime]:
    """Every regime by its code: those of the files, and the newest of each made at run time.

    One that can be read no longer, since more is demanded of it now, is left out and logged: it
    must not take the others with it.
    """
    made = select(KeptRegime).where(KeptRegime.is_run_time).order_by(KeptRegime.kept_at)
    newest = {row.code: row.declaration for row in session.scalars(made)}
    here: dict[str, Regime] = {}
    for code, declaration in newest.items():
        try:
            here[code] = read_regime(declaration.encode(), file=f"regime {code}")
        except BadDeclaration as bad:
            _log.error("a regime cannot be read and is left out", regime=code, faults=bad.faults)
    return {**here, **catalogue.regimes}


def list_regimes(
    session: Session, catalogue: Catalogue, *, with_secret: bool = False
) -> list[Regime]:
    """The regimes by code; without the secret ones they are what everyone may read of."""
    known = sorted(known_regimes(session, catalogue).items())
    return [regime for _, regime in known if with_secret or not regime.is_secret]


def keep_regime(session: Session, *, actor: Actor, regime: Regime, now: datetime) -> None:
    """Keep the text of a regime, once for each text it ever has. The caller commits."""
    digest = sha256(regime.text.encode())
    if session.get(KeptRegime, (regime.code, digest)) is None:
        _keep(session, actor, regime, digest, now, is_run_time=False)


def _put_in_force(session: Session, actor: Actor, regime: Regime, now: datetime) -> None:
    """Keep the text of a regime made at run time as the newest it has, also where it had it before.

    An edit that is taken back is an edit too. The newest is the one made last, also where the
    clock stood still or went back meanwhile.
    """
    digest = sha256(regime.text.encode())
    rows = session.scalars(select(KeptRegime).where(KeptRegime.code == regime.code)).all()
    last = max((row.kept_at for row in rows), default=None)
    kept_at = now if last is None else max(now, last + timedelta(microseconds=1))
    known = next((row for row in rows if row.sha256 == digest), None)
    if known is None:
        _keep(session, actor, regime, digest, kept_at, is_run_time=True)
    else:
        known.kept_at, known.actor, known.is_run_time = kept_at, actor.name, True
        session.flush()
        _say(session, actor, regime, digest, now, is_run_time=True)


def _keep(
    session: Session, actor: Actor, regime: Regime, digest: str, at: datetime, *, is_run_time: bool
) -> None:
    session.execute(
        insert(KeptRegime),
        {
            "code": regime.code,
            "sha256": digest,
            "declaration": regime.text,
            "is_run_time": is_run_time,
            "kept_at": at,
            "actor": actor.name,
        },
    )
    _say(session, actor, regime, digest, at, is_run_time=is_run_time)


def _say(
    session: Session, actor: Actor, regime: Regime, digest: str, at: datetime, *, is_run_time: bool
) -> None:
    entry = Entry(
        act="regime.made" if is_run_time else "regime.kept",
        subject=f"regime/{regime.code}",
        details={"sha256": digest, "title": regime.name},
    )
    record(session, actor, entry, now=at)


def make_regime(
    session: Session, *, actor: Actor, content: bytes, catalogue: Catalogue, now: datetime
) -> Regime:
    """Take a thematic or ad hoc regime at run time, in the shape of a file.

    It names the forms it asks for, since no form was declared for it. The caller commits. Raises
    BadDeclaration with every fault, NotAllowed, Conflict.
    """
    if not actor.is_of_centre(Act.ADMINISTER):
        raise NotAllowed(
            vi="Chỉ cơ quan trung ương được ban hành chế độ báo cáo trên hệ thống.",
            en="Only the central office may make a regime.",
        )
    regime = read_regime(content, file="regime")
    if regime.code in catalogue.regimes:
        raise Conflict(
            vi=f"Đã có chế độ {regime.code} trong tệp khai báo.",
            en=f"Regime {regime.code} is declared in a file already.",
        )
    if regime.kind is RegimeKind.PERIODIC:
        raise Conflict(
            vi="Chế độ định kỳ phải được khai báo trong tệp, cùng với biểu mẫu của nó.",
            en="A periodic regime is declared in a file, with its forms.",
        )
    unknown = [code for code in regime.forms if code not in catalogue.codes]
    if unknown or not (regime.forms or regime.is_secret):
        raise Conflict(
            vi=f"Chế độ phải nêu biểu mẫu có thật (forms): {', '.join(unknown) or 'chưa nêu'}.",
            en=f"The regime must name forms that exist: {', '.join(unknown) or 'it names none'}.",
        )
    _require_due_days(regime, catalogue)
    _require_alone(session, regime, catalogue)
    _put_in_force(session, actor, regime, now)
    return regime


def _require_due_days(regime: Regime, catalogue: Catalogue) -> None:
    """Whoever owes a form for a period of the regime must have a due day in it."""
    forms = [catalogue.latest(code) for code in regime.forms]
    owing = (kind for form in forms for kind in form.reporter_kinds)
    without = sorted(set(owing) - set(regime.due))
    if regime.periods and without:
        raise Conflict(
            vi=f"Chế độ {regime.code} chưa có hạn gửi (due) cho: {', '.join(without)}.",
            en=f"Regime {regime.code} has no due day (due) for: {', '.join(without)}.",
        )


def _require_alone(session: Session, regime: Regime, catalogue: Catalogue) -> None:
    """No other regime asks for the same form and period: an obligation has one due day.

    Secret regimes are listed alone, and ask for nothing here.
    """
    for other in known_regimes(session, catalogue).values():
        if other.code == regime.code or other.is_secret or regime.is_secret:
            continue
        for code in regime.forms:
            form = catalogue.latest(code)
            if code not in other.forms and form.regime != other.code:
                continue
            twice = sorted(_asked_by_both(regime, other, form.periods))
            if twice:
                raise Conflict(
                    vi=f"Chế độ {other.code} đã yêu cầu biểu {code} cho kỳ {', '.join(twice)}. "
                    "Hãy đặt mã kỳ khác, ví dụ một ngày khác của đợt báo cáo.",
                    en=f"Regime {other.code} asks for form {code} in {', '.join(twice)} already. "
                    "Give another period, such as another day of the occasion.",
                )


def _asked_by_both(one: Regime, other: Regime, periods: tuple[str, ...]) -> set[str]:
    """The periods, or kinds of period, for which two regimes ask for a form with these periods."""
    kinds = [set(regime.periods) & set(periods) for regime in (one, other)]
    occasions = [{on.period for on in regime.occasions} for regime in (one, other)]
    found = kinds[0] & kinds[1] | occasions[0] & occasions[1]
    for mine, theirs in ((kinds[0], occasions[1]), (kinds[1], occasions[0])):
        found |= {period for period in theirs if Period.parse(period).kind in mine}
    return found
