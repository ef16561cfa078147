"""What the sender is told: the verdict on a return, and the receipt of one that was taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from forms.canonical import canonical_json
from forms.definition import Severity
from forms.issues import EN, VI, Issue, sentence
from forms.returns import Report
from reporting.services.signing import is_good

_HA_NOI = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Proof:
    """What makes a receipt a proof: the line of the audit, its hash, and who signed it with what.

    `body` is canonical JSON; whoever has the public key of `key_id` can check it without us.
    """

    body: bytes
    sha256: str
    key_id: str
    signature: str

    def is_good(self, keys: Mapping[str, str]) -> bool:
        """Whether the signature is that of the key, among the public keys that are trusted."""
        return is_good(keys.get(self.key_id, ""), self.body, self.signature)

    def as_data(self) -> dict[str, Any]:
        """The file of a receipt, as `verify_receipt.py` reads it."""
        return {
            "body": orjson.loads(self.body),
            "key_id": self.key_id,
            "sha256": self.sha256,
            "signature": self.signature,
        }

    def as_file(self) -> bytes:
        """The same to the byte as it is handed out: canonical JSON on one line."""
        return canonical_json(self.as_data()) + b"\n"


class Verdict(StrEnum):
    """What became of a return."""

    RECEIVED = "received"  # a new revision
    REPEATED = "repeated"  # the same as the revision in force: the same receipt
    REFUSED = "refused"  # kept as a refused attempt; no revision
    FIGURES_GOOD = "figures_good"  # of a trial: nothing is wrong with it, and it is not due now


#: What stands against receiving now, and says nothing about the figures.
NOT_NOW = ("not_owed", "period_not_open", "period_closed", "already_accepted")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a sender. `number` is '' where nothing was received."""

    verdict: Verdict
    form: str
    unit: str
    period: str
    issues: tuple[Issue, ...]
    number: str = ""
    submission_id: int = 0
    version: int = 0
    revision: int = 0
    content_sha256: str = ""
    file_sha256: str = ""
    received_at: datetime | None = None
    due_at: datetime | None = None
    is_on_time: bool = False
    unit_name: str = ""
    attempt_id: int = 0
    signer: str = ""
    reason: str = ""
    proof: Proof | None = None
    report: Report | None = None  # the figures as they were read, where a return was only tried

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What refuses."""
        return tuple(issue for issue in self.issues if issue.severity is Severity.ERROR)

    @property
    def hindrances(self) -> tuple[Issue, ...]:
        """The errors that say nothing about the figures: it is not asked for, or not now."""
        return tuple(issue for issue in self.errors if issue.code in NOT_NOW)

    @property
    def disagreements(self) -> tuple[Issue, ...]:
        """What a return that is right in itself does not agree with: rules over other reports.

        They are errors that refuse nothing: they block acceptance until both sides agree.
        """
        if self.verdict is Verdict.REFUSED:
            return ()
        return tuple(issue for issue in self.errors if issue not in self.hindrances)

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What is received and wants an explanation."""
        return tuple(issue for issue in self.issues if issue.severity is Severity.WARNING)


def verdict_beforehand(issues: Iterable[Issue]) -> Verdict:
    """What sending would bring, told apart by whether it is the figures that stand against it."""
    errors = [issue for issue in issues if issue.severity is Severity.ERROR]
    if any(issue.code not in NOT_NOW for issue in errors):
        return Verdict.REFUSED
    return Verdict.FIGURES_GOOD if errors else Verdict.RECEIVED


def receipt_number(submission_id: int, received_at: datetime) -> str:
    """The number on a receipt: the day in Hà Nội and the number of the revision."""
    day = received_at.astimezone(_HA_NOI)
    return f"{day.year:04d}{day.month:02d}{day.day:02d}-{submission_id:06d}"


def issues_as_data(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Issues as they are stored."""
    return [asdict(issue) | {"severity": issue.severity.value} for issue in issues]


def issues_from_data(data: Iterable[dict[str, Any]]) -> tuple[Issue, ...]:
    """Issues as they were stored."""
    return tuple(Issue(**{**item, "severity": Severity(item["severity"])}) for item in data)


def issue_for_people(issue: Issue) -> dict[str, Any]:
    """An issue as the API and the command line show it, with its sentences."""
    return {
        "code": issue.code,
        "severity": issue.severity.value,
        "cell_id": issue.cell,
        "cell": issue.address,
        "sheet_cell": issue.place,
        "label": issue.label,
        "given": issue.given,
        "expected": issue.expected,
        "rule": issue.rule,
        "rule_id": issue.rule_id,
        "message_vi": sentence(issue, VI),
        "message_en": sentence(issue, EN),
    }
