"""Receipts and the public key left in the folder, and checked by a program that knows no server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jobs.demo.cast import CENTRE
from jobs.demo.people import Signed
from jobs.demo.stage import Stage, Wrong, local
from reporting.services.chain_files import export_chain
from reporting.services.sealing import seal

_WHEN_SEALED = local(2026, 9, 24, 10)


def leave_receipts(stage: Stage, sent: Sequence[Signed]) -> None:
    """Write receipts, workbooks, public key and chain; verify them, and one flipped byte."""
    folder = stage.folder / "receipts"
    folder.mkdir()
    centre = stage.sender(CENTRE)
    key = folder / "public.pem"
    key.write_text(centre.get("/api/v1/keys").data["items"][0]["public_pem"])
    receipts = []
    for one in sent:
        body = centre.get(f"/api/v1/submissions/{one.submission_id}/receipt").body
        number = json.loads(body)["body"]["details"]["number"]
        receipts.append(folder / f"receipt-{number}.json")
        receipts[-1].write_bytes(body)
        (folder / f"receipt-{number}.xlsx").write_bytes(one.workbook)
    _export_chain(stage, folder / "chain")
    for receipt in receipts:
        workbook = receipt.with_suffix(".xlsx")
        if _verify(receipt, key, workbook, folder / "chain") != 0:
            raise Wrong(f"{receipt} does not verify")
    _flip(receipts[0], key, folder)
    stage.tell.say(
        f"{len(receipts)} receipts verify offline, with their workbooks and the chain of the "
        "audit; one flipped byte is found in either."
    )


def _export_chain(stage: Stage, folder: Path) -> None:
    with stage.sessions.begin() as session:
        seal(session, stage.signer, now=_WHEN_SEALED)
    with stage.sessions() as session:
        export_chain(session, folder)


def _flip(receipt: Path, key: Path, folder: Path) -> None:
    """One changed bit in a copy of the receipt, then of the workbook. Raises Wrong if unseen."""
    workbook = receipt.with_suffix(".xlsx")
    for file in (receipt, workbook):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        altered = folder / f"altered{file.suffix}"
        altered.write_bytes(content)
        pair = (altered, workbook) if file is receipt else (receipt, altered)
        if _verify(pair[0], key, pair[1], None) != 1:
            raise Wrong(f"a flipped byte of {file} was not found")
        altered.unlink()


def _verify(receipt: Path, key: Path, workbook: Path, chain: Path | None) -> int:
    program = str(files("reporting") / "proof" / "verify_receipt.py")
    command = [sys.executable, program, str(receipt), "--key", str(key), "--file", str(workbook)]
    command += ["--chain", str(chain)] if chain else []
    done = subprocess.run(  # noqa: S603 - the command is made up of our own words
        command, capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    return done.returncode
