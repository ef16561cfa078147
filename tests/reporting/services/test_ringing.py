"""Ringing the clock: each deadline takes effect once, in order, however often it rings."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from reporting.models import (
    Edition,
    JobAction,
    JobRun,
    Notice,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    UnitKind,
)
from reporting.services import scheduled_work
from reporting.services.job_runs import last_ring
from reporting.services.ledger import HEAVY, Action, Ask, ask
from reporting.services.periods import open_regime_period
from reporting.services.ringing import ring
from reporting.work import ring_lightly, waiting_lines, work_line
from tests.builders import LEAF_FORM, Q3, SYSTEM, ZONE, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send
from tests.reporting.services.towers import Tower, at

PERIOD = "2026-Q3"


@pytest.fixture
def tower(session: Session, session_factory: sessionmaker[Session], tmp_path: Path) -> Tower:
    """A province with two communes, below the Government, and a clock in June."""
    government = a_unit(session, "CP", kind=UnitKind.GOVERNMENT)
    province = a_unit(session, "H55", kind=UnitKind.PROVINCE, parent=government)
    for code in ("X1", "X2"):
        a_unit(session, code, parent=province)
    session.commit()
    return Tower(session_factory, tmp_path / "centre")


def test_the_first_ring_opens_what_runs_now_and_not_what_is_history(tower: Tower) -> None:
    """A new store does not open the quarters of the years before it."""
    tower.ring(at(15, month=6))
    with tower.sessions() as session:
        periods = set(session.scalars(select(ReportingObligation.period)))
    assert PERIOD in periods
    assert "2026-Q1" not in periods
    assert "2025" not in periods


def test_ringing_again_does_nothing_again(tower: Tower) -> None:
    """Whatever was done stays done: the second ring finds nothing."""
    first = tower.ring(at(16, month=6))
    assert first[Action.OPEN] > 0
    owed = tower.count(ReportingObligation)
    assert not tower.ring(at(16, month=6))
    assert tower.count(ReportingObligation) == owed


def test_the_life_of_a_period(tower: Tower) -> None:
    """Opened, reminded of while missing, marked late once, escalated, consolidated, handed over."""
    tower.ring(at(16, month=6))
    with tower.sessions.begin() as session:
        send(session, a_return("X1"), at=at(10))
    tower.ring(at(15, 9))
    with tower.sessions() as session:
        told = session.scalars(
            select(ReportingUnit.code)
            .join(Notice, Notice.unit_id == ReportingUnit.id)
            .join(ReportingObligation, ReportingObligation.id == Notice.obligation_id)
            .where(ReportingObligation.form_code == LEAF_FORM, ReportingObligation.period == PERIOD)
        ).all()
    assert told == ["X2"]
    tower.ring(at(18, 9))
    tower.ring(at(20, 9))
    with tower.sessions() as session:
        late = session.scalars(
            select(ReportingUnit.code)
            .join(ReportingObligation, ReportingObligation.unit_id == ReportingUnit.id)
            .where(
                ReportingObligation.late_at.is_not(None),
                ReportingObligation.form_code == LEAF_FORM,
                ReportingObligation.period == PERIOD,
            )
        ).all()
        edition = session.scalars(select(Edition).where(Edition.period == PERIOD)).one()
    assert late == ["X2"]
    assert (edition.form_code, edition.coverage["received"]) == ("II.06c/VPCP/KSTT", 1)
    with tower.sessions() as session:
        done = session.scalars(
            select(JobAction.action).where(
                JobAction.done_at.is_not(None),
                JobAction.period == PERIOD,
                JobAction.form_code == LEAF_FORM,
            )
        ).all()
        marks = session.scalar(
            select(func.count())
            .select_from(ObligationEvent)
            .join(ReportingObligation, ReportingObligation.id == ObligationEvent.obligation_id)
            .where(ReportingObligation.form_code == LEAF_FORM, ReportingObligation.period == PERIOD)
        )
    assert {"open", "remind", "mark_late", "escalate"} == set(done)
    assert marks == 1


def test_what_was_missed_while_down_is_caught_up_in_order(tower: Tower) -> None:
    """Three months of silence: opened, marked late and closed once; no old reminder is told."""
    tower.ring(at(14, month=6))
    tower.ring(at(25, month=9))
    assert tower.count(Notice, kind="reminder") == 0
    with tower.sessions() as session:
        done = session.scalars(
            select(JobAction)
            .where(JobAction.form_code == LEAF_FORM, JobAction.period == PERIOD)
            .order_by(JobAction.due_at, JobAction.id)
        ).all()
    assert [row.action for row in done][0] == Action.OPEN
    assert all(row.done_at is not None for row in done)
    reminders = [row.outcome for row in done if row.action == Action.REMIND]
    assert reminders
    assert all("skipped" in outcome for outcome in reminders)


def test_only_the_nearest_of_several_reminders_is_told(tower: Tower) -> None:
    """After a week of silence before the due day one reminder goes out, not each that was due."""
    tower.ring(at(14, month=6))
    tower.ring(at(1, month=9))
    tower.ring(at(18, 20))
    with tower.sessions() as session:
        rows = session.scalars(
            select(JobAction).where(
                JobAction.form_code == LEAF_FORM,
                JobAction.period == PERIOD,
                JobAction.action == Action.REMIND,
            )
        ).all()
    told = {row.occurrence.split(" ")[1]: row.outcome.get("told") for row in rows}
    assert told == {"-4": None, "-1": 2}


def test_a_clock_that_jumps_back_repeats_nothing(tower: Tower) -> None:
    """A day forward, a day back, and forward again: the same marks, once."""
    tower.ring(at(16, month=6))
    tower.ring(at(20))
    late = tower.count(ObligationEvent)
    tower.ring(at(19))
    tower.ring(at(20))
    assert tower.count(ObligationEvent) == late


def test_an_action_that_fails_is_put_off_and_does_not_hold_up_the_others(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error stands in the ledger, it rests, and is done when it can be."""

    def broken(*_: Any) -> dict[str, Any]:
        raise RuntimeError("the disk is full")

    hands = dict(scheduled_work.HANDS)
    with tower.sessions.begin() as session:
        ask(session, [Ask(Action.CLEAN_UP, at(1, month=6), period="2026-06-01")], now=tower.now)
    with monkeypatch.context() as patched:
        patched.setattr("reporting.services.ringing.HANDS", hands | {Action.CLEAN_UP: broken})
        rung = ring(tower.bell, now=at(16, month=6))
    assert rung.done[Action.OPEN] > 0
    assert len(rung.failed) == 2
    with tower.sessions() as session:
        row = session.scalars(select(JobAction).where(JobAction.period == "2026-06-01")).one()
        assert (row.attempts, row.done_at) == (1, None)
        assert "the disk is full" in row.last_error
    assert tower.ring(at(16, month=6))[Action.CLEAN_UP] == 0
    assert tower.ring(at(16, month=6) + timedelta(minutes=2))[Action.CLEAN_UP] == 2


def test_a_national_edition_is_handed_over_whole(tower: Tower) -> None:
    """A folder with workbook, data and hashes, under a name from the edition; once."""
    tower.ring(at(16, month=6))
    with tower.sessions.begin() as session:
        sent = a_return("H55", form="II.06c/VPCP/KSTT") | {"tables": {"a": {"nil": True}}}
        assert send(session, sent, at=at(10)).verdict == "received"
    tower.ring(at(23))
    folders = sorted((tower.bell.hand_over or Path()).iterdir())
    if not folders:
        pytest.fail("nothing was handed over")
    manifest = json.loads((folders[0] / "manifest.json").read_text())
    assert manifest["unit"] == "CP"
    assert set(manifest["files"]) == {p.name for p in folders[0].iterdir()} - {"manifest.json"}
    tower.ring(at(25))
    assert sorted((tower.bell.hand_over or Path()).iterdir()) == folders


def test_every_ring_leaves_a_line_of_history(tower: Tower) -> None:
    """Who rang, for which instant, and what it did."""
    tower.ring(at(16, month=6))
    with tower.sessions() as session:
        run = session.scalars(select(JobRun)).one()
    assert (run.door, run.actor, run.as_of) == ("scheduler", "clock", at(16, month=6))
    assert run.finished_at is not None
    assert run.outcome["done"][Action.OPEN] > 0


def test_heavy_work_is_left_to_workers(tower: Tower) -> None:
    """A ring that leaves it does all else; a worker does it, and nothing else, and only once."""
    tower.ring(at(15, month=6))
    tower.now = at(23)
    rung = ring_lightly(tower.bell, now=tower.now)
    assert rung.done["open"] > 0
    assert not HEAVY & rung.done.keys()
    runs = tower.count(JobRun)
    waits = waiting_lines(tower.bell, now=tower.now)
    done = [work_line(tower.bell, number, tower.now).done for number in waits]
    assert {name for counted in done for name in counted} <= {*HEAVY, "skipped"}
    assert [sum(counted.values()) for counted in done] == [1] * len(waits)
    assert tower.count(JobRun) == runs + len(waits) > runs
    assert not set(waits) & set(waiting_lines(tower.bell, now=tower.now))
    with tower.sessions() as session:
        last = session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(1)).one()
        rings = session.scalars(select(JobRun.finished_at).where(JobRun.job == "ring"))
        assert (last.job, last_ring(session)) == ("work", max(filter(None, rings)))


def test_a_period_that_was_opened_by_hand_after_its_due_day_is_followed_too(tower: Tower) -> None:
    """A new store, opened by hand on 24/9: both communes are marked late and told, once."""
    forms = shipped_forms()
    tower.now = at(24)
    with tower.sessions.begin() as session:
        open_regime_period(
            session,
            actor=SYSTEM,
            forms=[forms.latest(LEAF_FORM)],
            catalogue=forms,
            period=Q3,
            zone=ZONE,
            now=tower.now,
        )
    for _ in range(2):
        tower.ring(at(24))
    assert tower.count(ObligationEvent, change="marked_late") == 2
    assert tower.count(Notice, kind="overdue") == 2
