"""`reporting-jobs`: what cron and a person at the console see, and the codes they get."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jobs.cli import main
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import UnitKind
from reporting.services import scheduled_work
from reporting.services.ledger import Action
from tests.builders import ZONE, a_unit

Run = Callable[..., Result]
NOW = datetime(2026, 6, 16, 9, tzinfo=ZONE)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command line on a store of its own whose clock stands in June 2026."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = make_engine(url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        a_unit(session, "X1", parent=a_unit(session, "H55", kind=UnitKind.PROVINCE))
    engine.dispose()
    runner = CliRunner(
        env={"REPORTING_DATABASE_URL": url, "REPORTING_CLOCK_STANDS_AT": NOW.isoformat()}
    )
    return lambda *words: runner.invoke(main, list(words))


def test_ringing_twice_does_it_once(run: Run) -> None:
    """Both end with 0; the second had nothing to do."""
    first, second = run("run"), run("run")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "open" in first.output
    assert "nothing" in second.output


def test_the_same_key_answers_the_first_run(run: Run) -> None:
    """A scheduler that rings again after a lost answer learns what was done."""
    first = run("run", "--key", "a", "--as-of", "2026-06-16T08:00:00+07:00")
    again = run("run", "--key", "a", "--as-of", "2026-06-16T08:00:00+07:00")
    other = run("run", "--key", "a", "--as-of", "2026-06-16T07:00:00+07:00")
    assert first.output.replace("run 1:", "") == again.output.replace("run 1 (rung before):", "")
    assert other.exit_code == 1
    assert "another request" in other.output


def test_a_keyed_run_that_broke_off_is_ended_by_the_same_command(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after some openings, it goes on under its number and counts all that it did."""
    done: list[object] = []

    def dying(*given: Any) -> dict[str, Any]:
        done.append(given)
        if len(done) > 2:
            raise KeyboardInterrupt
        return scheduled_work.HANDS[Action.OPEN](*given)

    keyed = ("run", "--key", "a", "--as-of", "2026-06-16T08:00:00+07:00")
    with monkeypatch.context() as patched:
        hands = scheduled_work.HANDS | {Action.OPEN: dying}  # type: ignore[operator]
        patched.setattr("reporting.services.ringing.HANDS", hands)
        assert run(*keyed).exit_code != 0
    again, answered = run(*keyed), run(*keyed)
    assert again.exit_code == 0
    opened = int(again.output.split(" open")[0].split()[-1])
    assert again.output.startswith("run 1 (rung before)")
    assert opened > 2
    assert answered.output == again.output
    assert "open" not in run("run").output


def test_a_key_needs_no_instant(run: Run) -> None:
    """The first ringing resolves it; a dry run with the key of a real one is another request."""
    first, again = run("run", "--key", "b"), run("run", "--key", "b")
    assert again.output == first.output.replace("run 1:", "run 1 (rung before):")
    assert run("run", "--key", "b", "--dry-run").exit_code == 1
    assert run("run", "--key", "c", "--dry-run").exit_code == 0
    other_zone = [
        run("run", "--key", "c", "--as-of", f"2026-06-16T{hour}").exit_code
        for hour in ("08:00:00+07:00", "01:00:00+00:00")
    ]
    assert other_zone == [0, 0]


def test_a_dry_run_does_nothing(run: Run) -> None:
    """It says what would be done; afterwards everything is still to be done."""
    said = run("run", "--dry-run")
    assert "II.06a/VPCP/KSTT 2026-Q3" in said.output
    assert "open" in run("run").output


def test_one_job_alone(run: Run) -> None:
    """A job of a name does its own kind only; an unknown one is told with those there are."""
    assert "open" not in run("run", "clean_up").output
    unknown = run("run", "opne")
    assert unknown.exit_code == 1
    assert "clean_up" in unknown.output
    assert "open" in run("list").output


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--as-of", "yesterday"),
        ("run", "--as-of", "0001-01-01T00:00:00+00:00"),
        ("run", "--dry-run", "--as-of", "9999-12-31T23:59:59-07:00"),
        ("preview", "--days", "0"),
        ("retry", "99999999999999999999"),
        ("retry",),
        ("brew", "coffee"),
        ("--strong",),
    ],
)
def test_what_is_not_written_right_ends_with_1(run: Run, words: tuple[str, ...]) -> None:
    """0, 75 and 1 are all that there is; and what is wrong is said."""
    wrong = run(*words)
    assert wrong.exit_code == 1
    assert "Error:" in wrong.output
    assert wrong.exception is None or isinstance(wrong.exception, SystemExit)


def test_the_preview_says_what_will_fire_for_whom_and_why(run: Run) -> None:
    """Openings and deadlines of the days to come, with the rule behind each."""
    said = run("preview", "--days", "120").output
    assert "1 xã, phường, đặc khu" in said
    assert "commune" not in said
    assert "19/09/2026" in said
    assert "Mở nhận" in said
    assert any("consolidate" in line and "II.06c" in line for line in said.splitlines())
    # Two forms of one circular ask for the same figure, and whoever plans is told.
    assert "! Chỉ tiêu KNTC.01 (Đơn khiếu nại thuộc thẩm quyền) cũng hỏi" in " ".join(said.split())


def test_the_preview_of_an_open_period_counts_and_explains_each_line(run: Run) -> None:
    """Every line of it says for how many units and by which rule; daily work for none."""
    run("run")
    lines = [" ".join(line.split()) for line in run("preview", "--days", "120").output.splitlines()]
    told = [line for line in lines if "II.06a/VPCP/KSTT 2026-Q3" in line]
    for action, reason in (
        ("remind", "Nhắc đơn vị chưa gửi 4 ngày trước hạn 23:59:59 19/09/2026"),
        ("mark_late", "một giây sau hạn 23:59:59 19/09/2026"),
        ("escalate", "1 ngày sau hạn 23:59:59 19/09/2026"),
    ):
        assert any(
            action in line and "1 xã, phường, đặc khu" in line and reason in line for line in told
        )
    consolidated = next(line for line in lines if "consolidate II.06c/VPCP/KSTT 2026-Q3" in line)
    assert "H55: 1 xã, phường, đặc khu Tổng hợp những gì đã nhận, ngay sau hạn" in consolidated


def test_what_failed_is_told_and_can_be_tried_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends with 1; history says why; retry lets the next ring do it."""

    def broken(*_: object) -> dict[str, object]:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        hands = scheduled_work.HANDS | {Action.CLEAN_UP: broken}  # type: ignore[operator]
        patched.setattr("reporting.services.ringing.HANDS", hands)
        failed = run("run")
    assert failed.exit_code == 1
    history = run("history").output
    assert "no space left" in history
    number = history.split("failed ")[1].split(":")[0]
    assert "clean_up" not in run("run").output
    assert run("retry", number).exit_code == 0
    assert "1 clean_up" in run("run").output
    assert run("retry", number).exit_code == 1


def test_a_store_that_is_away_means_try_again(tmp_path: Path) -> None:
    """75, and a sentence."""
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    result = CliRunner(env={"REPORTING_DATABASE_URL": url}).invoke(main, ["run"])
    assert result.exit_code == 75
    assert "try again" in result.output
    assert not list(tmp_path.iterdir())
