"""How values look on a page: instants in local time, periods and kinds in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import render_template
from markupsafe import Markup

from forms.cumulating import parts_until
from forms.period import BadPeriod, Period
from forms.unit_kinds import KINDS as NAMES
from reporting.http import current_parts
from reporting.models import UnitKind

#: The kinds of units in the order in which a page lists them.
KINDS: Mapping[UnitKind, str] = {UnitKind(kind): vi for kind, (vi, _) in NAMES.items()}


def render(template: str, **values: Any) -> str:
    """A page, with the words that every page needs."""
    return render_template(
        template, local=local_time, day=day, period_label=period_label, percent=percent, **values
    )


def day(value: date) -> str:
    """A day as it is written in Vietnam."""
    return f"{value:%d/%m/%Y}"


def percent(value: Decimal) -> str:
    """A rate with the comma that Vietnamese has for the decimal point."""
    return f"{value} %".replace(".", ",")


def local_time(instant: datetime | None, *, seconds: bool = False) -> str:
    """An instant as a clock on the wall shows it where due dates are dates."""
    if instant is None:
        return ""
    at = instant.astimezone(current_parts().settings.time_zone)
    return f"{at:%H:%M:%S, %d/%m/%Y}" if seconds else f"{at:%H:%M, %d/%m/%Y}"


def period_label(code: str) -> str:
    """A period in words; a code that is none, as it is."""
    try:
        return Period.parse(code).label_vi
    except BadPeriod:
        return code


def year_until(code: str) -> str:
    """The quarters, or months, of a year up to one of them; any other period by itself."""
    period = Period.parse(code)
    return ",".join(part.code for part in parts_until(period)) or period.code


def figure(value: Decimal | int, *, sign: bool = False) -> str:
    """A figure as it is written in Vietnam: 1.234,5."""
    exact = Decimal(value)
    text = f"{exact:+,f}" if sign and exact else f"{exact:,f}"
    return text.translate({ord(","): ".", ord("."): ","})


def digest_in_groups(digest: str) -> Markup:
    """A SHA-256 in groups of eight, which wrap and are read out more easily."""
    groups = (digest[at : at + 8] for at in range(0, len(digest), 8))
    return Markup(" ").join(groups)
