"""What is asked when a return is made up: whose, on which form, for when, agreeing with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from forms.code_lists import CodeList
from forms.definition import FormVersion
from forms.period import Period, Window
from jobs.demo.made_return import MadeReturn


@dataclass(frozen=True, slots=True)
class Occasion:
    """One return that is wanted: which form, of whom, for when, and what it must agree with.

    `others` has the last period's return under `previous`, and returns on other forms of the
    same unit and period under the codes of those forms.
    """

    form: FormVersion
    unit: str
    kind: str
    period: Period
    window: Window
    unit_name: str = ""
    lists: Mapping[str, CodeList] = field(default_factory=dict)
    others: Mapping[str, MadeReturn] = field(default_factory=dict)
