"""The whole country for one form and period: communes to provinces to the Government.

3,321 communes of 27 open rows each (297 figures) are consolidated for 34 provinces, and these for
the centre, editions and lists of inputs stored and committed; on SQLite and on PostgreSQL. Bare:
the same blobs read with the driver alone and added with numpy by province and row, and these again
for the country. Then how the cost grows, from 34 units to 33,210.
"""

from __future__ import annotations

import math
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from sqlalchemy import Engine, delete, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.checking import a_return
from forms.canonical import ENGINE, read_report, sha256, write_report
from forms.catalogue import Catalogue, load_forms
from forms.checking import check
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_object
from forms.returns import Report
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import (
    Door,
    Edition,
    EditionInput,
    EditionPart,
    PackedTable,
    ReportingObligation,
    ReportingUnit,
    Stand,
    Submission,
    SubmissionStatus,
    UnitKind,
)
from reporting.models.base import table_of
from reporting.services.actors import Actor
from reporting.services.consolidation import consolidate, consolidate_units
from reporting.services.packing import name_ids, pack
from tests.postgres import running_cluster

COMMUNES, PROVINCES, ROWS, FIELDS, ROUNDS = 3_321, 34, 27, 40, 5
BAR, LONGEST = 5.0, 3.0
GROWTH = (34, 332, 3_321, 33_210)
#: Reports that differ; beyond these the same are sent by further units.
_DIFFERENT = 400
LEAF, PROVINCIAL, NATIONAL = "II.06a/VPCP/KSTT", "II.06c/VPCP/KSTT", "II.9g/VPCP/KSTT"
PERIOD = Period.parse("2026-Q3")
NOW = datetime(2026, 9, 20, tzinfo=UTC)
OFFICE = Actor(name="benchmark", is_system=True)
#: The blobs of the leaf form with the province that they belong to; the driver's placeholders.
BLOBS = """
    SELECT o.receiver_id, p.row_ids, p.cells FROM packed_table p
    JOIN reporting_obligation o ON o.in_force_id = p.submission_id
    WHERE o.form_code = 'II.06a/VPCP/KSTT' AND o.period = '2026-Q3' AND p.table_key = 'a'
"""


@lru_cache(maxsize=1)
def _reports() -> tuple[Report, ...]:
    """Reports that differ in their keys and figures."""
    catalogue, chance = load_forms(), random.Random(2026)
    form = catalogue.latest(LEAF)
    fields = [entry.label for entry in catalogue.lists["linh_vuc"].entries]
    fields = (fields + [f"Lĩnh vực riêng {number}" for number in range(FIELDS)])[:FIELDS]
    circumstances = Circumstances(PERIOD.window(), catalogue.lists, "X")
    return tuple(
        check(
            form,
            read_object(
                a_return(chance.sample(fields, ROWS), is_wrong=False, chance=chance) | {"unit": "X"}
            ),
            circumstances,
        ).report
        for _ in range(_DIFFERENT)
    )


def fill(sessions: sessionmaker[Session], *, communes: int, provinces: int = PROVINCES) -> None:
    """A country whose communes have all sent one report, straight into the tables."""
    with sessions.begin() as session:
        centre = _units(session, ["CP"], UnitKind.GOVERNMENT)[0]
        above = _units(session, [f"H{n:02d}" for n in range(provinces)], UnitKind.PROVINCE)
        below = _units(session, [f"X{n:05d}" for n in range(communes)], UnitKind.COMMUNE)
        _owed(session, above, [centre] * provinces, PROVINCIAL)
        owed = _owed(session, below, [above[n % provinces] for n in range(communes)], LEAF)
        _send(session, below, owed)


def _units(session: Session, codes: Sequence[str], kind: UnitKind) -> list[int]:
    rows = [
        {
            "code": code,
            "kind": kind,
            "name_vi": code,
            "name_en": code,
            "valid_from": date(2025, 7, 1),
        }
        for code in codes
    ]
    session.execute(insert(table_of(ReportingUnit)), rows)
    ids = dict(iter(session.execute(select(ReportingUnit.code, ReportingUnit.id))))
    return [ids[code] for code in codes]


def _owed(session: Session, units: Sequence[int], receivers: Sequence[int], form: str) -> list[int]:
    window = PERIOD.window()
    same = {
        "form_code": form, "form_version": 1, "period": PERIOD.code, "window_first": window.first,
        "window_last": window.last, "opens_at": NOW, "due_at": NOW, "declared_due_at": NOW,
        "stand": Stand.MISSING, "revisions": 0,
    }  # fmt: skip
    rows = [
        same | {"unit_id": unit, "receiver_id": receiver}
        for unit, receiver in zip(units, receivers, strict=True)
    ]
    session.execute(insert(table_of(ReportingObligation)), rows)
    query = select(ReportingObligation.unit_id, ReportingObligation.id).where(
        ReportingObligation.form_code == form
    )
    ids = dict(iter(session.execute(query)))
    return [ids[unit] for unit in units]


def _send(session: Session, units: Sequence[int], owed: Sequence[int]) -> None:
    """One revision of each unit, in force, with its packed cells."""
    form, reports = load_forms().latest(LEAF), _reports()
    names = name_ids(session, (name for one in reports for name in one.tables["a"].names))
    contents = [write_report(form, one) for one in reports]
    packed = [pack(0, "a", one.tables["a"], names) for one in reports]
    for start in range(0, len(units), 2_000):
        numbers = range(start, min(start + 2_000, len(units)))
        session.execute(
            insert(table_of(Submission)),
            [
                {
                    "id": number + 1, "obligation_id": owed[number], "unit_id": units[number],
                    "form_code": LEAF, "form_version": 1, "period": PERIOD.code, "revision": 1,
                    "status": SubmissionStatus.RECEIVED, "engine": ENGINE,
                    "content_sha256": sha256(contents[number % len(contents)]),
                    "canonical": contents[number % len(contents)], "file": b"{}", "file_name": "",
                    "file_sha256": sha256(b"{}"), "received_at": NOW, "recorded_at": NOW,
                    "is_on_time": True, "door": Door.API, "actor": "benchmark", "issues": [],
                }
                for number in numbers
            ],
        )  # fmt: skip
        session.execute(
            insert(table_of(PackedTable)),
            [packed[number % len(packed)] | {"submission_id": number + 1} for number in numbers],
        )
    session.execute(
        text(
            "UPDATE reporting_obligation SET in_force_id = (SELECT s.id FROM submission s WHERE "
            "s.obligation_id = reporting_obligation.id), revisions = 1 WHERE form_code = :form"
        ),
        {"form": LEAF},
    )


def bare_sums(rows: Sequence[tuple[int, bytes, bytes]]) -> npt.NDArray[np.int64]:
    """Sums by province and row, and of these for the country, with numpy alone."""
    receivers = np.repeat(
        np.array([row[0] for row in rows], np.int64), [len(row[1]) // 4 for row in rows]
    )
    ids = np.frombuffer(b"".join([row[1] for row in rows]), "<i4").astype(np.int64)
    cells = np.frombuffer(b"".join([row[2] for row in rows]), "<i8").reshape(-1, 11)
    keys, place = np.unique(receivers * 2**32 + ids, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    by_row = np.add.reduceat(cells[order], starts, axis=0)
    _, firsts = np.unique(keys >> 32, return_index=True)
    by_province = np.add.reduceat(by_row, firsts, axis=0)
    total: npt.NDArray[np.int64] = by_province.sum(axis=0)
    return total


def whole_country(sessions: sessionmaker[Session], catalogue: Catalogue) -> float:
    """Seconds for provinces and centre, stored and committed."""
    start = time.perf_counter()
    with sessions.begin() as session:
        units = session.scalars(
            select(ReportingUnit).where(ReportingUnit.kind == UnitKind.PROVINCE)
        ).all()
        same: dict[str, Any] = {
            "actor": OFFICE, "period": PERIOD, "catalogue": catalogue, "clock": lambda: NOW,
        }  # fmt: skip
        consolidate_units(session, form=catalogue.latest(PROVINCIAL), units=units, **same)
        centre = session.scalars(
            select(ReportingUnit).where(ReportingUnit.kind == UnitKind.GOVERNMENT)
        ).one()
        consolidate(
            session, form=catalogue.latest(NATIONAL), unit=centre, with_estimates=True, **same
        )
    return time.perf_counter() - start


def _take_away(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        for table in (EditionPart, EditionInput, Edition):
            session.execute(delete(table))


def _same_totals(
    sessions: sessionmaker[Session], catalogue: Catalogue, total: npt.NDArray[np.int64]
) -> None:
    """The national edition is worth nothing if it does not say what the leaves say."""
    form = catalogue.latest(NATIONAL)
    with sessions() as session:
        query = select(Edition.canonical).where(Edition.form_code == NATIONAL)
        stated = read_report(form, session.scalars(query).one()).tables["a"]
    leaf = [column.id for column in catalogue.latest(LEAF).table_by_key["a"].figures]
    index = form.table_by_key["a"].figure_index
    mapped = {f"c{n}": f"c{n}" for n in range(3, 14)}
    found = [int(stated.total_values[index[mapped[column]]]) for column in leaf]
    if found != total.tolist():
        raise AssertionError(f"the edition says {found}, its leaves add up to {total.tolist()}")


Reader = Callable[[], Sequence[tuple[int, bytes, bytes]]]


def _read_sqlite(path: Path) -> Sequence[tuple[int, bytes, bytes]]:
    connection = sqlite3.connect(path)
    rows = connection.execute(BLOBS).fetchall()
    connection.close()
    return rows


def _read_postgresql(url: str) -> Sequence[tuple[int, bytes, bytes]]:
    with psycopg.connect(url) as connection:
        return connection.execute(BLOBS, binary=True).fetchall()


@contextmanager
def _stores() -> Iterator[Mapping[str, tuple[Engine, Reader]]]:
    """A store on each database, and how its blobs are read with the driver alone."""
    with tempfile.TemporaryDirectory() as folder, running_cluster(as_on_a_server=True) as url:
        path = Path(folder) / "country.sqlite3"
        plain = url.replace("postgresql+psycopg", "postgresql")
        engines = {
            "SQLite": (make_engine(f"sqlite:///{path}"), lambda: _read_sqlite(path)),
            "PostgreSQL": (make_engine(url), lambda: _read_postgresql(plain)),
        }
        yield engines
        for engine, _ in engines.values():
            engine.dispose()


def _measure(name: str, engine: Engine, read: Reader, catalogue: Catalogue) -> dict[str, Any]:
    migrate(engine)
    sessions = make_session_factory(engine)
    fill(sessions, communes=COMMUNES)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    ours, bare, total = math.inf, math.inf, np.zeros(0, np.int64)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        total = bare_sums(read())
        bare = min(bare, time.perf_counter() - start)
        ours = min(ours, whole_country(sessions, catalogue))
        _same_totals(sessions, catalogue, total)
        _take_away(sessions)
    ratio = ours / bare
    return {
        "name": f"{COMMUNES} communes, {PROVINCES} provinces, country: {name}",
        "ours": round(ours, 4),
        "bare": round(bare, 4),
        "unit": "s",
        "ratio": round(ratio, 2),
        "bar": f"<= {BAR:.0f}, < {LONGEST:.0f} s",
        "met": ratio <= BAR and ours < LONGEST,
    }


def _growth(catalogue: Catalogue) -> dict[str, Any]:
    """The exponent of cost against units: the slope of a line through the logarithms."""
    seconds = []
    for communes in GROWTH:
        with tempfile.TemporaryDirectory() as folder:
            engine = make_engine(f"sqlite:///{Path(folder) / 'growth.sqlite3'}")
            migrate(engine)
            sessions = make_session_factory(engine)
            fill(sessions, communes=communes)
            best = math.inf
            for _ in range(3):
                best = min(best, whole_country(sessions, catalogue))
                _take_away(sessions)
            seconds.append(best)
            engine.dispose()
    slope = float(np.polyfit(np.log(GROWTH), np.log(seconds), 1)[0])
    steepest = max(
        math.log(seconds[at + 1] / seconds[at]) / math.log(GROWTH[at + 1] / GROWTH[at])
        for at in range(len(GROWTH) - 1)
    )
    shown = ", ".join(f"{n}: {s:.3f}" for n, s in zip(GROWTH, seconds, strict=True))
    return {
        "name": f"growth with units (s: {shown})",
        "ours": round(steepest, 2),
        "bare": round(slope, 2),
        "unit": "exponent, steepest and whole",
        "ratio": round(steepest, 2),
        "bar": "<= 1",
        "met": steepest <= 1.0,
    }


def run() -> list[dict[str, Any]]:
    """Measure on both databases, then how it grows."""
    catalogue = load_forms()
    with _stores() as stores:
        found = [_measure(name, engine, read, catalogue) for name, (engine, read) in stores.items()]
    return [*found, _growth(catalogue)]


if __name__ == "__main__":
    for line in run():
        print(line)
