"""A demonstration may have a day of its own; a production service may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reporting.parts import shifted_clock
from reporting.settings import BadSettings, Settings

NOON = datetime(2026, 9, 16, 12, tzinfo=UTC)


def test_the_clock_is_shifted_by_the_setting() -> None:
    """The offset is added; without one the clock is left as it is."""
    offset = Settings.from_env({"REPORTING_CLOCK_OFFSET": "-86400"}).clock_offset
    assert shifted_clock(lambda: NOON, offset)() == NOON - timedelta(days=1)
    assert shifted_clock(lambda: NOON, Settings.from_env({}).clock_offset)() == NOON


@pytest.mark.parametrize("text", ["1.5", "tomorrow", "-", "--3", "99999999999"])
def test_an_offset_is_a_whole_number_of_seconds(text: str) -> None:
    """Anything else is a fault that names the variable."""
    with pytest.raises(BadSettings, match="REPORTING_CLOCK_OFFSET"):
        Settings.from_env({"REPORTING_CLOCK_OFFSET": text})


def test_production_runs_on_the_true_clock() -> None:
    """An offset in production stops the start, because lateness would be a matter of settings."""
    with pytest.raises(BadSettings, match="REPORTING_CLOCK_OFFSET"):
        Settings.from_env(
            {
                "REPORTING_ENVIRONMENT": "production",
                "REPORTING_SECRET_KEY": "x" * 32,
                "REPORTING_CLOCK_OFFSET": "60",
            }
        )
