#!/usr/bin/env python3
"""Check a receipt without the system that gave it: one file, no network.

    python verify_receipt.py RECEIPT.json --key PUBLIC.pem [--file WORKBOOK] [--chain FOLDER]

Needs Python 3.9 or newer and `cryptography`. Ends with 0 only where everything holds; with 1 and
every reason where anything does not. Nothing that stands in a file is believed before the
signature over it was checked, and nothing in a file can make this program fail.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

Keys = Mapping[str, Ed25519PublicKey]
#: What is wrong, in Vietnamese and in English.
Reason = tuple[str, str]

GENESIS = "0" * 64
#: A receipt that lies so long before a sealing was there to be sealed by it.
GRACE = timedelta(hours=1)
LARGEST_FILE, LARGEST_LINE, MOST_REASONS = 8 * 1024 * 1024, 4096, 20
PARTS = {"body": dict, "key_id": str, "sha256": str, "signature": str}
LINK = {"chain_sha256": str, "line_sha256": str, "number": int}
HEAD = {"at": str, "chain_sha256": str, "key_id": str, "number": int, "signature": str}
DETAILS = {
    "content_sha256": str, "file_sha256": str, "form": str, "number": str, "period": str,
    "received_at": str, "revision": int, "unit": str, "version": int,
}  # fmt: skip
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Wrong(Exception):
    """Something that does not hold, and after which no more can be checked."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.reason: Reason = (vi, en)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the command line names; gives the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    given = _parser().parse_args(arguments)
    reasons: list[Reason] = []
    keys = _read_keys(given.key, reasons)
    told = ""
    try:
        receipt = read_receipt(_read(given.receipt))
        reasons += faults_of_receipt(receipt, keys)
        if given.file is not None:
            reasons += faults_of_file(receipt, given.file)
        sealed_at = ""
        if given.chain is not None:
            sealed_at, found = check_chain(receipt, keys, given.chain)
            reasons += found
        if not reasons:
            told = _described(receipt, sealed_at, with_file=given.file is not None)
    except Wrong as wrong:
        reasons.append(wrong.reason)
    if reasons:
        sys.stderr.write(_told(reasons))
        return 1
    sys.stdout.write(told)
    return 0


def read_receipt(data: bytes) -> dict[str, Any]:
    """The receipt in a file, which must be written to the byte as it was given. Raises Wrong."""
    receipt = _parse(data, PARTS)
    if canonical(receipt) + b"\n" != data:
        raise Wrong(
            "Tệp biên nhận không đúng từng byte như khi được cấp.",
            "The file of the receipt is not to the byte what was given.",
        )
    return receipt


def faults_of_receipt(receipt: Mapping[str, Any], keys: Keys) -> list[Reason]:
    """What is wrong with the receipt by itself: its hash, its signature, what it says."""
    reasons: list[Reason] = []
    body = canonical(receipt["body"])
    if hashlib.sha256(body).hexdigest() != receipt["sha256"]:
        reasons.append(
            ("Nội dung biên nhận đã bị sửa (sai SHA-256).", "The receipt was altered (SHA-256).")
        )
    named = _shown(receipt["key_id"])
    if receipt["key_id"] not in keys:
        vi = f"Biên nhận ghi khóa {named}, không phải khóa đã cho (--key)."
        reasons.append((vi, f"The receipt names key {named}, which is not given by --key."))
    elif not is_good(keys[receipt["key_id"]], body, receipt["signature"]):
        reasons.append(("Chữ ký không đúng.", "The signature is not good."))
    details = receipt["body"].get("details")
    if receipt["body"].get("act") != "submission.received" or not _has(details, DETAILS):
        reasons.append(("Đây không phải biên nhận báo cáo.", "This is no receipt of a report."))
    return reasons


def faults_of_file(receipt: Mapping[str, Any], path: Path) -> list[Reason]:
    """Whether a file is, to the byte, the one that was received."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1024 * 1024):
                digest.update(chunk)
    except OSError as fault:
        return [_unreadable(path, fault)]
    details = receipt["body"].get("details")
    wanted = details.get("file_sha256") if isinstance(details, dict) else None
    if digest.hexdigest() == wanted:
        return []
    named = _shown(path.name)
    vi = f"Tệp {named} không phải tệp đã được nhận."
    return [(vi, f"The file {named} is not the one that was received.")]


def check_chain(receipt: Mapping[str, Any], keys: Keys, folder: Path) -> tuple[str, list[Reason]]:
    """When the receipt was sealed into the chain of a folder, and what is wrong with the chain."""
    walk = _Walk(receipt["sha256"], keys)
    try:
        _check_chain_keys(folder / "keys")
        heads = _rows(folder / "heads.jsonl", HEAD)
        head = next(heads, None)
        for link in _rows(folder / "links.jsonl", LINK):
            walk.step(link)
            if head is not None and head["number"] <= walk.number:
                walk.seal(head)
                head = next(heads, None)
        if head is not None:
            raise Wrong("Chuỗi bị cắt trước chữ ký cuối.", "The chain is cut off before its end.")
        walk.end(receipt["body"].get("at"))
    except Wrong as wrong:
        walk.reasons.append(wrong.reason)
    return walk.sealed_at, walk.reasons


class _Walk:
    """One way along a chain: where it is, what was found of the receipt, what is wrong."""

    def __init__(self, wanted: str, keys: Keys) -> None:
        self.wanted, self.keys = wanted, keys
        self.number, self.chain, self.signed = 0, GENESIS, 0
        self.place, self.sealed_at, self.before, self.last_at = 0, "", "", ""
        self.reasons: list[Reason] = []

    def step(self, link: Mapping[str, Any]) -> None:
        """Take the next link. Raises Wrong where it does not follow."""
        self.number += 1
        if link["number"] != self.number:
            _wrong_at(self.number, "thiếu hoặc đảo mắt xích", "a link is missing or moved")
        if not _DIGEST.fullmatch(link["line_sha256"]):
            _wrong_at(self.number, "sai dạng mã băm", "the hash is none")
        joined = bytes.fromhex(self.chain) + bytes.fromhex(link["line_sha256"])
        self.chain = hashlib.sha256(joined).hexdigest()
        if link["chain_sha256"] != self.chain:
            _wrong_at(self.number, "không nối mắt xích trước", "it does not follow from the last")
        if link["line_sha256"] == self.wanted and not self.place:
            self.place, self.before = self.number, self.last_at

    def seal(self, head: Mapping[str, Any]) -> None:
        """Take the signed end that lies at this link. Raises Wrong."""
        if head["number"] != self.number or head["chain_sha256"] != self.chain:
            _wrong_at(head["number"], "điểm ký không khớp chuỗi", "the signed end does not fit")
        named, key = _shown(head["key_id"]), self.keys.get(head["key_id"])
        if key is None:
            vi = f"ký bằng khóa {named}, hãy cho khóa đó bằng --key"
            _wrong_at(self.number, vi, f"signed by key {named}; give that key too by --key")
        said = {"at": head["at"], "chain": self.chain, "number": self.number}
        if not is_good(key, canonical(said), head["signature"]):
            _wrong_at(head["number"], "chữ ký không đúng", "the signature is not good")
        self.signed, self.last_at = self.number, head["at"]
        if self.place and not self.sealed_at:
            self.sealed_at = head["at"]

    def end(self, at: Any) -> None:
        """Look back over the whole. Raises Wrong."""
        if self.signed != self.number or not self.number:
            raise Wrong("Cuối chuỗi chưa được ký.", "The end of the chain is not signed.")
        if not self.place:
            raise Wrong(
                "Biên nhận không có trong chuỗi: chuỗi dừng trước đó, hoặc biên nhận là giả.",
                "The receipt is not in the chain: it ends before, or the receipt is forged.",
            )
        if self.before and _instant(self.before) - _instant(at) > GRACE:
            raise Wrong(
                f"Biên nhận đề {_shown(at)} nhưng chưa có khi niêm phong lúc {self.before}.",
                f"The receipt says {_shown(at)}, and was not there when {self.before} was sealed.",
            )


def canonical(value: Any) -> bytes:
    """RFC 8785 of what `_parse` lets through: no floats, and no names beyond ASCII are used."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def is_good(key: Ed25519PublicKey, content: bytes, signature: str) -> bool:
    """Whether a signature is that of a key, and written as it is written."""
    try:
        raw = b64decode(signature, validate=True)
        key.verify(raw, content)
    except (InvalidSignature, ValueError):
        return False
    # Base64 has spare bits at its end: the same bytes under another text were altered too.
    return b64encode(raw).decode() == signature


def _parse(data: bytes, shape: Mapping[str, type]) -> dict[str, Any]:
    """An object of exactly these parts, in JSON without floats or doubled names. Raises Wrong."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_each_once,
            parse_float=_no_figure,
            parse_constant=_no_figure,
        )
        canonical(value)  # Half a character cannot be written.
    except (ValueError, RecursionError, MemoryError):
        value = None
    if not _has(value, shape) or set(value) != set(shape):
        raise Wrong("Tệp không đúng dạng.", "The file is not of the shape that it should be.")
    found: dict[str, Any] = value
    return found


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_figure(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no whole number")


def _has(value: Any, shape: Mapping[str, type]) -> bool:
    return isinstance(value, dict) and all(
        type(value.get(name)) is kind for name, kind in shape.items()
    )


def _rows(path: Path, shape: Mapping[str, type]) -> Iterator[dict[str, Any]]:
    """The lines of a file of the chain, each to the byte as it was written. Raises Wrong."""
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(LARGEST_LINE):
                number += 1
                row = _parse(line, shape)
                if canonical(row) + b"\n" != line:
                    raise Wrong("", "")
                yield row
    except OSError as fault:
        raise Wrong(*_unreadable(path, fault)) from None
    except Wrong:
        raise Wrong(
            f"{path.name}, dòng {number}: không đúng dạng.",
            f"{path.name}, line {number}: not of the shape that it should be.",
        ) from None


def _check_chain_keys(folder: Path) -> None:
    """Whether each key that lies beside the chain is the one that its name says. Raises Wrong.

    They are there to be compared with those that were had by another way, and are not believed.
    """
    for path in sorted(folder.glob("*")):
        key, data = _read_key(path)
        if path.name != f"{key_id_of(key)}.pem" or _pem(key) != data:
            raise Wrong(
                f"Khóa {_shown(path.name)} trong thư mục chuỗi không đúng.",
                f"The key {_shown(path.name)} beside the chain is not what its name says.",
            )


def key_id_of(key: Ed25519PublicKey) -> str:
    """How a key is called: by the beginning of its own hash."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _read_keys(paths: Sequence[Path], reasons: list[Reason]) -> Keys:
    keys: dict[str, Ed25519PublicKey] = {}
    for path in paths:
        try:
            key, _ = _read_key(path)
            keys[key_id_of(key)] = key
        except Wrong as wrong:
            reasons.append(wrong.reason)
    return keys


def _read_key(path: Path) -> tuple[Ed25519PublicKey, bytes]:
    """The key in a file, and the file. Raises Wrong."""
    data = _read(path)
    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PublicKey):
        return key, data
    raise Wrong(
        f"{_shown(path.name)} không phải khóa công khai Ed25519 (PEM).",
        f"{_shown(path.name)} is no public key of Ed25519 in PEM.",
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as fault:
        raise Wrong(*_unreadable(path, fault)) from None
    if len(data) > LARGEST_FILE:
        raise Wrong(f"{_shown(path.name)} quá lớn.", f"{_shown(path.name)} is too large.")
    return data


def _instant(text: Any) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - both are UTC
    except (ValueError, TypeError):
        raise Wrong("Thời điểm không đúng dạng.", "An instant is not of its shape.") from None


def _wrong_at(number: int, vi: str, en: str) -> NoReturn:
    raise Wrong(f"Mắt xích {number}: {vi}.", f"Link {number}: {en}.")


def _unreadable(path: Path, fault: OSError) -> Reason:
    why = _shown(fault.strerror)
    return f"Không đọc được {_shown(path.name)}: {why}.", f"Cannot read {_shown(path.name)}: {why}."


def _shown(value: Any) -> str:
    """Text from outside as it may stand on a terminal: short, and without its controls."""
    text = str(value)[:200].encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _told(reasons: Sequence[Reason]) -> str:
    lines = [f"- {vi}\n  {en}" for vi, en in reasons[:MOST_REASONS]]
    return "\n".join(["KHÔNG ĐÚNG / NOT GOOD", *lines, ""])


def _described(receipt: Mapping[str, Any], sealed_at: str, *, with_file: bool) -> str:
    said = {name: _shown(value) for name, value in receipt["body"]["details"].items()}
    skipped = "không đối chiếu / not compared"
    return f"""ĐÚNG / GOOD: {said["number"]}
  {said["form"]} v{said["version"]}, {said["unit"]}, {said["period"]}
  lần gửi / revision {said["revision"]}, nhận lúc / received at {said["received_at"]}
  người ký / signed by {said.get("signer") or "—"}
  SHA-256 nội dung / of the content {said["content_sha256"]}
  khóa / key {_shown(receipt["key_id"])}
  tệp / file: {"đúng tệp đã nhận / as received" if with_file else skipped}
  chuỗi / chain: {_shown(sealed_at) or skipped}
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Kiểm tra biên nhận, không cần mạng. Check a receipt, without a network."
    )
    parser.add_argument("receipt", type=Path, metavar="RECEIPT.json")
    parser.add_argument(
        "--key", type=Path, action="append", required=True, metavar="PUBLIC.pem",
        help="a public key had from the centre; several times, where keys were changed",
    )  # fmt: skip
    parser.add_argument("--file", type=Path, help="the workbook, or the body, that was sent")
    parser.add_argument("--chain", type=Path, help="the folder of `reporting audit export`")
    return parser


if __name__ == "__main__":
    sys.exit(main())
