"""A benchmark measures what is right: what it does is held against what it is compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.consolidating import bare_sum, fill, one_edition
from reporting.db import make_engine, make_session_factory, migrate
from tests.builders import shipped_forms


def test_an_edition_is_measured_only_with_the_totals_of_its_parts(tmp_path: Path) -> None:
    """Every column of the edition is the sum of that column of the parts, or nothing is told."""
    path = tmp_path / "bench.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    sessions = make_session_factory(engine)
    root = fill(sessions, shipped_forms(), units=3)
    _, totals = bare_sum(path)
    assert one_edition(sessions, shipped_forms(), root, totals) > 0
    totals[-1] += 1
    with pytest.raises(AssertionError, match="its parts add up to"):
        one_edition(sessions, shipped_forms(), root, totals)
    engine.dispose()
