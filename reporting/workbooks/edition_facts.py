"""What a consolidated workbook says about its edition, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from forms.form_heading import HEAD_OF_UNIT
from forms.locating_tables import PREPARED_BY
from forms.period import Period, Window
from forms.target_counts import TargetCount


@dataclass(frozen=True, slots=True)
class InputFacts:
    """One revision that went into an edition."""

    unit_code: str
    unit_name: str
    submission_id: int
    revision: int
    content_sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ExplainedFacts:
    """Why a warning about one report that went in is as it should be, and who says so."""

    unit_code: str
    unit_name: str
    cell: str
    warning: str
    text: str
    actor: str


@dataclass(frozen=True, slots=True)
class MovedFacts:
    """What became of a unit, in which share; `share` is '' for all of it."""

    old_code: str
    old_name: str
    new_code: str
    new_name: str
    share: str


@dataclass(frozen=True)
class RestatedFacts:
    """On which map an edition is shown, and how it came there.

    `editions` are unit, number, hash and share of each edition that is in the figures; `estimated`
    are the paths of estimated rows by table; `remarks` is what else there is to say.
    """

    on: date
    editions: Sequence[tuple[str, int, str, str]]
    moved: Sequence[MovedFacts] = ()
    estimated: Mapping[str, frozenset[str]] = field(default_factory=dict)
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class EditionFacts:
    """One edition of a consolidated form; `restated` where it is shown on another map of units.

    `publish_from` is how many in a hundred of the reports must be in before it is published;
    `is_final` whether all were accepted, None where that was not kept.

    `coverage` is what services.consolidation.coverage_of gives; `issues` are stored issues, as
    services.receipts.issues_as_data gives them. `targets` are the indicators that have a target for
    the year, and `whole` is what all units of the edition are called in a sentence.
    """

    number: int
    unit_code: str
    unit_name: str
    period: Period
    window: Window
    cut_off_at: datetime
    sha256: str
    coverage: Mapping[str, Any] = field(default_factory=dict)
    issues: Sequence[Mapping[str, Any]] = ()
    inputs: Sequence[InputFacts] = ()
    explanations: Sequence[ExplainedFacts] = ()
    targets: Sequence[TargetCount] = ()
    whole: str = ""
    prepared_title: str = PREPARED_BY
    signer_title: str = HEAD_OF_UNIT
    publish_from: int = 0
    is_final: bool | None = None
    restated: RestatedFacts | None = None
    erratum: str = ""  # of which edition, and why
