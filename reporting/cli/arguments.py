"""What commands are given, within what the store and the calendar can hold."""

from __future__ import annotations

from datetime import datetime

import click

from forms.period import FIRST_DAY, LAST_DAY

#: The number of a row: larger ones do not exist, and no database takes them.
NUMBER = click.IntRange(0, 2**63 - 1)


class DayType(click.DateTime):
    """A day, or an instant, of the years in which a period may be."""

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The day; one that no period can have to do with is refused."""
        day: datetime = super().convert(value, param, ctx)
        if not FIRST_DAY <= day.date() <= LAST_DAY:
            self.fail(f"{value} is not between {FIRST_DAY} and {LAST_DAY}", param, ctx)
        return day


DAY = DayType(["%Y-%m-%d", "%d/%m/%Y"])
INSTANT = DayType(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])
