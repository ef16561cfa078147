"""`reporting editions`: list, make again, look back, choose; on a store of its own."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from reporting.cli import main
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import ReportingUnit, Submission
from tests.builders import IN_Q3
from tests.reporting.services.countries import a_country, edition_of, report
from tests.reporting.services.mergers import became, ends

FORM = "II.06c/VPCP/KSTT"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with one edition of H55, made from one of two reports."""
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    monkeypatch.setenv("REPORTING_DATABASE_URL", url)
    engine = make_engine(url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        country = a_country(session)
        report(session, "X05501", 2)
        edition_of(session, country.provinces["H55"])
    engine.dispose()
    return url


def run(*arguments: str) -> Result:
    """Call the console script."""
    return CliRunner().invoke(main, ["editions", *arguments])


def test_all_editions_are_made_again(store: str) -> None:
    """The last line counts them; exit 0."""
    done = run("rebuild", "--all")
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "1 editions rebuilt, 0 differ")
    one = run("rebuild", "1")
    assert "II.06c/VPCP/KSTT 2026-Q3 H55, edition 1" in one.output
    assert run("rebuild").exit_code == run("rebuild", "1", "--all").exit_code == 2


def test_an_altered_input_is_told_and_ends_with_1(store: str) -> None:
    """The unit whose report was altered is named."""
    engine = make_engine(store)
    with make_session_factory(engine).begin() as session:
        session.execute(update(Submission).values(canonical=b"{}"))
    engine.dispose()
    done = run("rebuild", "--all")
    assert done.exit_code == 1
    assert "the report of X05501 is not the one that went in" in done.output
    assert done.output.splitlines()[-1] == "1 editions rebuilt, 1 differ"


def test_the_list_and_an_instant_of_the_past(store: str) -> None:
    """Who is in is said for each; before anything came the total is blank."""
    assert "H55 edition 1: 1 of 2" in run("list", "--form", "II.06c-VPCP-KSTT").output
    before = run("as-of", FORM, "2026-Q3", "H55", "2026-09-01 00:00:00")
    assert before.exit_code == 0, before.output
    assert before.output.startswith("0 of 2")
    local = f"{IN_Q3:%Y-%m-%d} 23:00:00"
    after = run("as-of", FORM, "2026-Q3", "H55", local)
    said = json.loads(after.output.splitlines()[-1])
    assert said["tables"]["a"]["total"]["c4"] == "240"


@pytest.mark.parametrize(
    ("option", "name", "told"),
    [
        ("--period", "zz", "There is no period zz. Write 2026-09"),
        ("--period", "2026-Q5", "There is no period 2026-Q5. Write 2026-09"),
        ("--form", "II.99", "There is no form II.99."),
    ],
)
def test_a_list_of_what_cannot_be_is_refused(store: str, option: str, name: str, told: str) -> None:
    """An empty list would say that there is no edition yet."""
    done = run("list", option, name)
    assert (done.exit_code, told in done.output) == (1, True)


def test_what_changed_is_said_and_written(store: str, tmp_path: Path) -> None:
    """By unit and cell to the output; all of it into a workbook or JSON."""
    engine = make_engine(store)
    later = IN_Q3 + timedelta(hours=1)
    with make_session_factory(engine).begin() as session:
        report(session, "X05502", 1, at=later)
        h55 = session.scalars(select(ReportingUnit).where(ReportingUnit.code == "H55")).one()
        edition_of(session, h55, at=later)
    engine.dispose()
    done = run("diff", "2", "--out", str(tmp_path / "khac.json"))
    assert done.exit_code == 0, done.output
    assert "late_arrival X05502 Đơn vị X05502: không có -> bản số 1" in done.output
    assert "a/total/c4: 240 -> 360 (120)" in done.output
    said = json.loads((tmp_path / "khac.json").read_text())
    assert (said["old"]["number"], said["new"]["number"]) == (1, 2)
    assert said["units"][0]["old"] is None
    assert run("diff", "2", "1", "--out", str(tmp_path / "khac.xlsx")).exit_code == 0
    assert (tmp_path / "khac.xlsx").read_bytes()[:2] == b"PK"
    told = CliRunner().invoke(main, ["audit", "list", "--act", "edition.downloaded"]).output
    assert "_1-2_thay-doi.xlsx" in told
    assert run("diff", "1").exit_code == 1
    assert "Edition 1 is earlier than edition 2." in run("diff", "1", "2").output
    assert run("diff", "2", "--out", "khac.txt").exit_code == 2


def test_choosing_says_what_it_did(store: str) -> None:
    """With a reason; a unit that owes nothing here cannot be chosen."""
    done = run("choose", FORM, "2026-Q3", "H55", "X05502", "--out", "--reason", "đang kiểm tra")
    assert done.output == "X05502: left out; the next edition has it so\n"
    other = run("choose", FORM, "2026-Q3", "H55", "X00101", "--out", "--reason", "thử")
    assert other.exit_code == 1


def test_an_edition_on_another_map(store: str, tmp_path: Path) -> None:
    """The same figures under the new unit, as JSON and as a workbook; a refusal ends with 1."""
    engine = make_engine(store)
    with make_session_factory(engine).begin() as session:
        units = {unit.code: unit for unit in session.scalars(select(ReportingUnit))}
        ends(session, units["H55"], before=date(2026, 10, 1))
        became(session, units["H55"], units["H01"], on=date(2026, 10, 1))
    engine.dispose()
    done = run("restate", "1", "--on", "2026-10-01")
    assert done.exit_code == 0, done.output
    assert "H55 -> H01" in done.output
    assert "H01 2026-10-01" in done.output
    said = json.loads(done.output.splitlines()[-1])
    assert (said["unit"], said["tables"]["a"]["total"]["c4"]) == ("H01", "240")
    file = tmp_path / "restated.xlsx"
    assert run("restate", "1", "--on", "1/10/2026", "--out", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"PK")
    refused = run("restate", "9", "--on", "2026-10-01")
    assert (refused.exit_code, "There is no edition 9" in refused.output) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("rebuild", str(10**20)),
        ("diff", str(10**20)),
        ("diff", "1", str(10**20)),
        ("as-of", FORM, "2026-Q3", "H55", "0001-01-01 00:00:00"),
        ("as-of", FORM, "2026-Q3", "H55", "9999-12-31 23:59:59"),
    ],
)
def test_numbers_and_instants_that_no_store_can_hold_are_refused(
    store: str, arguments: tuple[str, ...]
) -> None:
    """The argument is named, and nothing is asked of the store."""
    done = run(*arguments)
    assert (done.exit_code, "Invalid value" in done.output) == (2, True)


def test_a_file_whose_folder_is_not_there_is_told(store: str, tmp_path: Path) -> None:
    """The file is named, with why it could not be written."""
    file = tmp_path / "gone" / "edition.xlsx"
    done = run("restate", "1", "--on", "2026-10-01", "--out", str(file))
    assert done.exit_code == 1
    assert "No such file or directory" in done.output
    assert str(file) in done.output
