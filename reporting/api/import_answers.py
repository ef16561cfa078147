"""What every door of imports asks and answers: whether only to look over, and every fault."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields

from reporting.api.problems import problem
from reporting.failures import Failure
from reporting.services.import_faults import ImportFault
from reporting.services.import_files import ImportResult

_MOST_FAULTS = 1_000


class ImportArguments(Schema):
    """Whether only to look it over."""

    dry_run = fields.Boolean(load_default=False)


def faulty(done: ImportResult) -> Any:
    """422 with every fault by line and column."""
    count = len(done.faults)
    failure = Failure(
        422,
        f"Chưa nạp dòng nào: có {count} lỗi.",
        f"Nothing was loaded: {count} {'fault' if count == 1 else 'faults'}.",
    )
    return problem(failure, faults=shown_faults(done.faults))


def shown_faults(faults: Iterable[ImportFault]) -> list[dict[str, Any]]:
    """The first thousand faults or doubts, each with its place and its sentences."""
    return [
        {
            "line": fault.line,
            "column": fault.column,
            "code": fault.code,
            "vi": fault.sentence("vi"),
            "en": fault.sentence("en"),
        }
        for fault in list(faults)[:_MOST_FAULTS]
    ]
