"""Keys, receipts, the audit and the archive of a unit, as an operator types them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from reporting.cli import main
from reporting.db import make_engine, make_session_factory, migrate
from reporting.proof import verify_receipt
from tests.builders import GOOD_CELLS, a_province, a_return, a_unit, an_open_period, as_json

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command; the store has a commune that owes a report, and its report."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("REPORTING_DATABASE_URL", url)
    engine = make_engine(url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        a_unit(session, "X01840", parent=a_province(session))
        an_open_period(session)
    engine.dispose()

    def typed(*words: str) -> Result:
        return CliRunner().invoke(main, list(words), env={"COLUMNS": "200"})

    send(typed, tmp_path)
    return typed


def send(run: Run, folder: Path, c4: int = 120) -> None:
    """Receive a return; its first row says `c4` received, and as many settled more."""
    cells = dict(GOOD_CELLS) | {"c4": c4, "c8": c4 - 19}
    file = folder / "return.json"
    file.write_bytes(as_json(a_return("X01840", rows={"Đất đai": cells})))
    done = run("receive", str(file))
    assert done.exit_code == 0, done.output


def check(folder: Path, number: int, *more: object) -> int:
    """Run the verifier upon the receipt of a revision."""
    (receipt,) = folder.glob(f"receipt-*-{number:06}.json")
    return verify_receipt.main([str(receipt), *map(str, more)])


def change_keys(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a new key, and start with it; gives its name."""
    file = folder / "new.pem"
    made = run("keys", "new", "--out", str(file))
    monkeypatch.setenv("REPORTING_SIGNING_KEY", str(file))
    return made.stderr.split()[1]


def test_a_new_key_is_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    """It needs no store; without a file it is printed and nothing else is."""
    file = tmp_path / "key.pem"
    runner = CliRunner()
    made = runner.invoke(main, ["keys", "new", "--out", str(file)])
    assert made.exit_code == 0
    assert made.stdout == ""
    assert file.stat().st_mode & 0o777 == 0o600
    kept = file.read_bytes()
    again = runner.invoke(main, ["keys", "new", "--out", str(file)])
    assert again.exit_code == 1
    assert file.read_bytes() == kept
    printed = runner.invoke(main, ["keys", "new"]).stdout
    assert printed.startswith("-----BEGIN PRIVATE KEY-----")
    assert printed.endswith("-----END PRIVATE KEY-----\n")


def test_a_receipt_is_taken_out_and_checked_with_file_and_chain(run: Run, tmp_path: Path) -> None:
    """From the store to the verifier in three commands."""
    assert run("audit", "seal").exit_code == 0
    assert run("receipts", "export", "1", "--folder", str(tmp_path / "out")).exit_code == 0
    assert run("audit", "export", str(tmp_path / "chain")).exit_code == 0
    assert run("keys", "export", str(tmp_path / "keys")).output.startswith("1 keys")
    (key,) = (tmp_path / "keys").iterdir()
    more = ("--file", tmp_path / "return.json", "--chain", tmp_path / "chain")
    assert check(tmp_path / "out", 1, "--key", key, *more) == 0
    assert run("receipts", "export", "99").exit_code == 1


def test_after_a_change_of_keys_old_receipts_stay_good(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the old public key, which is kept; new ones under the new, the chain under both."""
    run("audit", "seal")
    old = run("keys", "list").output.split()[-3]
    new = change_keys(run, tmp_path, monkeypatch)
    send(run, tmp_path, c4=121)
    assert run("audit", "seal").exit_code == 0
    listed = run("keys", "list").output.splitlines()
    assert new in listed[1]
    assert old in listed[2]
    for words in (("receipts", "export", "1", "2", "--folder"), ("audit", "export")):
        assert run(*words, str(tmp_path / "out")).exit_code == 0
    keys = tmp_path / "out" / "keys"
    old_key, new_key = ("--key", keys / f"{old}.pem"), ("--key", keys / f"{new}.pem")
    out = tmp_path / "out"
    assert check(out, 1, *old_key) == 0
    assert check(out, 1, *new_key) == 1
    assert check(out, 2, *new_key) == 0
    assert check(out, 2, *old_key) == 1
    assert check(out, 1, *old_key, *new_key, "--chain", out) == 0
    assert check(out, 1, *old_key, "--chain", out) == 1
    verified = run("audit", "verify")
    assert verified.exit_code == 0, verified.output
    assert "2 revisions, 0 sealed late, 0 faults" in verified.output


def tamper(folder: Path, *statements: str) -> None:
    """Change the store by hand."""
    with sqlite3.connect(folder / "store.db") as store:
        for statement in statements:
            store.execute(statement)
    store.close()


def test_the_check_of_the_audit_ends_with_1_where_anything_was_altered(
    run: Run, tmp_path: Path
) -> None:
    """And says what; with figures that were altered, too."""
    run("audit", "seal")
    good = run("audit", "verify")
    assert good.exit_code == 0, good.output
    tamper(tmp_path, "UPDATE submission SET canonical = x'00'")
    bad = run("audit", "verify")
    assert bad.exit_code == 1
    assert "revision 1: what it says was altered" in bad.stderr
    assert run("audit", "verify", "--chain-only").exit_code == 0


def test_bytes_that_are_no_text_do_not_end_the_check(run: Run, tmp_path: Path) -> None:
    """SQLite keeps them in a column of text; what else was altered is told all the same."""
    run("audit", "seal")
    tamper(
        tmp_path,
        "DROP TRIGGER audit_line_no_update",
        "UPDATE audit_line SET actor = CAST(x'ff' AS TEXT) WHERE act = 'submission.received'",
        "UPDATE submission SET signer = CAST(x'ff' AS TEXT)",
    )
    told = run("audit", "verify").stderr
    assert "was altered: a column is not what its body says" in told
    assert "revision 1: its receipt says otherwise: signer" in told


def test_a_chain_that_was_cut_off_is_found_by_ends_kept_elsewhere(run: Run, tmp_path: Path) -> None:
    """Without them the check has nothing to hold the rest against."""
    run("audit", "seal")
    send(run, tmp_path, c4=121)
    run("audit", "seal")
    kept = tmp_path / "kept"
    run("audit", "export", str(kept))
    heads = (kept / "heads.jsonl").read_text().splitlines()
    ends = [json.loads(line)["number"] for line in heads]
    tamper(
        tmp_path,
        "DROP TRIGGER audit_link_no_delete",
        "DROP TRIGGER audit_head_no_delete",
        f"DELETE FROM audit_link WHERE number > {ends[0]}",  # noqa: S608
        f"DELETE FROM audit_head WHERE number > {ends[0]}",  # noqa: S608
    )
    assert "kept elsewhere" not in run("audit", "verify").stderr
    against = run("audit", "verify", "--against", str(kept))
    assert against.exit_code == 1
    assert "the chain ends before an end that was kept elsewhere" in against.stderr
    for broken in ("{", '{"number": Infinity, "chain_sha256": ""}'):
        (kept / "heads.jsonl").write_text(broken)
        assert "no file of signed ends" in run("audit", "verify", "--against", str(kept)).stderr


def test_an_altered_end_is_not_sealed_over_until_someone_says_so(run: Run, tmp_path: Path) -> None:
    """The refusal says what to do; going on is on the audit, and the fault stays."""
    run("audit", "seal")
    tamper(
        tmp_path,
        "DROP TRIGGER audit_link_no_delete",
        "DELETE FROM audit_link WHERE number = (SELECT max(number) FROM audit_link)",
    )
    refused = run("audit", "seal")
    assert refused.exit_code == 1
    assert "audit verify" in refused.output
    assert run("audit", "seal", "--go-on").exit_code == 0
    assert "audit.end-accepted" in run("audit", "list").output
    assert run("audit", "verify").exit_code == 1


def test_lines_are_listed_by_unit_subject_and_act(run: Run) -> None:
    """The newest first, with what they say."""
    listed = run("audit", "list", "--unit", "X01840").output
    assert "submission.received submission/1 X01840" in listed
    assert run("audit", "list", "--subject", "submission/2").output == ""
    assert "period.opened" in run("audit", "list", "--act", "period.opened").output


def test_keys_that_were_kept_elsewhere_are_believed_and_no_other(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new key vouches for what it finds in the store; whoever has kept the old ones knows better.

    Here someone has started the service once with a key of his own.
    """
    run("audit", "seal")
    run("keys", "export", str(tmp_path / "keys"))
    (key,) = (str(path) for path in (tmp_path / "keys").iterdir())
    assert run("audit", "verify", "--key", key).exit_code == 0
    change_keys(run, tmp_path, monkeypatch)
    assert run("audit", "seal").exit_code == 0
    assert run("audit", "verify").exit_code == 0
    verified = run("audit", "verify", "--key", key)
    assert verified.exit_code == 1
    assert "the end is not signed by a key that is trusted" in verified.stderr
    assert run("audit", "verify", "--key", str(tmp_path / "new.pem")).exit_code == 1


def test_all_that_a_unit_entered_is_written_whole(run: Run, tmp_path: Path) -> None:
    """For its owner's eyes; a unit that is not there leaves no file."""
    file = tmp_path / "X01840.zip"
    done = run("units", "archive", "x01840", str(file))
    assert done.exit_code == 0, done.output
    assert "1 revisions" in done.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "MANIFEST.json" in ZipFile(file).namelist()
    assert "unit.archived" in run("audit", "list").output
    assert run("units", "archive", "NONE", str(tmp_path / "none.zip")).exit_code == 1
    assert not (tmp_path / "none.zip").exists()
    assert list(tmp_path.glob(".unfinished-*")) == []
