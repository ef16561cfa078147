"""What an approval is signed over, and whether everything is still as it was signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from forms.canonical import canonical_json, sha256
from reporting.models import AuditLine, ReportingObligation
from reporting.services.actors import Act, Actor
from reporting.services.draft_record import DraftWork, file_sha256
from reporting.services.drafts import DraftView
from reporting.services.explanations import as_data
from reporting.services.keys import trusted_keys
from reporting.services.rights import may_for_unit
from reporting.services.signing import is_good
from reporting.services.typed_cells import Changed

#: What must be now as it was when it was signed.
_SIGNED_OVER = (
    "report_sha256", "form", "form_version", "declaration_sha256", "packet_sha256", "unit",
    "period", "explanations_sha256",
)  # fmt: skip


def statement_of(view: DraftView, at: DraftWork) -> dict[str, Any]:
    """What is signed over: hashes of report, form and packet, and of what it is for."""
    owed = view.owed
    said = canonical_json(as_data(view.explanations))
    return {
        "report_sha256": view.verdict.content_sha256,
        "form": owed.form_code,
        "form_version": owed.form_version,
        "declaration_sha256": at.catalogue.form(owed.form_code, owed.form_version).checksum,
        "packet_sha256": file_sha256(view.draft),
        "unit": view.unit.code,
        "period": owed.period,
        "explanations_sha256": sha256(said),
    }


def differing(session: Session, at: DraftWork, view: DraftView, line: AuditLine) -> Changed:
    """What is not as it was signed: by name, with what was signed and what is there."""
    signed: Mapping[str, Any] = json.loads(line.body)["details"]
    here = statement_of(view, at)
    found = [
        {"cell": name, "old": str(signed.get(name, "")), "new": str(here[name])}
        for name in _SIGNED_OVER
        if signed.get(name) != here[name]
    ]
    if sha256(line.body) != line.sha256 or not _is_signed(session, at, line):
        found.append({"cell": "signature", "old": line.sha256, "new": sha256(line.body)})
    return Changed(found, len(found))


def _is_signed(session: Session, at: DraftWork, line: AuditLine) -> bool:
    """Whether who signs now, or one whom he vouches for, has signed a line."""
    mine = {at.signer.key_id: at.signer.public_pem}
    trusted = mine if line.key_id in mine else trusted_keys(session, at.signer)
    return is_good(trusted.get(line.key_id, ""), line.body, line.signature)


def title_of(session: Session, actor: Actor, owed: ReportingObligation) -> str:
    """In what capacity the actor approves: as his right for this unit and form says."""
    for grant in actor.grants_of(Act.APPROVE):
        alone = replace(actor, grants=(grant,), is_system=False)
        if may_for_unit(session, alone, Act.APPROVE, owed.unit_id, form=owed.form_code):
            return grant.title
    return ""
