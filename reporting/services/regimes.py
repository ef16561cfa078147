"""Regimes in use: those of the files, those made at run time, and the text each one had.

A regime may be edited while its period is open: the text under which a period was opened is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from forms.canonical import sha256
from forms.catalogue import Catalogue
from forms.reading_regimes import read_regime
from forms.regime import Regime, RegimeKind
from reporting.errors import Conflict, NotAllowed
from reporting.models import KeptRegime
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record


def known_regimes(session: Session, catalogue: Catalogue) -> Mapping[str, Regime]:
    """Every regime by its code: those of the files, and the newest of each made at run time."""
    made = select(KeptRegime).where(KeptRegime.is_run_time).order_by(KeptRegime.kept_at)
    here = {
        row.code: read_regime(row.declaration.encode(), file=f"regime {row.code}")
        for row in session.scalars(made)
    }
    return {**here, **catalogue.regimes}


def list_regimes(
    session: Session, catalogue: Catalogue, *, with_secret: bool = False
) -> list[Regime]:
    """The regimes by code; without the secret ones they are what everyone may read of."""
    known = sorted(known_regimes(session, catalogue).items())
    return [regime for _, regime in known if with_secret or not regime.is_secret]


def keep_regime(
    session: Session, *, actor: Actor, regime: Regime, now: datetime, is_run_time: bool = False
) -> None:
    """Keep the text of a regime, once for each text it ever has. The caller commits."""
    digest = sha256(regime.text.encode())
    if session.get(KeptRegime, (regime.code, digest)) is not None:
        return
    session.execute(
        insert(KeptRegime),
        {
            "code": regime.code,
            "sha256": digest,
            "declaration": regime.text,
            "is_run_time": is_run_time,
            "kept_at": now,
            "actor": actor.name,
        },
    )
    entry = Entry(
        act="regime.made" if is_run_time else "regime.kept",
        subject=f"regime/{regime.code}",
        details={"sha256": digest, "title": regime.name},
    )
    record(session, actor, entry, now=now)


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
    keep_regime(session, actor=actor, regime=regime, now=now, is_run_time=True)
    return regime
