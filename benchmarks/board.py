"""The board of one period among 3,400 units x 50 forms x 12 periods, by province and form.

Two million obligations on PostgreSQL. Bare: the same count as plain SQL through the driver. The
bar is 200 ms for the 95th of a hundred (of forty calls), for the service and for the whole page,
with its choice of periods, its total and its markup.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import psycopg
import sqlalchemy as sa

from reporting.app import create_app
from reporting.db import make_engine, make_session_factory, migrate
from reporting.services.actors import Actor
from reporting.services.board import board
from reporting.settings import Settings
from tests.postgres import running_cluster

UNITS, FORMS, PERIODS, RECEIVERS = 3_400, 50, 12, 34
CALLS = 40
BAR_MS = 200.0
PERIOD = "2026-06"

_FILL = """
INSERT INTO reporting_unit (id, code, kind, name_vi, name_en, valid_from)
SELECT n, 'U' || n, CASE WHEN n <= 34 THEN 'province' ELSE 'commune' END, 'Đơn vị ' || n,
       'Unit ' || n, '2025-07-01'
FROM generate_series(1, 3434) n;
INSERT INTO reporting_obligation (unit_id, receiver_id, form_code, form_version, period,
    window_first, window_last, opens_at, declared_due_at, due_at, stand)
SELECT 34 + u, 1 + u % 34, 'F.' || lpad(f::text, 2, '0'), 1, '2026-' || lpad(p::text, 2, '0'),
       '2026-01-15', '2026-02-14', '2026-01-15', '2026-02-19', '2026-02-19',
       (ARRAY['missing', 'on_time', 'late', 'returned', 'waived'])[1 + (u * 7 + f * 3 + p) % 5]
FROM generate_series(1, 3400) u, generate_series(1, 50) f, generate_series(1, 12) p;
"""

_BARE = """
SELECT form_code, receiver_id, stand, count(*) FROM reporting_obligation
WHERE period = %s GROUP BY form_code, receiver_id, stand
"""


def run() -> list[dict[str, Any]]:
    """One line: the 95th of the calls, in milliseconds."""
    with running_cluster(as_on_a_server=True) as url:
        engine = make_engine(url)
        migrate(engine)
        plain = url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(_FILL)
            connection.execute("VACUUM ANALYZE")
            bare = _p95(lambda: connection.execute(_BARE, [PERIOD]).fetchall())
        sessions = make_session_factory(engine, reading=True)
        actor = Actor(name="centre", is_system=True)

        def ours() -> int:
            with sessions() as session:
                return len(board(session, actor=actor, period=PERIOD))

        lines = ours()
        if lines != FORMS * RECEIVERS:
            raise AssertionError(f"the board has {lines} lines, not {FORMS * RECEIVERS}")
        took, page = _p95(ours), _p95(_reading(url))
        with engine.connect() as checked:
            stored = checked.execute(sa.text("SELECT count(*) FROM reporting_obligation"))
            count = stored.scalar_one()
        engine.dispose()
    return [
        _told(f"board of one period, {count:,} obligations (p95)", took, bare),
        _told("the same as a page (p95)", page, bare),
    ]


def _told(name: str, took: float, bare: float) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(took, 1),
        "bare": round(bare, 1),
        "unit": "ms",
        "ratio": round(took / bare, 2),
        "bar": f"< {BAR_MS:.0f} ms",
        "met": took < BAR_MS,
    }


def _reading(url: str) -> Callable[[], None]:
    """A reader of the page on this store, who asks for it by receiving unit."""
    app = create_app(Settings(database_url=url, secret_key="k" * 40))  # noqa: S106 - a benchmark
    reader = app.test_client()

    def read() -> None:
        answer = reader.get(f"/board?period={PERIOD}&by=receiver")
        if answer.status_code != HTTPStatus.OK or "F.01" not in answer.text:
            raise AssertionError(f"the page answers {answer.status}")

    return read


def _p95(call: Any) -> float:
    call()
    times = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[int(CALLS * 0.95) - 1]
