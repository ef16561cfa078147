"""`reporting units` and `reporting db`, as an operator types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

from reporting.cli.database import db_group
from reporting.cli.units import units_group

HEADING = "code;kind;name_vi;parent;valid_from;gso\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migrated SQLite store with the shipped registry, named by the environment."""
    monkeypatch.setenv("REPORTING_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    assert run(db_group, "upgrade").exit_code == 0
    assert "92" in run(units_group, "load").output
    return tmp_path


def run(group: Command, *arguments: str) -> Result:
    """Run a command as the console would."""
    return CliRunner().invoke(group, arguments)


def test_a_store_is_upgraded_and_checked(store: Path) -> None:
    """A second upgrade finds nothing to do, and the check finds no drift."""
    assert run(db_group, "upgrade").exit_code == 0
    assert run(db_group, "check").output == "no drift\n"


def test_an_empty_store_is_told_to_be_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command on a store that was never upgraded says so in a sentence, and what to do."""
    monkeypatch.setenv("REPORTING_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    result = run(db_group, "check")
    assert result.exit_code == 1
    assert "not up to date" in result.output
    file = tmp_path / "communes.csv"
    file.write_text(HEADING + "X05443;commune;Phường Một;H55;1/7/2025;05443\n", "utf-8")
    for words in (["load"], ["import", str(file)], ["list"], ["show", "H55"]):
        result = run(units_group, *words)
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert "run `reporting db upgrade`" in result.output


def test_bad_settings_end_a_command_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong variable is told by its name, without a trace."""
    monkeypatch.setenv("REPORTING_DATABASE_URL", "mysql://db")
    result = run(units_group, "list")
    assert result.exit_code == 1
    assert "REPORTING_DATABASE_URL" in result.output


def test_a_list_is_tried_and_then_imported(store: Path) -> None:
    """The trial stores nothing; the import does; the unit is then shown by its statistics code."""
    file = store / "communes.csv"
    file.write_text(HEADING + "X05443;commune;Phường Phan Đình Phùng;H55;1/7/2025;05443\n", "utf-8")
    assert "Sẽ có 1 đơn vị mới" in run(units_group, "import", "--dry-run", str(file)).output
    assert run(units_group, "show", "05443", "--on", "2026-09-14").exit_code == 1
    assert "Đã nạp 1 đơn vị mới" in run(units_group, "import", str(file)).output
    shown = run(units_group, "show", "05443", "--on", "2026-09-14").output
    assert "Phường Phan Đình Phùng" in shown
    assert "H55 < CP" in shown


def test_a_wrong_list_is_refused_with_every_fault(store: Path) -> None:
    """Each fault has its line and column, in both languages, and the exit code is 1."""
    file = store / "communes.csv"
    file.write_text(HEADING + "X1;commune;A;H99;1/7/2025;1\n", "utf-8")
    result = run(units_group, "import", str(file))
    assert result.exit_code == 1
    assert "Dòng 2, cột gso" in result.output
    assert "Line 2, column gso" in result.output


def test_a_file_that_is_no_list_is_refused(store: Path) -> None:
    """An Excel file is told to be saved as CSV in UTF-8."""
    file = store / "communes.xlsx"
    file.write_bytes(b"PK\x03\x04")
    result = run(units_group, "import", str(file))
    assert result.exit_code == 1
    assert "CSV UTF-8" in result.output


def test_units_are_listed_and_shown_as_of_a_day(store: Path) -> None:
    """The same statistics code shows two provinces on two days, and who went into the second."""
    assert (
        "63 đơn vị" in run(units_group, "list", "--kind", "province", "--on", "2025-06-30").output
    )
    assert (
        "34 đơn vị" in run(units_group, "list", "--kind", "province", "--on", "2026-09-14").output
    )
    assert "H58  Tỉnh Tiền Giang" in run(units_group, "show", "82", "--on", "2025-06-30").output
    merged = run(units_group, "show", "82", "--on", "2026-09-14").output
    assert "H20  Tỉnh Đồng Tháp" in merged
    assert "2025-07-01  H58 Tỉnh Tiền Giang (whole)" in merged


def test_a_merger_is_looked_over_and_then_taken(store: Path) -> None:
    """Ended first, then joined to its successor; the dry run says what either does."""
    file = store / "units.csv"
    file.write_text(
        "code;kind;name_vi;parent;valid_from;valid_to\n"
        "X1;commune;Xã Một;H55;2025-07-01;2026-09-30\n"
        "X2;commune;Xã Hai;H55;2025-07-01;\n",
        "utf-8",
    )
    assert run(units_group, "import", str(file)).exit_code == 0
    file.write_text(
        "code;kind;name_vi;parent;valid_from\nX2;commune;Xã Ba;H55;2026-10-01\n", "utf-8"
    )
    tried = run(units_group, "import", str(file), "--dry-run")
    assert "2026-10-01 renamed X2  Xã Hai -> Xã Ba" in tried.output
    edges = store / "lineage.csv"
    edges.write_text("predecessor;successor;on_date;kind\nX1;X2;2026-10-01;merge\n", "utf-8")
    looked = run(units_group, "lineage", str(edges), "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "2026-10-01 merged X1  Xã Một -> X2 Xã Hai" in looked.output
    assert "II.06a/VPCP/KSTT" in looked.output
    assert "1 mergers made" in run(units_group, "lineage", str(edges)).output
    edges.write_text("predecessor;successor;on_date;kind\nX1;X9;2026-10-01;merge\n", "utf-8")
    refused = run(units_group, "lineage", str(edges))
    assert refused.exit_code == 1
    assert "there is no unit “X9” on 2026-10-01" in refused.output
