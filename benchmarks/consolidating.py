"""Consolidating II.06a of 3,321 units (27 open rows each, 297 figures) against a bare numpy sum.

Bare: the same blobs read with the driver alone and added with numpy. Ours: the whole act, with
coverage, the list of inputs, canonical bytes, and the edition stored and committed.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.checking import a_return
from forms.canonical import ENGINE, read_report, sha256, write_report
from forms.catalogue import Catalogue, load_forms
from forms.checking import check
from forms.definition import FormVersion
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_object
from forms.returns import Report
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import (
    Door,
    Edition,
    EditionInput,
    PackedTable,
    ReportingObligation,
    ReportingUnit,
    Submission,
    SubmissionStatus,
    UnitKind,
)
from reporting.services.actors import Actor
from reporting.services.consolidation import consolidate
from reporting.services.packing import name_ids, pack

UNITS = 3_321
ROWS = 27
FIELDS = 40  # of which each unit reports 27, so that keys differ from unit to unit
ROUNDS = 5
FORM = "II.06a/VPCP/KSTT"
PERIOD = Period.parse("2026-Q3")
NOW = datetime(2026, 9, 20, tzinfo=UTC)


def fill(
    sessions: sessionmaker[Session], catalogue: Catalogue, *, units: int = UNITS, root: str = "H99"
) -> int:
    """Store one report of every unit, straight into the tables; gives the id of the receiver."""
    chance = random.Random(2026)
    form = catalogue.latest(FORM)
    fields = [entry.label for entry in catalogue.lists["linh_vuc"].entries]
    fields = (fields + [f"Lĩnh vực riêng {number}" for number in range(FIELDS)])[:FIELDS]
    with sessions.begin() as session:
        receiver_id = _a_unit(session, root, UnitKind.PROVINCE)
        for number in range(units):
            code = f"{root}.X{number:05d}"
            raw = a_return(chance.sample(fields, ROWS), is_wrong=False, chance=chance)
            circumstances = Circumstances(PERIOD.window(), catalogue.lists, code)
            report = check(form, read_object(raw | {"unit": code}), circumstances).report
            unit_id = _a_unit(session, code, UnitKind.COMMUNE)
            _store(session, form, report, unit_id=unit_id, receiver_id=receiver_id)
    return receiver_id


def _store(
    session: Session, form: FormVersion, report: Report, *, unit_id: int, receiver_id: int
) -> None:
    canonical = write_report(form, report)
    same = {"form_code": form.code, "form_version": form.version, "period": PERIOD.code}
    window = PERIOD.window()
    owed = ReportingObligation(
        unit_id=unit_id,
        receiver_id=receiver_id,
        window_first=window.first,
        window_last=window.last,
        opens_at=NOW,
        due_at=NOW,
        declared_due_at=NOW,
        revisions=1,
        **same,
    )
    session.add(owed)
    session.flush()
    sent = Submission(
        obligation_id=owed.id,
        unit_id=unit_id,
        revision=1,
        status=SubmissionStatus.RECEIVED,
        engine=ENGINE,
        content_sha256=sha256(canonical),
        canonical=canonical,
        file=b"{}",
        file_name="",
        file_sha256=sha256(b"{}"),
        received_at=NOW,
        recorded_at=NOW,
        is_on_time=True,
        door=Door.API,
        client_id=None,
        actor="benchmark",
        issues=[],
        **same,
    )
    session.add(sent)
    session.flush()
    owed.in_force_id = sent.id
    table = report.tables["a"]
    session.execute(insert(PackedTable), pack(sent.id, "a", table, name_ids(session, table.names)))
    session.flush()
    session.expunge_all()


def _a_unit(session: Session, code: str, kind: UnitKind) -> int:
    return session.execute(
        insert(ReportingUnit).returning(ReportingUnit.id),
        {
            "code": code,
            "kind": kind,
            "name_vi": code,
            "name_en": code,
            "valid_from": date(2025, 7, 1),
        },
    ).scalar_one()


def bare_sum(path: Path) -> tuple[float, list[int]]:
    """Seconds to read the blobs with the driver and add them up; and the total of each column."""
    start = time.perf_counter()
    connection = sqlite3.connect(path)
    total = np.zeros((ROWS, 11), np.int64)
    for (cells,) in connection.execute("SELECT cells FROM packed_table WHERE table_key = 'a'"):
        total += np.frombuffer(cells, np.int64).reshape(ROWS, 11)
    connection.close()
    return time.perf_counter() - start, total.sum(axis=0).tolist()


def one_edition(
    sessions: sessionmaker[Session], catalogue: Catalogue, root: int, totals: Sequence[int]
) -> float:
    """Seconds for the whole act, edition stored and committed; it is taken away afterwards.

    Raises AssertionError where the edition does not have the totals of its parts.
    """
    start = time.perf_counter()
    with sessions.begin() as session:
        consolidate(
            session,
            actor=Actor(name="benchmark", is_system=True),
            form=catalogue.latest("II.06c/VPCP/KSTT"),
            period=PERIOD,
            unit=session.get_one(ReportingUnit, root),
            catalogue=catalogue,
            clock=lambda: NOW,
        )
    seconds = time.perf_counter() - start
    with sessions.begin() as session:
        _same_totals(session, catalogue, totals)
        session.execute(delete(EditionInput))
        session.execute(delete(Edition))
    return seconds


def _same_totals(session: Session, catalogue: Catalogue, totals: Sequence[int]) -> None:
    """The edition is worth nothing if it does not say what the parts say."""
    columns = [column.id for column in catalogue.latest(FORM).table_by_key["a"].figures]
    form = catalogue.latest("II.06c/VPCP/KSTT")
    stated = read_report(form, session.scalars(select(Edition.canonical)).one()).tables["a"]
    index = form.table_by_key["a"].figure_index
    found = [int(stated.total_values[index[column]]) for column in columns]
    if found != list(totals):
        raise AssertionError(f"the edition says {found}, its parts add up to {list(totals)}")


def run() -> list[dict[str, Any]]:
    """Measure on SQLite."""
    catalogue = load_forms()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.sqlite3"
        engine: Engine = make_engine(f"sqlite:///{path}")
        migrate(engine)
        sessions = make_session_factory(engine)
        root = fill(sessions, catalogue)
        rounds = [bare_sum(path) for _ in range(ROUNDS)]
        bare, totals = min(seconds for seconds, _ in rounds), rounds[0][1]
        ours = min(one_edition(sessions, catalogue, root, totals) for _ in range(ROUNDS))
        engine.dispose()
    return [
        {
            "name": f"consolidate {UNITS} units x {ROWS * 11} cells, edition stored",
            "ours": round(ours, 4),
            "bare": round(bare, 4),
            "unit": "s",
            "ratio": round(ours / bare, 2),
            "bar": 4.0,
            "met": ours / bare <= 4.0,
        }
    ]


if __name__ == "__main__":
    for line in run():
        print(line)
