"""The run of the demonstration, from top to bottom: one reporting period, told as it happens.

Everything shown was really answered by the server; where it answers anything else than it must,
the demonstration stops and says what.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from jobs.demo.calendar import show_board, show_owed, show_preview
from jobs.demo.cast import CENTRE, Conduct
from jobs.demo.centre import send_again, send_central, split_by_conduct
from jobs.demo.consolidations import (
    MEETINGS_FORM,
    YEARLY_FORMS,
    consolidate,
    consolidate_nation,
    consolidate_provinces,
)
from jobs.demo.folder import make_folder
from jobs.demo.leaves import send_inspection, send_workbooks
from jobs.demo.outcomes import show_accepted, show_counts, show_refusals, show_warnings
from jobs.demo.past import load_past
from jobs.demo.people import (
    PASSWORD,
    Signed,
    choose_unit,
    make_people,
    play_sign_off,
    sign_everyone_in,
)
from jobs.demo.proving import leave_receipts
from jobs.demo.serving import HOST, port_of, take_port
from jobs.demo.stage import LAST_YEAR, Stage, build_stage, local
from jobs.demo.summary import prove_national_total, show_coverage, show_editions, show_standing
from jobs.demo.telling import Teller
from jobs.demo.tracing import remake_editions, show_changes, trace_total

WHEN_Q3_OPENS = local(2026, 6, 15, 8)
#: TT06 is due on the 17th and the 20th, II.06a on the 19th; the centre waits until the 22nd.
IN_TIME = local(2026, 9, 16, 8, 30)
AFTER_THE_UNITS = local(2026, 9, 20, 10)
AFTER_EVERYONE = local(2026, 9, 24, 9)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the demonstration is to be run."""

    folder: Path
    serve_on: socket | None = None  # the port of the page; without one it ends after the story
    small: bool = False


def run(plan: Plan, tell: Teller) -> Stage:
    """Play the whole story. Raises NotOurs, Wrong, Unexpected, DidNotStart."""
    began = time.monotonic()
    folder = make_folder(plan.folder)
    stage = build_stage(folder, tell=tell, on=take_port(), small=plan.small)
    try:
        load_past(stage)
        _open_quarter(stage)
        stage.ring(IN_TIME)
        with stage.server(IN_TIME):
            _units_report(stage)
            signed = _people_sign_off(stage)
        stage.ring(AFTER_THE_UNITS)
        with stage.server(AFTER_THE_UNITS):
            _latecomers_and_provinces(stage)
            _centre_reports(stage)
            _first_national_tables(stage)
        stage.ring(AFTER_EVERYONE)
        with stage.server(AFTER_EVERYONE):
            _second_national_tables(stage)
            _year_before(stage)
            _prove(stage, signed)
        _end(stage, seconds=time.monotonic() - began)
        if plan.serve_on is not None:
            _serve(stage, plan.serve_on)
    finally:
        stage.listening.close()
        stage.engine.dispose()
    return stage


def _open_quarter(stage: Stage) -> None:
    stage.tell.chapter("15 June: the clock opens Q3/2026; who owes what is frozen")
    show_preview(stage, WHEN_Q3_OPENS)
    stage.ring(WHEN_Q3_OPENS)
    show_owed(stage)


def _units_report(stage: Stage) -> None:
    stage.tell.chapter("16 September: communes and departments report")
    parts = stage.cast.leaves
    awake = [part for part in parts if part.conduct not in (Conduct.LATE, Conduct.SILENT)]
    sent = [*send_workbooks(stage, awake), *send_inspection(stage, awake)]
    show_counts(stage.tell, "What came in", sent)
    show_accepted(stage.tell, "Accepted", sent)
    show_refusals(stage.tell, "Refused, and why", sent)


def _people_sign_off(stage: Stage) -> Sequence[Signed]:
    part = choose_unit(stage)
    stage.tell.chapter(f"16 September: the people of {part.unit.name_vi} at the pages")
    passwords = make_people(stage, part, IN_TIME)
    stage.tell.say(f"Accounts: {', '.join(passwords)}; each signs in and chooses a password.")
    return play_sign_off(stage, sign_everyone_in(stage, part, passwords))


def _prove(stage: Stage, signed: Sequence[Signed]) -> None:
    stage.tell.chapter("Receipts, years later and without the server")
    leave_receipts(stage, signed)
    remake_editions(stage)


def _latecomers_and_provinces(stage: Stage) -> None:
    stage.tell.chapter("20 September: the last units report late; the provinces consolidate")
    late = [part for part in stage.cast.leaves if part.conduct is Conduct.LATE]
    sent = [*send_workbooks(stage, late), *send_inspection(stage, late)]
    show_counts(stage.tell, "What came in after the units were due", sent)
    show_accepted(stage.tell, "Accepted", sent)
    show_coverage(stage, "The provinces' own tables", consolidate_provinces(stage))


def _centre_reports(stage: Stage) -> None:
    stage.tell.chapter("20 September: provinces, ministries and agencies report")
    parts = split_by_conduct(stage.cast.central)["in time"]
    sent = list(send_central(stage, parts))
    again = next(part for part in parts if part.unit.kind == "province")
    sent.append(send_again(stage, again))
    show_counts(stage.tell, "What came in", sent)
    show_accepted(stage.tell, "Accepted", sent)
    show_refusals(stage.tell, "Refused, and why", sent)
    show_warnings(stage.tell, "Received, and asked to explain", sent)


def _first_national_tables(stage: Stage) -> None:
    stage.tell.chapter("The first national edition")
    made = consolidate_nation(stage)
    prove_national_total(stage, made[0])
    show_coverage(stage, "National tables, edition 1", made)


def _second_national_tables(stage: Stage) -> None:
    stage.tell.chapter("24 September: the late ones arrive, and the second edition follows")
    sent = list(send_central(stage, split_by_conduct(stage.cast.central)["late"]))
    show_counts(stage.tell, "What came in after everyone was due", sent)
    show_accepted(stage.tell, "Accepted", sent)
    made = consolidate_nation(stage)
    prove_national_total(stage, made[0])
    show_coverage(stage, "National tables", made)
    show_changes(stage, made[0])
    trace_total(stage, made[0])


def _year_before(stage: Stage) -> None:
    stage.tell.chapter("The year 2025: tasks (I.02) and meetings (III)")
    made = [consolidate(stage, code, CENTRE, LAST_YEAR) for code in YEARLY_FORMS]
    for province in stage.cast.provinces:
        made.append(consolidate(stage, MEETINGS_FORM, province, LAST_YEAR))
    show_coverage(stage, "Tables of the year 2025", made)


def _end(stage: Stage, *, seconds: float) -> None:
    stage.tell.chapter("What stands where")
    show_standing(stage)
    show_board(stage)
    show_editions(stage)
    stage.tell.say(f"{len(stage.editions)} workbooks and templates/ are in {stage.folder}/.")
    stage.tell.say(f"All of it took {seconds:.0f} seconds.")


def _serve(stage: Stage, on: socket) -> None:
    stage.listening.close()
    stage.listening = on
    with stage.server(AFTER_EVERYONE.replace(hour=10)):
        stage.tell.chapter(f"Serving http://{HOST}:{port_of(on)} until Ctrl-C")
        stage.tell.say(
            "Sign in as vanthu (clerk), lanhdao (head), tinh (province), trunguong (centre) or "
            f"quantri (administrator), each with the password {PASSWORD}."
        )
        stage.tell.say("The page: choose a unit, a form, a period; drop one of templates/*.xlsx.")
        stage.tell.say(f"The API, as the centre: Authorization: Bearer {stage.tokens[CENTRE]}")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            stage.tell.say("Ended.")
