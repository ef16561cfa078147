"""What became of each return that was sent: noted, held against what must be, and shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.demo.sending import Answer
from jobs.demo.stage import Wrong
from jobs.demo.telling import Teller
from reporting.services.units import UnitView

_SHOWN_ACCEPTED = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """One return that was sent, what was wrong with it on purpose, and the server's answer."""

    unit: UnitView
    form: str
    answer: Answer
    mistake: str = ""
    code: str = ""  # the issue that the mistake must give

    @property
    def verdict(self) -> str:
        """In a word."""
        if not self.answer.is_received:
            return "refused"
        if self.answer.status == 200:
            return "the same again"
        return "on time" if self.answer.data["is_on_time"] else "late"

    def prove(self) -> None:
        """Raise Wrong unless the server said what it must say."""
        if not self.code:
            if not self.answer.is_received:
                raise Wrong(f"{self.form} of {self.unit.code} is right and was refused: {self.why}")
            return
        if self.answer.status != 422:
            raise Wrong(f"{self.form} of {self.unit.code} has {self.mistake}: {self.answer.status}")
        codes = [issue["code"] for issue in self.answer.errors]
        if self.code not in codes:
            raise Wrong(f"{self.form} of {self.unit.code} has {self.mistake}: {codes}")

    @property
    def why(self) -> str:
        """The sentence of the server about the mistake, as it came."""
        issue = self._issue
        return issue["message_vi"] if issue else str(self.answer.data.get("detail", ""))

    @property
    def place(self) -> str:
        """Where in the workbook, or in the form where it came as JSON."""
        issue = self._issue
        return str(issue["sheet_cell"] or issue["cell"]) if issue else ""

    @property
    def _issue(self) -> dict[str, Any] | None:
        issues = self.answer.data.get("issues", [])
        return next((i for i in issues if i["code"] == self.code), issues[0] if issues else None)


def show_counts(tell: Teller, title: str, sent: Iterable[Sent]) -> None:
    """How many returns of each form were on time, late, refused."""
    verdicts = ("on time", "late", "the same again", "refused")
    counted: dict[str, Counter[str]] = {}
    warned: Counter[str] = Counter()
    for one in sent:
        counted.setdefault(one.form, Counter())[one.verdict] += 1
        if one.answer.is_received and one.answer.data["issues"]:
            warned[one.form] += 1
    rows = [
        (form, sum(counts.values()), *(counts[verdict] for verdict in verdicts), warned[form])
        for form, counts in counted.items()
    ]
    names = ["form", "#sent", *(f"#{verdict}" for verdict in verdicts), "#with warnings"]
    tell.table(title, names, rows)


def show_accepted(tell: Teller, title: str, sent: Iterable[Sent]) -> None:
    """Whose returns were received, kind by kind: how many units, and the first of them by name."""
    names: dict[str, dict[str, str]] = {}
    for one in sent:
        if one.answer.is_received:
            names.setdefault(one.unit.kind, {})[one.unit.code] = one.unit.name_vi
    rows = []
    for kind, units in names.items():
        who = "; ".join(list(units.values())[:_SHOWN_ACCEPTED])
        more = len(units) - _SHOWN_ACCEPTED
        shown = f"{who}; and {more} more" if more > 0 else who
        rows.append((kind.replace("_", " "), len(units), shown))
    tell.table(title, ["kind", "#units", "who"], rows)


def show_refusals(tell: Teller, title: str, sent: Sequence[Sent]) -> None:
    """Who was refused and why, in the words of the server."""
    refused = [one for one in sent if not one.answer.is_received]
    rows = [(one.unit.name_vi, one.form, one.mistake, one.place, one.why) for one in refused]
    tell.table(title, ["unit", "form", "what was done", "where", "what the server said"], rows)


def show_warnings(tell: Teller, title: str, sent: Sequence[Sent]) -> None:
    """What was received all the same and wants an explanation: the first of each return."""
    warned = [one for one in sent if one.answer.is_received and one.answer.data["issues"]]
    rows = [(one.unit.name_vi, one.form, len(one.answer.data["issues"]), one.why) for one in warned]
    if rows:
        tell.table(title, ["unit", "form", "#warnings", "the first of them"], rows)
