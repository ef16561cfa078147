"""Receiving a 297-figure JSON report through the whole HTTP door, on PostgreSQL with fsync.

Ours is set up as docs/operating.md tells for a server. Bare: a Flask route that inserts the same
bytes, on the same gunicorn settings and the same cluster. A third is our own application without
rights, audit and receipt, which tells what these cost. The rounds alternate, so that a noisy
machine troubles all alike.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from secrets import token_urlsafe
from statistics import median
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.checking import a_return
from forms.catalogue import load_forms
from forms.period import Period
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import ReportingObligation, ReportingUnit, UnitKind
from reporting.services.actors import Actor
from reporting.services.clients import create_client
from reporting.services.signing import ServerKey
from tests.postgres import running_cluster

UNITS = 250
ROUNDS = 9
#: Each round of ours and of ours without proof sends for units that have sent nothing yet, as the
#: first returns of a period are: an amendment is also compared with what it takes the place of.
SETS = 3 + 2 * ROUNDS
SENDERS = 8
BAR = 0.35
MOST_COST = 1.4
#: The requests of all senders are counted, and never too many.
NO_BOUND = dict.fromkeys(("REPORTING_RATE_PER_ADDRESS", "REPORTING_RATE_PER_ACTOR"), "100000000")


def run() -> list[dict[str, Any]]:
    """Measure requests a second: the median of the rounds, and of the ratios of each round."""
    with running_cluster(as_on_a_server=True) as url:
        token = _fill(url)
        plain = url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain) as connection:
            connection.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, body bytea)")
        ours_settings = _as_in_production(url)
        with (
            _serving("wsgi:app", ours_settings) as ours_port,
            _serving("benchmarks.without_proof:app", ours_settings) as plain_port,
            _serving("benchmarks.bare_door:app", {"BARE_DATABASE_URL": plain}) as bare_port,
        ):
            _warm_up((ours_port, plain_port, bare_port), token, plain)
            rounds = [
                (
                    _rate(bare_port, _bodies(number), token),
                    _rate(ours_port, _bodies(3 + number), token),
                    _rate(plain_port, _bodies(3 + ROUNDS + number), token),
                )
                for number in range(ROUNDS)
            ]
    bare, ours, unproved = (median(rates) for rates in zip(*rounds, strict=True))
    # Of the rates of one round, since the machine is another from one minute to the next.
    share = median(mine / other for other, mine, _ in rounds)
    cost = median(other / mine for _, mine, other in rounds)
    return [
        {
            "name": "receive 297 figures over HTTP, PostgreSQL, fsync on",
            "ours": round(ours),
            "bare": round(bare),
            "unit": "requests/s",
            "ratio": round(share, 3),
            "bar": BAR,
            "met": share >= BAR,
        },
        {
            "name": "receive with rights, audit and receipt, against without: cost",
            "ours": round(ours),
            "bare": round(unproved),
            "unit": "requests/s",
            "ratio": round(cost, 2),
            "bar": f"<= {MOST_COST}",
            "met": cost <= MOST_COST,
        },
    ]


def _warm_up(ports: Sequence[int], token: str, database: str) -> None:
    """A first round of each, so that a store is measured that knows how large its tables are.

    PostgreSQL plans for an empty table to read all of it, and keeps to such a plan until it has
    counted anew, as it does by itself every minute.
    """
    for number, port in enumerate(ports):
        _rate(port, _bodies(number), token)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _fill(url: str) -> str:
    """Units that owe II.06a for 2026-Q3, and the token of the centre."""
    engine = make_engine(url)
    migrate(engine)
    now = datetime.now(UTC)
    window = Period.parse("2026-Q3").window()
    with make_session_factory(engine).begin() as session:
        for number in range(UNITS * SETS):
            code = f"X{number:05d}"
            unit = ReportingUnit(
                code=code,
                kind=UnitKind.COMMUNE,
                name_vi=code,
                name_en=code,
                valid_from=date(2025, 7, 1),
            )
            session.add(unit)
            session.flush()
            session.add(
                ReportingObligation(
                    unit_id=unit.id,
                    form_code="II.06a/VPCP/KSTT",
                    form_version=1,
                    period="2026-Q3",
                    window_first=window.first,
                    window_last=window.last,
                    opens_at=now - timedelta(days=1),
                    due_at=now + timedelta(days=1),
                    declared_due_at=now + timedelta(days=1),
                )
            )
        actor = Actor(name="benchmark", is_system=True)
        token = create_client(session, actor=actor, name="benchmark", unit_id=None, now=now)[1]
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()
    return token


def _as_in_production(url: str) -> dict[str, str]:
    secrets_made = {
        "REPORTING_SECRET_KEY": token_urlsafe(32),
        "REPORTING_SIGNING_KEY": ServerKey.new().private_pem().decode(),
    }
    where = {"REPORTING_ENVIRONMENT": "production", "REPORTING_DATABASE_URL": url}
    return where | secrets_made | NO_BOUND


def _bodies(number: int) -> list[bytes]:
    fields = [entry.label for entry in load_forms().lists["linh_vuc"].entries][:27]
    chance = random.Random(number)
    return [
        json.dumps(
            a_return(fields, is_wrong=False, chance=chance) | {"unit": f"X{unit:05d}"},
            ensure_ascii=False,
        ).encode()
        for unit in range(UNITS * number, UNITS * (number + 1))
    ]


@contextmanager
def _serving(app: str, variables: dict[str, str]) -> Iterator[int]:
    """A gunicorn of four workers, two for each processor; ended with all of its process group."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "4", "--timeout", "120", "--log-level", "error", app]
    server = subprocess.Popen(command, env=os.environ | variables, start_new_session=True)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=20)
        with suppress(ProcessLookupError):  # A worker that is stuck outlives its master.
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(port: int) -> None:
    for _attempt in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _rate(port: int, bodies: Sequence[bytes], token: str) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        for answers in pool.map(
            lambda mine: _send(port, mine, token), [bodies[n::SENDERS] for n in range(SENDERS)]
        ):
            wrong = [status for status in answers if status != http.HTTPStatus.CREATED]
            if wrong:
                raise RuntimeError(f"answers other than 201: {wrong[:5]}")
    return len(bodies) / (time.perf_counter() - start)


def _send(port: int, bodies: Sequence[bytes], token: str) -> list[int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    answers = []
    for body in bodies:
        connection.request("POST", "/api/v1/submissions", body, headers)
        answer = connection.getresponse()
        answer.read()
        answers.append(answer.status)
    connection.close()
    return answers


if __name__ == "__main__":
    for line in run():
        print(line)
