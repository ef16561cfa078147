"""verify_receipt.py: good only where everything holds, and never a failure."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.canonical import canonical_json, sha256
from reporting.proof import verify_receipt
from reporting.services.signing import ServerKey
from tests.reporting.proof.receipts import (
    AT,
    KEY,
    NEXT_KEY,
    Papers,
    a_line,
    as_file,
    the_papers,
    write_chain,
)


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """A receipt with all that belongs to it."""
    return the_papers(tmp_path)


def test_a_good_receipt_is_good(papers: Papers, capsys: pytest.CaptureFixture[str]) -> None:
    """By itself, with its file, and with its chain; what it says is printed."""
    assert papers.run() == 0
    assert papers.run("--file", papers.workbook) == 0
    assert papers.check() == 0
    said = capsys.readouterr()
    assert said.err == ""
    for word in ("20260910-000012", "X01840", "2026-Q3", "Nguyễn Văn An", KEY.key_id):
        assert word in said.out
    assert said.out.count("không đối chiếu / not compared") == 3


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_flipped_byte_is_found(papers: Papers, data: st.DataObject) -> None:
    """Whichever byte, of the receipt, the workbook, the chain, its ends or its keys."""
    files = [
        papers.receipt, papers.workbook, papers.chain / "links.jsonl",
        papers.chain / "heads.jsonl", papers.chain / "keys" / f"{KEY.key_id}.pem",
    ]  # fmt: skip
    file = data.draw(st.sampled_from(files))
    good = file.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    flip = data.draw(st.integers(1, 255))
    try:
        file.write_bytes(good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :])
        assert papers.check() == 1
    finally:
        file.write_bytes(good)


def test_each_byte_of_the_receipt_counts(papers: Papers) -> None:
    """One after the other, its lowest bit."""
    good = papers.receipt.read_bytes()
    for at in range(len(good)):
        papers.receipt.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert papers.run() == 1, at


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_is_told(papers: Papers, content: bytes) -> None:
    """No receipt, no end, no link and no key makes the program fail."""
    good = papers.receipt.read_bytes()
    papers.receipt.write_bytes(content)
    assert papers.run() == 1
    papers.receipt.write_bytes(good)
    for name in ("links.jsonl", "heads.jsonl", f"keys/{KEY.key_id}.pem"):
        kept = (papers.chain / name).read_bytes()
        (papers.chain / name).write_bytes(content)
        assert papers.check() == 1
        (papers.chain / name).write_bytes(kept)


HOSTILE = {
    "deep nesting": b"[" * 100_000,
    "deep objects": b'{"body":' * 50_000 + b"1" + b"}" * 50_000,
    "nesting that just can be read": b'{"body":{"a":'
    + b"[" * 900
    + b"]" * 900
    + b'},"key_id":"a","sha256":"b","signature":"c"}\n',
    "a number of many digits": b'{"body":{"a":' + b"9" * 10_000 + b"}}",
    "a float": b'{"body":{"a":1.5},"key_id":"a","sha256":"b","signature":"c"}\n',
    "an exponent": b'{"body":{"a":1e999},"key_id":"a","sha256":"b","signature":"c"}\n',
    "not a number": b'{"body":{"a":NaN},"key_id":"a","sha256":"b","signature":"c"}\n',
    "a name twice": b'{"body":{},"body":{},"key_id":"a","sha256":"b","signature":"c"}\n',
    "half a character": b'{"body":{"a":"\\ud800"},"key_id":"a","sha256":"b","signature":"c"}\n',
    "half a name": b'{"body":{"\\udfff":1},"key_id":"a","sha256":"b","signature":"c"}\n',
    "no object": b'"receipt"\n',
    "null": b"null\n",
    "another shape": b'{"body":[],"key_id":1,"sha256":null,"signature":{}}\n',
    "a mark before it": b"\xef\xbb\xbf{}",
    "UTF-16": '{"body":{}}'.encode("utf-16"),
    "nothing": b"",
    "NUL": b"\x00" * 1000,
    "too much": b" " * (8 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_json_is_told(papers: Papers, what: str) -> None:
    """Wherever it stands."""
    papers.receipt.write_bytes(HOSTILE[what])
    assert papers.check() == 1
    the_papers(papers.folder)
    for name in ("links.jsonl", "heads.jsonl"):
        kept = (papers.chain / name).read_bytes()
        (papers.chain / name).write_bytes(HOSTILE[what] + b"\n" + kept)
        assert papers.check() == 1
        (papers.chain / name).write_bytes(kept)


def test_a_receipt_that_was_formatted_anew_is_not_the_one_that_was_given(papers: Papers) -> None:
    """The file counts to the byte, so that there is nothing to argue about."""
    data = json.loads(papers.receipt.read_bytes())
    papers.receipt.write_text(json.dumps(data, indent=2))
    assert papers.run() == 1


def test_a_hash_or_key_that_does_not_belong_is_found(papers: Papers) -> None:
    """What stands beside the body is held against it."""
    good = papers.receipt.read_bytes()
    for parts in (
        {"sha256": sha256(b"x")},
        {"key_id": NEXT_KEY.key_id},
        {"signature": KEY.sign(b"x")},
        {"signature": NEXT_KEY.sign(a_line()["body"])},
        {"signature": ""},
    ):
        papers.rewrite(**parts)
        assert papers.run() == 1
        papers.receipt.write_bytes(good)
    assert papers.run() == 0


def test_the_key_of_another_proves_nothing(papers: Papers) -> None:
    """Neither one that is given, nor a receipt that its thief has signed himself."""
    papers.key.write_text(ServerKey.new().public_pem)
    assert papers.run() == 1
    the_papers(papers.folder)
    papers.receipt.write_bytes(as_file(a_line(signer=NEXT_KEY)))
    assert papers.run() == 1


def test_another_signed_line_is_no_receipt(papers: Papers) -> None:
    """An approval bears our signature as well, and says that nothing was received."""
    papers.receipt.write_bytes(as_file(a_line("draft.approved")))
    assert papers.run() == 1
    papers.receipt.write_bytes(as_file(a_line(number=12)))
    assert papers.run() == 1


def test_another_file_is_found(papers: Papers) -> None:
    """Also one that is missing, and a folder."""
    for other in (papers.key, papers.folder / "none.xlsx", papers.folder):
        assert papers.run("--file", other) == 1


@pytest.mark.parametrize("missing", ["receipt", "key", "chain"])
def test_what_cannot_be_read_is_told(papers: Papers, missing: str) -> None:
    """A file that is not there proves nothing."""
    path: Path = getattr(papers, missing)
    path.rename(papers.folder / "elsewhere")
    assert papers.check() == 1


def links(papers: Papers) -> list[bytes]:
    """The lines of the links."""
    return (papers.chain / "links.jsonl").read_bytes().splitlines(keepends=True)


def swapped(lines: list[bytes]) -> list[bytes]:
    """Two neighbours in each other's place."""
    return [*lines[:2], lines[3], lines[2], *lines[4:]]


CHANGED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "cut off after the receipt": lambda lines: lines[:6],
    "cut off before the receipt": lambda lines: lines[:4],
    "emptied": lambda lines: [],
    "one removed": lambda lines: lines[:2] + lines[3:],
    "the first removed": lambda lines: lines[1:],
    "one doubled": lambda lines: [*lines[:3], lines[2], *lines[3:]],
    "two changed places": swapped,
    "one more": lambda lines: [*lines, lines[-1].replace(b'"number":8', b'"number":9')],
    "without its last end of line": lambda lines: [*lines[:-1], lines[-1].rstrip()],
    "a blank line": lambda lines: [*lines, b"\n"],
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_chain_that_was_changed_is_found(papers: Papers, change: str) -> None:
    """Cut off, reordered, with a link more or less."""
    (papers.chain / "links.jsonl").write_bytes(b"".join(CHANGED[change](links(papers))))
    assert papers.check() == 1


@pytest.mark.parametrize("change", ["no ends", "last end gone", "first end gone", "end doubled"])
def test_the_ends_must_fit(papers: Papers, change: str) -> None:
    """A chain whose last link is under no signature is not proof; a middle end may be missing."""
    file = papers.chain / "heads.jsonl"
    first, last = file.read_bytes().splitlines(keepends=True)
    left = {
        "no ends": b"", "last end gone": first, "first end gone": last, "end doubled": first * 2,
    }  # fmt: skip
    file.write_bytes(left[change])
    assert papers.check() == (0 if change == "first end gone" else 1)


def test_a_chain_cut_off_at_a_good_end_before_the_receipt_is_no_proof(papers: Papers) -> None:
    """Everything in it holds; but the receipt is not in it."""
    (papers.chain / "links.jsonl").write_bytes(b"".join(links(papers)[:3]))
    heads = (papers.chain / "heads.jsonl").read_bytes().splitlines(keepends=True)
    (papers.chain / "heads.jsonl").write_bytes(heads[0])
    assert papers.check() == 1


def test_a_chain_of_two_keys_needs_both(papers: Papers) -> None:
    """A receipt of before the keys were changed is good under the old key, its chain under both."""
    lines = [json.loads(line)["line_sha256"] for line in links(papers)]
    write_chain(papers.chain, lines, ends=(3, 8), signers=(KEY, NEXT_KEY))
    assert papers.run("--file", papers.workbook) == 0
    assert papers.check() == 1
    other = papers.folder / "next.pem"
    other.write_text(NEXT_KEY.public_pem)
    assert papers.check("--key", other) == 0


def test_a_chain_that_someone_else_has_made_is_found(papers: Papers) -> None:
    """With his own key beside it, which nobody has given."""
    lines = [json.loads(line)["line_sha256"] for line in links(papers)]
    write_chain(papers.chain, lines, ends=(3, 8), signers=(NEXT_KEY, NEXT_KEY))
    assert papers.check() == 1


@pytest.mark.parametrize(("minutes", "code"), [(50, 0), (60 * 24, 1)])
def test_a_receipt_that_was_dated_back_is_found(papers: Papers, minutes: int, code: int) -> None:
    """Whoever has stolen the key can sign last year's receipt, and not seal it last year."""
    line = a_line(at=AT - timedelta(minutes=minutes))
    papers.receipt.write_bytes(as_file(line))
    others = [sha256(f"line {number}".encode()) for number in range(7)]
    write_chain(papers.chain, [*others[:4], line["sha256"], *others[4:]], ends=(3, 8))
    assert papers.check() == code


def test_an_instant_beyond_all_calendars_is_told(papers: Papers) -> None:
    """Also in a receipt that is not even signed."""
    data = json.loads(papers.receipt.read_bytes())
    for at in ("9999-12-31T23:59:59.999999Z", "hôm qua", 7, None):
        body = data["body"] | {"at": at}
        digest = sha256(canonical_json(body))
        papers.rewrite(body=body, sha256=digest)
        others = [sha256(f"line {number}".encode()) for number in range(7)]
        write_chain(papers.chain, [*others[:4], digest, *others[4:]], ends=(3, 8))
        assert papers.check() == 1


def test_what_comes_from_outside_does_not_reach_the_terminal(
    papers: Papers, capsys: pytest.CaptureFixture[str]
) -> None:
    """No escape sequence of a forged receipt, nor of one whose sender was playful."""
    papers.rewrite(key_id="\x1b[2J\x1b]0;x\x07")
    assert papers.run() == 1
    papers.receipt.write_bytes(as_file(a_line(signer=KEY) | {}))
    playful = a_line(form="\x1b[31mII.06a\u202e")
    papers.receipt.write_bytes(as_file(playful))
    assert papers.run() == 0
    said = capsys.readouterr()
    assert not {"\x1b", "\x07", "\u202e"} & set(said.out + said.err)


def test_it_is_one_file_that_needs_only_python_and_cryptography() -> None:
    """Nothing of ours, and nothing that speaks to a network."""
    source = Path(str(verify_receipt.__file__)).read_text()
    named = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named.add(str(node.module).partition(".")[0])
    assert named - set(sys.stdlib_module_names) == {"cryptography"}
    assert not named & {"socket", "urllib", "http", "ssl", "subprocess", "os"}
