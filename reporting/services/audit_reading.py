"""Lines of the audit as an administrator reads them: what happened, when, by whom, from where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reporting.models import AuditLine


@dataclass(frozen=True, slots=True)
class Told:
    """One line. `details` is what its body says beside who, what and when."""

    id: int
    at: datetime
    act: str
    subject: str
    unit: str
    actor: str
    address: str
    details: dict[str, Any]
    sha256: str
    is_signed: bool


def told(line: AuditLine, unit: str) -> Told:
    """A line with its body read. One whose body was altered into no JSON is told without it."""
    try:
        said = json.loads(line.body)
        address, details = str(said["address"]), dict(said["details"])
    except (ValueError, TypeError, KeyError, RecursionError):
        address, details = "", {}
    return Told(
        line.id,
        line.at,
        line.act,
        line.subject,
        unit,
        line.actor,
        address,
        details,
        line.sha256,
        bool(line.signature),
    )
