"""The commands as an operator types them, on a store of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from reporting.cli import main
from reporting.db import make_engine, make_session_factory, migrate
from tests.builders import GOOD_CELLS, a_province, a_return, a_unit, as_json
from tests.reporting.services.test_arrival import UNIT, complaints, petitions

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command; the store has a province with two communes."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("REPORTING_DATABASE_URL", url)
    engine = make_engine(url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        province = a_province(session)
        a_unit(session, "X01840", parent=province, name="Phường Đức Xuân")
        a_unit(session, "X01843", parent=province, name="Phường Bắc Kạn")
    engine.dispose()
    return lambda *words: CliRunner().invoke(main, list(words), env={"COLUMNS": "200"})


def a_file(folder: Path, name: str, unit: str = "X01840", **cells: object) -> str:
    """A return in a JSON file."""
    file = folder / name
    file.write_bytes(as_json(a_return(unit, rows={"Đất đai": {**GOOD_CELLS, **cells}})))
    return str(file)


def test_returns_are_received_checked_and_consolidated(run: Run, tmp_path: Path) -> None:
    """From opening a period to the workbook of its edition, in five commands."""
    opened = run("periods", "open", "2026-Q3", "--form", "II.06a-VPCP-KSTT")
    assert "II.06a/VPCP/KSTT 2026-Q3: 2 opened, 0 stood already" in opened.output
    good, bad = a_file(tmp_path, "good.json"), a_file(tmp_path, "bad.json", "X01843", c8="nhiều")
    checked = run("check", good, bad)
    assert checked.exit_code == 1
    assert "WOULD BE RECEIVED" in checked.output
    received = run("receive", good, bad)
    assert received.exit_code == 1
    assert "ĐÃ NHẬN" in received.output
    assert "not_a_figure" in received.output
    assert run("receive", good).exit_code == 0
    out = tmp_path / "edition.xlsx"
    made = run("consolidate", "II.06c/VPCP/KSTT", "2026-Q3", "H55", "--out", str(out))
    assert "edition 1: 1 of 2" in made.output
    assert "missing: X01843" in made.output
    assert load_workbook(out).worksheets
    assert "_1.xlsx" in run("audit", "list", "--act", "edition.downloaded").output
    listed = run("periods", "list").output
    assert re.search(r"2026-Q3 +II.06a/VPCP/KSTT .* 2 +1 +", listed)
    assert run("repack").output == "1 revisions repacked\n"


def test_opening_a_period_twice_changes_nothing(run: Run) -> None:
    """What was frozen stays frozen; a period that no form has is said."""
    run("periods", "open", "2026-Q3")
    assert "0 opened, 2 stood already" in run("periods", "open", "2026-Q3").output
    wrong = run("periods", "open", "2026-13")
    assert wrong.exit_code == 1
    assert "2026-13" in wrong.output


def test_a_return_before_its_time_is_told_to_be_early(run: Run, tmp_path: Path) -> None:
    """A check of right figures that cannot be received now says both, and does not pass."""
    done = run("check", a_file(tmp_path, "early.json"))
    assert done.exit_code == 1
    assert "FIGURES RIGHT, CANNOT BE RECEIVED NOW" in done.output
    assert "not_owed" in done.output


def test_a_report_that_does_not_agree_with_another_is_told_to_be_received(
    run: Run, tmp_path: Path
) -> None:
    """An error of a rule over other reports is not counted among what refuses."""
    for form in ("02/XLD", "03/GQKN"):
        run("periods", "open", "2026-Q3", "--form", form)
    for name, sent in (("02.json", petitions(7)), ("03.json", complaints(9))):
        text = as_json(sent).replace(UNIT.encode(), b"X01840")
        (tmp_path / name).write_bytes(text)
    assert run("receive", str(tmp_path / "02.json")).exit_code == 0
    done = run("receive", str(tmp_path / "03.json"))
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    assert "(0 lỗi/errors, 0 cảnh báo/warnings, 1 chưa khớp với báo cáo khác" in said
    assert "does not agree with another report" in said


def test_a_client_is_made_listed_and_revoked(run: Run) -> None:
    """The token is printed once; the list shows its beginning, and when it was taken back."""
    made = run("clients", "create", "Sở Nội vụ", "--unit", "X01840")
    token = made.stdout.strip()
    assert token.startswith("rpt_")
    listed = run("clients", "list").output
    assert "Sở Nội vụ" in listed
    assert token not in listed
    assert "revoked" in run("clients", "revoke", "1").output
    unknown = run("clients", "revoke", "7")
    assert unknown.exit_code == 1
    assert "There is no client 7." in unknown.output


def test_what_is_wrong_is_said_in_words(run: Run, tmp_path: Path) -> None:
    """An unknown unit, form or file ends a command with a sentence, not a traceback."""
    for words in (
        ("consolidate", "XX", "2026-Q3", "H55"),
        ("consolidate", "II.06c/VPCP/KSTT", "2026-Q3", "X9"),
        ("clients", "create", "a", "--unit", "X9"),
        ("receive", str(tmp_path / "nowhere.json")),
    ):
        done = run(*words)
        assert done.exit_code in (1, 2)
        assert isinstance(done.exception, SystemExit)


def test_a_file_over_the_limit_is_not_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit on bodies holds for files too."""
    monkeypatch.setenv("REPORTING_MAX_BODY", "10")
    done = run("check", a_file(tmp_path, "large.json"))
    assert done.exit_code == 1
    assert "REPORTING_MAX_BODY" in done.output


def test_a_store_that_is_behind_is_pointed_out(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an empty store a command says what to run first."""
    monkeypatch.setenv("REPORTING_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    for words in (("periods", "list"), ("serve",)):
        done = run(*words)
        assert done.exit_code == 1
        assert "reporting db upgrade" in done.output


def test_a_bad_declaration_stops_every_command(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is served in part: each fault is printed with its file."""
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "broken.yaml").write_text("form: X\nversion: one\n")
    monkeypatch.setenv("REPORTING_FORMS", str(tmp_path / "forms"))
    done = run("periods", "list")
    assert done.exit_code == 1
    assert "broken.yaml" in done.output
    assert "version" in done.output


def test_settings_are_shown_without_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator sees what is set, and no secret; a wrong setting is named."""
    monkeypatch.setenv("REPORTING_SECRET_KEY", "s3cret" * 10)
    shown = run("settings").output
    assert "REPORTING_SECRET_KEY" in shown
    assert "s3cret" not in shown
    monkeypatch.setenv("REPORTING_MAX_BODY", "many")
    assert "REPORTING_MAX_BODY" in run("settings").output


def test_the_first_administrator_is_made_by_a_command(run: Run) -> None:
    """The password is printed once; roles are given, listed and taken back."""
    made = run("accounts", "create", "Chau", "--name", "Nguyễn Châu", "--admin")
    password = made.stdout.strip()
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", password)
    assert "account chau, central office: administer" in made.stderr
    assert run("accounts", "create", "chau", "--name", "Ai đó").exit_code == 1
    below = run("accounts", "create", "lan", "--name", "Lan", "--unit", "H55", "--role", "receive")
    assert below.exit_code == 0
    listed = run("accounts", "list").output
    assert "Nguyễn Châu" in listed
    assert password not in listed
    assert "Châu" not in run("accounts", "list", "--unit", "H55").output
    given = run(
        "accounts", "grant", "lan", "approve", "--unit", "X01840", "--alone", "--form",
        "II.06a-VPCP-KSTT", "--title", "Phó Giám đốc", "--from", "2026-09-01", "--to", "2999-09-30",
    )  # fmt: skip
    assert given.output == "grant 3: lan approve X01840\n"
    grants = run("accounts", "grants", "lan").output
    assert "X01840 alone, II.06a/VPCP/KSTT, 2026-09-01 - 2999-09-30" in grants
    assert "approve: revoked" in run("accounts", "revoke-grant", "3").output
    assert run("accounts", "reset", "lan").stdout.strip() != password
    assert "0 ended" in run("accounts", "sign-ins", "lan", "--end").output
    assert run("accounts", "end", "lan").output == "lan: ended\n"
    for words in (("end", "nobody"), ("revoke-grant", "9"), ("grant", "lan", "read")):
        assert run("accounts", *words).exit_code == 1


def test_a_token_is_bound_and_replaced_by_commands(run: Run) -> None:
    """To acts, a form, a network, a signer and a last day."""
    made = run(
        "clients", "create", "Kho", "--unit", "X01840", "--may", "send", "--form",
        "II.06a-VPCP-KSTT", "--network", "10.1.0.0/16", "--signer", "Lê Mai, Giám đốc",
        "--expires", "2999-12-31",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    listed = run("clients", "list").output
    assert "approve, read" in listed
    assert "2999-12-31 23:59:59" in listed
    rotated = run("clients", "rotate", "1", "--days", "2")
    assert rotated.stdout.startswith("rpt_")
    assert "client 2 in the place of 1" in rotated.stderr
    assert run("clients", "create", "a", "--network", "10.1.0.0/99").exit_code == 1
    assert run("clients", "create", "a", "--form", "NO").exit_code == 1
