"""Proof on pages: the file of a receipt, the audit, and all that a unit ever entered."""

from __future__ import annotations

import json
from importlib.resources import files

from flask import Blueprint, Response, request

from reporting.http import (
    Right,
    allows,
    attachment,
    current_actor,
    current_parts,
    hand_out_archive,
)
from reporting.services.actors import Act
from reporting.services.audit import list_lines
from reporting.services.audit_reading import told
from reporting.services.keys import find_key
from reporting.services.receipt_files import receipt_file
from reporting.services.unit_archive import find_unit_by_code
from reporting.web.rendering import render

blp = Blueprint("proof_pages", __name__)

_PAGE_SIZE = 100


@blp.get("/receipts/<int(max=9223372036854775807):submission_id>.json")
@allows(Right.PAGE)
def download_receipt(submission_id: int) -> Response:
    """The signed receipt as a file, to be kept and to be checked by verify_receipt.py."""
    with current_parts().reading_sessions() as session:
        made = receipt_file(session, actor=current_actor(), submission_id=submission_id)
    return attachment(made.content, made.name, "application/json")


@blp.get("/keys/<key_id>.pem")
@allows(Right.ANYONE)
def download_key(key_id: str) -> Response:
    """One public key that has signed here. Raises NotFound."""
    with current_parts().reading_sessions() as session:
        key = find_key(session, key_id)
    return attachment(key.public_pem.encode(), f"{key.id}.pem", "application/x-pem-file")


@blp.get("/verify_receipt.py")
@allows(Right.ANYONE)
def download_verifier() -> Response:
    """The program that checks a receipt without this system."""
    program = (files("reporting.proof") / "verify_receipt.py").read_bytes()
    return attachment(program, "verify_receipt.py", "text/x-python")


@blp.get("/units/<code>/archive.zip")
@allows(Right.PAGE)
def download_archive(code: str) -> Response:
    """All that a unit ever entered."""
    return hand_out_archive(code)


@blp.get("/audit")
@allows(Right.PAGE, Act.ADMINISTER)
def show_audit() -> str:
    """Who did what, of the units that one administers; the newest first, page by page."""
    asked = request.args
    unit, subject = asked.get("unit", "").strip()[:60], asked.get("subject", "").strip()[:120]
    act = asked.get("act", "").strip()[:60]
    before = min(max(asked.get("before", 0, type=int), 0), 2**62)
    with current_parts().reading_sessions() as session:
        unit_id = find_unit_by_code(session, unit).id if unit else None
        found = list_lines(
            session,
            actor=current_actor(),
            unit_id=unit_id,
            subject=subject,
            act=act,
            before=before,
            limit=_PAGE_SIZE,
        )
    return render(
        "audit.html",
        lines=[told(line, code) for line, code in found],
        unit=unit,
        subject=subject,
        act=act,
        next_before=found[-1][0].id if len(found) == _PAGE_SIZE else None,
        in_words=_in_words,
    )


def _in_words(details: object) -> str:
    return json.dumps(details, ensure_ascii=False, indent=1, sort_keys=True)
