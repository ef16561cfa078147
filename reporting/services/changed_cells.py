"""Which cells one revision says otherwise than another: old and new, for the audit.

Read from the canonical JSON of both, so that it is what was said and not how it was typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.models import Submission

#: So many cells are told one by one; of the others, how many.
_MOST_TOLD = 200
_LONGEST_VALUE = 200


def changed_since(session: Session, submission_id: int, content: bytes) -> dict[str, Any]:
    """What canonical bytes say otherwise than a revision that is kept: one statement."""
    kept = session.scalar(select(Submission.canonical).where(Submission.id == submission_id))
    return changed_between(kept or b"{}", content)


def changed_between(old: bytes, new: bytes) -> dict[str, Any]:
    """How many cells differ, and the first of them: `{"cell", "old", "new"}`, None for no cell."""
    differing = cells_between(old, new)
    return {"count": len(differing), "cells": differing[:_MOST_TOLD]}


def cells_between(old: bytes, new: bytes) -> list[dict[str, str | None]]:
    """Every cell that two canonical reports say otherwise, by cell id."""
    before, after = _cells(json.loads(old)), _cells(json.loads(new))
    differing = sorted(
        cell for cell in before.keys() | after.keys() if before.get(cell) != after.get(cell)
    )
    return [
        {"cell": cell, "old": _short(before.get(cell)), "new": _short(after.get(cell))}
        for cell in differing
    ]


def _cells(report: Mapping[str, Any]) -> dict[str, str]:
    """Every cell by its id (docs/decisions/0002), whatever the order of rows."""
    found = {"note": report["note"]} if report.get("note") else {}
    for key, table in report.get("tables", {}).items():
        if table.get("nil"):
            found[f"{key}/nil"] = "true"
        for column, value in table["total"].items():
            found[f"{key}/total/{column}"] = value
        for row in table["rows"]:
            name = f"{row['section']}:{row['key']}" if "section" in row else row["key"]
            found |= {f"{key}/{name}/{column}": value for column, value in row["cells"].items()}
    return found


def _short(value: str | None) -> str | None:
    if value is None or len(value) <= _LONGEST_VALUE:
        return value
    return value[:_LONGEST_VALUE] + "…"
