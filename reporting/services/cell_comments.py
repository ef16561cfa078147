"""What a receiver says about single cells of a report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.expressions import TOTAL
from reporting.errors import Conflict
from reporting.models import CellComment, Submission
from reporting.services.actors import Actor
from reporting.services.archive import find_kept

LONGEST = 2_000
MOST = 500


@dataclass(frozen=True, slots=True)
class Comment:
    """A word on one cell, or on the whole report where `cell` is ''."""

    cell: str
    text: str


def known_cells(
    catalogue: Catalogue, submission: Submission, comments: Sequence[Comment]
) -> Sequence[Comment]:
    """The comments, each on a cell that the report has. Raises Conflict."""
    there = {cell for cell, _, _ in cells_of(catalogue, submission)} if comments else set()
    for comment in comments:
        if comment.cell and comment.cell not in there:
            where = comment.cell[:200]
            raise Conflict(vi=f"Báo cáo không có ô {where}.", en=f"There is no cell {where}.")
        if not 0 < len(comment.text.strip()) <= LONGEST or "\x00" in comment.text:
            raise Conflict(
                vi=f"Mỗi nhận xét có từ 1 đến {LONGEST} ký tự.",
                en=f"A comment has 1 to {LONGEST} characters.",
            )
    if len(comments) > MOST:
        raise Conflict(vi=f"Nhiều nhất {MOST} nhận xét.", en=f"At most {MOST} comments.")
    return comments


def cells_of(catalogue: Catalogue, submission: Submission) -> Iterator[tuple[str, str, str]]:
    """Each cell of a revision: its id, its row and column in words, and what it says."""
    form = catalogue.form(submission.form_code, submission.form_version)
    said = json.loads(submission.canonical)["tables"]
    for table in form.tables:
        rows = [
            (f"{row['section']}:{row['key']}" if row.get("section") else row["key"], row["label"],
             row["cells"])
            for row in said[table.key]["rows"]
        ]  # fmt: skip
        rows.append((TOTAL, "Tổng", said[table.key]["total"]))
        for path, label, cells in rows:
            for column in table.columns:
                words = f"{label}, {column.label}" if label else column.label
                yield f"{table.key}/{path}/{column.id}", words, cells.get(column.id, "")


def comments_of(session: Session, *, actor: Actor, submission_id: int) -> list[CellComment]:
    """What was said about a revision that the actor may see. Raises NotFound."""
    find_kept(session, actor=actor, submission_id=submission_id)
    query = select(CellComment).where(CellComment.submission_id == submission_id)
    return list(session.scalars(query.order_by(CellComment.id)))
