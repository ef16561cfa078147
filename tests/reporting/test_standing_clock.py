"""A demonstration may have a day of its own; a production service may not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reporting.parts import clock_of
from reporting.settings import BadSettings, Settings

NOON = datetime(2026, 9, 16, 12, tzinfo=UTC)


def test_the_clock_stands_where_the_setting_says() -> None:
    """An instant that is set is the only one there is; without it the true clock runs."""
    standing = Settings.from_env({"REPORTING_CLOCK_STANDS_AT": "2026-09-20T10:00:00+07:00"})
    assert clock_of(standing, lambda: NOON)() == datetime(2026, 9, 20, 3, tzinfo=UTC)
    assert clock_of(Settings.from_env({}), lambda: NOON)() == NOON


@pytest.mark.parametrize("text", ["1.5", "tomorrow", "2026-09-20T10:00:00", "16/9/2026"])
def test_an_instant_has_its_zone(text: str) -> None:
    """Anything else is a fault that names the variable."""
    with pytest.raises(BadSettings, match="REPORTING_CLOCK_STANDS_AT"):
        Settings.from_env({"REPORTING_CLOCK_STANDS_AT": text})


def test_production_runs_on_the_true_clock() -> None:
    """Lateness would be a matter of settings otherwise."""
    with pytest.raises(BadSettings, match="REPORTING_CLOCK_STANDS_AT"):
        Settings.from_env(
            {
                "REPORTING_ENVIRONMENT": "production",
                "REPORTING_SECRET_KEY": "x" * 32,
                "REPORTING_CLOCK_STANDS_AT": "2026-09-20T10:00:00+07:00",
            }
        )
