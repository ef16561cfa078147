"""`reporting forms`: what it prints, and with which exit code it ends."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from reporting.cli.forms import forms_group
from reporting.cli.indicators import indicators_group
from tests.forms.declaring import SHAPES, a_form


def run(*arguments: str, folder: Path | None = None) -> Result:
    """Run one command, with a folder of more forms if there is one."""
    environment = {"REPORTING_FORMS": str(folder)} if folder else {}
    return CliRunner().invoke(forms_group, arguments, env=environment)


def test_check_says_how_much_was_looked_at() -> None:
    """Good declarations end with 0."""
    result = run("check")
    assert result.exit_code == 0
    assert "14 form versions, 7 regimes, 1 lists: no faults." in result.output


def test_check_prints_every_fault_of_a_file(tmp_path: Path) -> None:
    """Bad declarations end with 1, with file, line and key on a line each."""
    path = tmp_path / "v1.yaml"
    path.write_text(a_form().replace("version: 1", "version: x").replace("c2 + c3", "c2 + c9"))
    result = run("check", str(path))
    assert result.exit_code == 1
    assert f"{path}:2: version: is 'x'; expected a whole number" in result.output
    assert f"{path}:16: tables.a.columns.c1.formula: c9 is no column" in result.output
    assert "2 faults" in result.output


def test_list_says_what_is_published() -> None:
    """Shipped forms are published; forms of a folder are drafts until they are."""
    result = run("list", folder=SHAPES)
    lines = {line.split()[0]: line for line in result.output.splitlines() if line.strip()}
    assert "published" in lines["II.06a/VPCP/KSTT"]
    assert "draft" in lines["MAU.02/VON"]


def test_show_prints_columns_rows_rules_and_sources() -> None:
    """A form is shown with all that its declaration says."""
    result = run("show", "III.01c/VPCP/KSTT")
    assert result.exit_code == 0
    for text in ("UBND cấp huyện", "2025-06-30", "c3 == c7 + c8", "<- III.01a/VPCP/KSTT a (sum"):
        assert text in result.output
    assert "MAU.03/TYLE v1" in run("show", "MAU.03/TYLE", "--version", "1", folder=SHAPES).output


def test_show_prints_sections_and_the_total_row() -> None:
    """Who sends JSON finds the keys of sections, whose they are, and how the total is called."""
    output = run("show", "II.06c/VPCP/KSTT").output
    lines = [line.split() for line in output.splitlines()]
    assert ["huyen", "district", "2025-06-30", "II."] in [line[:4] for line in lines]
    assert ["tinh", "department", "I.", "Thuộc"] in [line[:4] for line in lines]
    assert "total: TỔNG CỘNG" in output


def test_show_of_a_narrative_prints_its_headings() -> None:
    """A form without rules and figures is shown too."""
    result = run("show", "MAU.04/DC", folder=SHAPES)
    assert result.exit_code == 0
    assert "Phương hướng nhiệm vụ" in result.output


def test_show_of_an_unknown_form_names_the_known_ones() -> None:
    """A wrong code ends with 1 and a list to choose from."""
    result = run("show", "II.99")
    assert result.exit_code == 1
    assert "there is no form II.99; there are 01/TCD, 02/XLD" in result.output


def test_publish_locks_a_form_of_a_folder(tmp_path: Path) -> None:
    """Publishing adds a line to the folder's lock; a second time is refused."""
    path = tmp_path / "v1.yaml"
    path.write_text(a_form())
    result = run("publish", str(path), folder=tmp_path)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "LOCK").read_text().startswith("T.01 1 ")
    again = run("publish", str(path), folder=tmp_path)
    assert again.exit_code == 1
    assert "already published" in again.output


def test_publish_takes_all_files_or_none(tmp_path: Path) -> None:
    """Every problem of every file is told, and then nothing is locked."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(a_form())
    second.write_text(a_form().replace("T.01", "T.02"))
    regime = str(SHAPES / "regimes" / "MAU-THANG.yaml")
    refused = run("publish", str(first), regime, str(second), folder=tmp_path)
    assert refused.exit_code == 1
    assert not (tmp_path / "LOCK").exists()
    assert run("publish", str(first), str(second), folder=tmp_path).exit_code == 0
    assert len((tmp_path / "LOCK").read_text().splitlines()) == 2


def test_publish_needs_a_folder_and_a_form(tmp_path: Path) -> None:
    """A file outside every folder, or one that is no form, is refused."""
    path = tmp_path / "v1.yaml"
    path.write_text(a_form())
    assert "is in no folder of forms" in run("publish", str(path)).output
    regime = SHAPES / "regimes" / "MAU-THANG.yaml"
    assert "only forms are published" in run("publish", str(regime), folder=SHAPES).output


def test_json_schema_is_json() -> None:
    """The schema can be piped to a file as it is."""
    schema = json.loads(run("json-schema", "01/TCD").output)
    assert schema["properties"]["form"] == {"const": "01/TCD"}


def test_indicators_are_listed_and_what_is_asked_twice_is_told() -> None:
    """The dictionary with its cells; two forms that ask one thing are a warning, and no failure."""
    listed = CliRunner().invoke(indicators_group, ["list"])
    assert "DVCTT.03" in listed.output
    assert "2026: 30" in listed.output
    checked = CliRunner().invoke(indicators_group, ["check"])
    assert checked.exit_code == 0
    assert "KNTC.01 Đơn khiếu nại thuộc thẩm quyền: hỏi hai lần" in checked.output
    assert "no faults, 1 asked twice." in checked.output
