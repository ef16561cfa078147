"""The commands of time: calendar, obligations, assignment, pauses, the board, persons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reporting.cli import main
from reporting.db import make_engine, make_session_factory, migrate
from tests.builders import IN_Q3, LEAF_FORM, a_province, a_unit, an_open_period
from tests.reporting.services.test_assigning import STORM

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command line on a store with a province and a commune that owes II.06a."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = make_engine(url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        a_unit(session, "X1", parent=a_province(session))
        an_open_period(session)
    engine.dispose()
    runner = CliRunner(
        env={"REPORTING_DATABASE_URL": url, "REPORTING_CLOCK_STANDS_AT": IN_Q3.isoformat()}
    )
    return lambda *words: runner.invoke(main, list(words))


def test_the_calendar_is_edited(run: Run) -> None:
    """Shipped swaps are listed; a day is set, listed with who did it, and let go."""
    assert "2026-01-10 worked" in run("calendar", "list").output
    assert run("calendar", "set", "2026-12-31", "free", "--name", "Hoán đổi").exit_code == 0
    assert "2026-12-31 free    Hoán đổi (console:" in run("calendar", "list").output
    assert run("calendar", "unset", "31/12/2026").exit_code == 0
    assert "2026-12-31" not in run("calendar", "list").output
    assert run("calendar", "unset", "2026-12-31").exit_code == 1


def test_an_obligation_is_extended_waived_and_looked_back_upon(run: Run) -> None:
    """Each act by its number and with its reason."""
    listed = run("obligations", "list", "H55", "--subordinates").output
    number = listed.split()[0]
    assert "due" in listed
    assert LEAF_FORM in run("obligations", "list", "X1").output
    told = run("obligations", "extend", number, "2026-09-30", "--reason", "Bão").output
    assert "2026-09-30" in told
    assert "waived" in run("obligations", "waive", number, "--reason", "Tách xã").output
    assert (
        "missing" in run("obligations", "waive", number, "--take-back", "--reason", "Nhầm").output
    )
    history = run("obligations", "history", number).output
    assert [word in history for word in ("Bão", "Tách xã", "Nhầm")] == [True] * 3
    closed = run("obligations", "reopen", number, "2026-10-30", "--reason", "x")
    assert closed.exit_code == 1
    assert "does not close" in closed.output


def test_a_letter_counts(run: Run, tmp_path: Path) -> None:
    """With number, day and scan."""
    scan = tmp_path / "bc.pdf"
    scan.write_bytes(b"%PDF")
    done = run("obligations", "sent-otherwise", "1", "12/BC", "2026-09-09", str(scan))
    assert "on_time" in done.output
    assert "100.0 %" in run("periods", "board", "2026-Q3").output
    unknown = run("periods", "board", "zz")
    assert (unknown.exit_code, "There is no period zz." in unknown.output) == (1, True)
    copy = tmp_path / "copy.pdf"
    assert "12/BC of 2026-09-09" in run("obligations", "scan", "1", "--out", str(copy)).output
    assert copy.read_bytes() == b"%PDF"
    assert "obligation.downloaded obligation/1" in run("audit", "list").output


@pytest.mark.parametrize(
    "words",
    [
        ("obligations", "extend", "1", "9999-12-31", "--reason", "x"),
        ("obligations", "reopen", "1", "9999-12-31", "--reason", "x"),
        ("obligations", "waive", "99999999999999999999", "--reason", "x"),
        ("obligations", "history", "99999999999999999999"),
        ("calendar", "set", "9999-12-31", "free"),
        ("persons", "end", "99999999999999999999"),
        ("mail", "retry", "99999999999999999999"),
        ("clients", "revoke", "99999999999999999999"),
    ],
)
def test_what_no_store_and_no_calendar_holds_is_a_sentence(
    run: Run, words: tuple[str, ...]
) -> None:
    """No number beyond 64 bits, and no day beyond the years of the periods."""
    refused = run(*words)
    assert refused.exit_code == 2
    assert "Error:" in refused.output


def test_an_obligation_that_is_not_there_is_a_sentence(run: Run) -> None:
    """Its history and its document alike; one without a history says so."""
    for words in (("history", "424242"), ("scan", "424242"), ("scan", "1")):
        refused = run("obligations", *words)
        assert (refused.exit_code, bool(refused.output)) == (1, True)
    assert "nothing befell it" in run("obligations", "history", "1").output


def test_forms_are_assigned_from_a_file(run: Run, tmp_path: Path) -> None:
    """Looked over, assigned, and refused with file and line."""
    file = tmp_path / "a.csv"
    file.write_text(f"form,unit,period\n{LEAF_FORM},X1,2026-Q2\n")
    assert "1 assigned" in run("assign", str(file), "--dry-run").output
    assert "1 assigned" in run("assign", str(file)).output
    assert "1 stood" in run("assign", str(file)).output
    assert "0 assigned, 1 stood already" in run("assign", str(file), "--dry-run").output
    file.write_text(f"form,unit,period\n{LEAF_FORM},X7,2026-Q2\n")
    refused = run("assign", str(file))
    assert refused.exit_code == 1
    assert "a.csv:2:" in refused.output


def test_a_period_rests_and_goes_on(run: Run) -> None:
    """The whole of it, by one command each."""
    assert "1 obligations" in run("periods", "suspend", "2026-Q3", "--reason", "Lỗi").output
    assert "suspended" in run("obligations", "list", "X1").output
    assert "1 obligations" in run("periods", "resume", "2026-Q3", "--reason", "Xong").output
    of_one = ("2026-Q3", "--unit", "X1", "--form", "II.06a-VPCP-KSTT", "--reason", "Lỗi")
    assert "1 obligations" in run("periods", "suspend", *of_one).output


@pytest.mark.parametrize(
    "words",
    [
        ("2031-Q1",),
        ("2026-Q3", "--form", "II.O6a"),
        ("2026-Q3", "--unit", "X7"),
        ("2026-Q3", "--unit", "H55"),
        ("2026-Q3", "--form", "01/TCD"),
    ],
)
def test_a_pause_of_nothing_is_a_fault(run: Run, words: tuple[str, ...]) -> None:
    """An unknown form, unit or period, and one of which nothing is owed, is no pause of 0."""
    refused = run("periods", "suspend", *words, "--reason", "Lỗi")
    assert (refused.exit_code, "obligations" in refused.output) == (1, False)


def test_persons_and_dead_letters(run: Run, tmp_path: Path) -> None:
    """Added, listed, ended, taken from a file; no letter is dead."""
    assert run("persons", "add", "X1", "Nguyễn Đạt", "dat@x1.vn").exit_code == 0
    assert "Nguyễn Đạt <dat@x1.vn>" in run("persons", "list").output
    assert run("persons", "add", "X1", "Nguyễn Đạt", "dat").exit_code == 1
    assert run("persons", "end", "1").exit_code == 0
    file = tmp_path / "người.csv"
    file.write_text("unit,name,mail\nX1,Nguyễn Đạt,dat@x1.vn\nH55,Trần Bình,binh@h55.vn\n")
    assert (
        "Would be: 1 persons made, 1 changed"
        in run("persons", "import", str(file), "--dry-run").output
    )
    assert "1 người nhận thư mới" in run("persons", "import", str(file)).output
    file.write_text("unit,name,mail\nX7,A,a@b\n")
    refused = run("persons", "import", str(file))
    assert refused.exit_code == 1
    assert "Dòng 2, cột mail" in refused.output
    assert run("mail", "list").output == ""
    assert run("mail", "retry", "1").exit_code == 1


def test_what_a_unit_owes_and_what_comes_next(run: Run) -> None:
    """By state where one is named; the openings to come stand below."""
    listed = run("obligations", "list", "X1").output
    assert "next 2025-12-15 00:00:00: 01/TCD 2026, due 2026-12-17 23:59:59" in listed
    assert LEAF_FORM not in run("obligations", "list", "X1", "--state", "done").output


def test_a_regime_is_made_from_a_file(run: Run, tmp_path: Path) -> None:
    """Listed with the others; what is wrong with one is told line by line."""
    file = tmp_path / "storm.yaml"
    file.write_text(STORM)
    made = run("regimes", "make", str(file))
    assert made.exit_code == 0
    code = made.output.split(":")[0]
    listed = run("regimes", "list").output
    assert code in listed
    assert "TT01-II" in listed
    file.write_text(STORM.replace("kind: đột xuất", "kind: chuyên đề"))
    refused = run("regimes", "make", str(file))
    assert refused.exit_code == 1
    assert "outline" in refused.output


def test_a_row_is_mapped_at_the_console(run: Run) -> None:
    """To a code, and apart again."""
    assert run("mappings", "add", "linh_vuc", "Nhà đất", "dat_dai").exit_code == 0
    assert run("mappings", "add", "linh_vuc", "Nhà đất", "--reason", "Nhầm").exit_code == 0
    lines = run("mappings", "list").output.splitlines()
    assert ["-> dat_dai" in lines[0], "-> (apart)" in lines[1]] == [True, True]
    assert run("mappings", "add", "linh_vuc", "Đất đai", "dat_dai").exit_code == 1
