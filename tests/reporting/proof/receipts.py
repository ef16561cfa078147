"""A receipt with its key, file and chain as they are handed out, made without a store."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from forms.canonical import canonical_json, sha256
from reporting.proof import verify_receipt
from reporting.services.actors import Actor
from reporting.services.audit import Entry, instant_text, line_of
from reporting.services.receipts import Proof
from reporting.services.sealing import GENESIS, head_bytes, link
from reporting.services.signing import ServerKey

AT = datetime(2026, 9, 10, 3, 0, tzinfo=UTC)
KEY, NEXT_KEY = ServerKey.new(), ServerKey.new()
WORKBOOK = b"PK\x03\x04" + bytes(range(256))
DETAILS: dict[str, Any] = {
    "number": "20260910-000012", "form": "II.06a/VPCP/KSTT", "version": 1, "period": "2026-Q3",
    "unit": "X01840", "revision": 1, "content_sha256": sha256(b"noi dung"),
    "file_sha256": sha256(WORKBOOK), "received_at": instant_text(AT), "is_on_time": True,
    "signer": "Nguyễn Văn An, Chủ tịch", "reason": "",
}  # fmt: skip


def a_line(
    act: str = "submission.received", *, at: datetime = AT, signer: ServerKey = KEY, **more: Any
) -> dict[str, Any]:
    """A signed line of the audit."""
    entry = Entry(act=act, subject="submission/12", unit_id=3, details=DETAILS | more)
    return line_of(Actor(name="máy gửi", client_id=1), entry, at=at, signer=signer)


def as_file(line: dict[str, Any]) -> bytes:
    """The file of a receipt."""
    return Proof(line["body"], line["sha256"], line["key_id"], line["signature"]).as_file()


@dataclass
class Papers:
    """What someone holds who checks a receipt."""

    folder: Path

    @property
    def receipt(self) -> Path:
        """The receipt."""
        return self.folder / "receipt.json"

    @property
    def key(self) -> Path:
        """The public key."""
        return self.folder / "public.pem"

    @property
    def workbook(self) -> Path:
        """The file that was sent."""
        return self.folder / "sent.xlsx"

    @property
    def chain(self) -> Path:
        """The folder of the chain."""
        return self.folder / "chain"

    def check(self, *more: str | Path) -> int:
        """Run the program on all of it; gives its exit code."""
        return self.run("--file", self.workbook, "--chain", self.chain, *more)

    def run(self, *more: str | Path) -> int:
        """Run the program on the receipt and its key."""
        words = [self.receipt, "--key", self.key, *more]
        return verify_receipt.main([str(word) for word in words])

    def rewrite(self, **parts: Any) -> None:
        """Change parts of the receipt, and write it as it was written."""
        data = json.loads(self.receipt.read_bytes()) | parts
        self.receipt.write_bytes(canonical_json(data) + b"\n")


def the_papers(folder: Path) -> Papers:
    """A receipt in the fifth place of a chain of eight, sealed in two goes."""
    papers = Papers(folder)
    line = a_line()
    papers.receipt.write_bytes(as_file(line))
    papers.key.write_text(KEY.public_pem)
    papers.workbook.write_bytes(WORKBOOK)
    others = [sha256(f"line {number}".encode()) for number in range(7)]
    write_chain(papers.chain, [*others[:4], line["sha256"], *others[4:]], ends=(3, 8))
    return papers


def write_chain(
    folder: Path,
    lines: list[str],
    *,
    ends: tuple[int, ...],
    signers: tuple[ServerKey, ...] = (KEY, KEY),
    minutes: int = 1,
) -> None:
    """The files of a chain, sealed after so many links each, some minutes apart."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "keys").mkdir(parents=True)
    chain, links, heads = GENESIS, b"", b""
    for number, digest in enumerate(lines, 1):
        chain = link(chain, digest)
        row: dict[str, Any] = {"number": number, "line_sha256": digest, "chain_sha256": chain}
        links += canonical_json(row) + b"\n"
        if number in ends:
            place = ends.index(number)
            signer, at = signers[place], instant_text(AT + timedelta(minutes=minutes * place))
            signature = signer.sign(head_bytes(number, chain, at))
            head = {"number": number, "chain_sha256": chain, "at": at, "key_id": signer.key_id}
            heads += canonical_json(head | {"signature": signature}) + b"\n"
    (folder / "links.jsonl").write_bytes(links)
    (folder / "heads.jsonl").write_bytes(heads)
    for signer in signers:
        (folder / "keys" / f"{signer.key_id}.pem").write_text(signer.public_pem)
