"""What lies before the story: the year 2025 and Q2/2026, received by the same service as ever.

They are loaded without the web server and with a clock of their own, only to save time; from them
comes what Q3 carries over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from forms.canonical import read_report
from forms.definition import FormVersion
from forms.period import Period
from forms.reading_json import read_json
from jobs.demo.made_return import MadeReturn, from_report
from jobs.demo.merging import with_consolidated
from jobs.demo.stage import CONSOLE, LAST_QUARTER, LAST_YEAR, Stage, Wrong, local, open_periods
from reporting.models import Door, ReportingUnit
from reporting.services.consolidation import consolidate
from reporting.services.receipts import Verdict, issue_for_people
from reporting.services.refusing import Delivery
from reporting.services.submissions import receive
from reporting.services.units import UnitView

LEAF_KINDS = frozenset({"commune", "department"})


def load_past(stage: Stage) -> None:
    """Open and receive the year 2025 and Q2/2026. Raises Wrong if anything is refused."""
    stage.tell.chapter("The past: the year 2025 and Q2/2026, so that Q3 has something to carry")
    for period, now in (
        (LAST_YEAR, local(2025, 12, 18, 9)),
        (LAST_QUARTER, local(2026, 6, 16, 9)),
    ):
        # Inspection forms are asked by quarter here; their yearly ones are not part of the story.
        codes = [form.code for form in stage.catalogue.forms if _is_played(form, period)]
        opened = open_periods(stage, period, codes=codes)
        owed = sum(opening.created for opening in opened.values())
        count = _receive_period(stage, codes, period, now)
        stage.tell.say(f"{period}: {len(opened)} forms opened, {owed} owed, {count} received.")


def _is_played(form: FormVersion, period: str) -> bool:
    return Period.parse(period).kind in form.periods and (
        period != LAST_YEAR or not form.regime.startswith("TT06")
    )


def _receive_period(stage: Stage, codes: Iterable[str], period: str, now: datetime) -> int:
    """Leaves first, then what is made from them, then everybody else; in that order of forms."""
    forms = [stage.catalogue.latest(code) for code in codes]
    count = 0
    for form in forms:
        units = [part.unit for part in stage.cast.leaves if part.unit.kind in form.reporter_kinds]
        count += _receive_all(stage, (stage.book.of(form.code, u, period) for u in units), now)
    for form in forms:
        for unit in _consolidators(stage, form):
            stage.book.put(_consolidated(stage, form, unit, period, now))
    for form in forms:
        units = [part.unit for part in stage.cast.central if part.unit.kind in form.reporter_kinds]
        count += _receive_all(stage, (stage.book.of(form.code, u, period) for u in units), now)
    return count


def _consolidators(stage: Stage, form: FormVersion) -> list[UnitView]:
    """The sample provinces, for a form that they send and that is made from their units' forms."""
    fed = any(
        LEAF_KINDS & set(stage.catalogue.latest(source.form).reporter_kinds)
        for source in form.sources
    )
    if not fed or "province" not in form.reporter_kinds:
        return []
    return [stage.cast.by_code[code].unit for code in stage.cast.provinces]


def consolidating_forms(stage: Stage, period: str) -> list[FormVersion]:
    """The forms of a period that the sample provinces make from those of their units."""
    return [
        form
        for form in stage.catalogue.forms
        if _is_played(form, period) and _consolidators(stage, form)
    ]


def _receive_all(stage: Stage, returns: Iterable[MadeReturn], now: datetime) -> int:
    with stage.sessions.begin() as session:
        return sum(_receive(session, stage, made, now) for made in returns)


def _receive(session: Session, stage: Stage, made: MadeReturn, now: datetime) -> int:
    body = made.as_json()
    receipt = receive(
        session,
        actor=CONSOLE,
        delivery=Delivery(read_json(body), body, "return.json", Door.COMMAND, now),
        catalogue=stage.catalogue,
        clock=lambda: now,
        signer=stage.signer,
    )
    if receipt.verdict is not Verdict.RECEIVED:
        first = issue_for_people(receipt.issues[0])["message_en"] if receipt.issues else "?"
        raise Wrong(f"{made.form.code} of {made.unit} for {made.period} was refused: {first}")
    return 1


def _consolidated(
    stage: Stage, form: FormVersion, unit: UnitView, period: str, now: datetime
) -> MadeReturn:
    """What a province reports from the reports of its units."""
    with stage.sessions.begin() as session:
        edition, _ = consolidate(
            session,
            actor=CONSOLE,
            form=form,
            period=Period.parse(period),
            unit=session.get_one(ReportingUnit, unit.id),
            catalogue=stage.catalogue,
            clock=lambda: now,
        )
        made = from_report(form, read_report(form, edition.canonical))
    return with_consolidated(stage.book.of(form.code, unit, period), made)
