"""Side by side with what an analyst would write: pandas over the same 332 workbooks.

The script reads every filled template of II.06a in a folder and adds up what was typed, field by
field. Ours reads, checks and receives the same files with receipts and audit, consolidates them,
and writes the workbook of the edition. Both must come to the same totals.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from openpyxl import load_workbook
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.checking import a_return
from forms.blank_workbook import blank_workbook
from forms.canonical import read_report
from forms.catalogue import Catalogue, load_forms
from forms.period import Period
from forms.reading_xlsx import read_xlsx
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import Door, ReportingObligation, ReportingUnit, UnitKind
from reporting.models.base import table_of
from reporting.services.actors import Actor
from reporting.services.consolidation import consolidate
from reporting.services.exports import edition_workbook
from reporting.services.refusing import Delivery
from reporting.services.signing import ServerKey
from reporting.services.submissions import receive

FILES, ROWS = 332, 12
FORM, TARGET = "II.06a/VPCP/KSTT", "II.06c/VPCP/KSTT"
PERIOD = Period.parse("2026-Q3")
NOW = datetime(2026, 9, 15, tzinfo=UTC)
TYPED = ("c4", "c5", "c6", "c8", "c9", "c10", "c12", "c13")
Engine = Literal["openpyxl", "calamine"]


def write_files(folder: Path, catalogue: Catalogue) -> None:
    """The template, filled as people do, once for each unit."""
    form, chance = catalogue.latest(FORM), random.Random(7)
    fields = [entry.label for entry in catalogue.lists["linh_vuc"].entries][:ROWS]
    for number in range(FILES):
        code = f"X{number:05d}"
        blank = blank_workbook(
            form,
            unit_code=code,
            unit_name=code,
            period=PERIOD,
            window=PERIOD.window(),
            made_at=NOW,
            lists=catalogue.lists,
        )
        said = a_return(fields, is_wrong=False, chance=chance)["tables"]["a"]["rows"]
        (folder / f"{code}.xlsx").write_bytes(_filled(blank, said))


def _filled(blank: bytes, rows: list[dict[str, Any]]) -> bytes:
    book = load_workbook(BytesIO(blank))
    sheet = book.worksheets[0]
    first = next(cell.row for cell in sheet["A"] if cell.value == "(1)") + 1
    for at, row in enumerate(rows, first):
        sheet.cell(at, 2).value = row["key"]
        for column in TYPED:
            sheet.cell(at, int(column[1:])).value = row["cells"][column]
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def with_pandas(folder: Path, engine: Engine) -> Mapping[str, Mapping[str, int]]:
    """What an analyst would write."""
    parts = []
    for path in sorted(folder.glob("*.xlsx")):
        sheet = pd.read_excel(path, sheet_name=0, header=None, engine=engine)
        first = sheet.index[sheet[0].astype(str).str.strip() == "(1)"][0] + 1
        rows = sheet.iloc[first:]
        rows = rows[rows[1].notna() & rows[3].notna()]
        parts.append(rows[[1, *(int(column[1:]) - 1 for column in TYPED)]])
    whole = pd.concat(parts)
    whole.columns = ["field", *TYPED]
    summed = whole.groupby("field").sum().astype(int)
    return {str(field): dict(row) for field, row in summed.iterrows()}


def with_ours(
    folder: Path, sessions: sessionmaker[Session], catalogue: Catalogue, root: int
) -> Mapping[str, Mapping[str, int]]:
    """Received one by one, consolidated, and the workbook written."""
    actor, signer = Actor(name="benchmark", is_system=True), ServerKey.new()
    for path in sorted(folder.glob("*.xlsx")):
        body = path.read_bytes()
        with sessions.begin() as session:
            receipt = receive(
                session,
                actor=actor,
                delivery=Delivery(read_xlsx(body), body, path.name, Door.COMMAND, NOW),
                catalogue=catalogue,
                clock=lambda: NOW,
                signer=signer,
            )
        if receipt.submission_id is None:
            raise AssertionError(f"{path.name}: {receipt.issues[:3]}")
    with sessions.begin() as session:
        edition = consolidate(
            session,
            actor=actor,
            form=catalogue.latest(TARGET),
            period=PERIOD,
            unit=session.get_one(ReportingUnit, root),
            catalogue=catalogue,
            clock=lambda: NOW,
        ).edition
        made = edition_workbook(session, actor=actor, edition_id=edition.id, catalogue=catalogue)
    (folder / "edition.bytes").write_bytes(made.content)
    return _said_by(catalogue, edition.canonical)


def _said_by(catalogue: Catalogue, canonical: bytes) -> Mapping[str, Mapping[str, int]]:
    form = catalogue.latest(TARGET)
    data = read_report(form, canonical).tables["a"]
    index = form.table_by_key["a"].figure_index
    return {
        name.label: {column: int(data.values[row, index[column]]) for column in TYPED}
        for row, name in enumerate(data.names)
    }


def _fill(sessions: sessionmaker[Session]) -> int:
    """A province to which every unit owes the form."""
    window = PERIOD.window()
    with sessions.begin() as session:
        rows = [("H99", UnitKind.PROVINCE)]
        rows += [(f"X{number:05d}", UnitKind.COMMUNE) for number in range(FILES)]
        session.execute(
            insert(table_of(ReportingUnit)),
            [
                {"code": code, "kind": kind, "name_vi": code, "name_en": code,
                 "valid_from": date(2025, 7, 1)}
                for code, kind in rows
            ],
        )  # fmt: skip
        ids = dict(iter(session.execute(select(ReportingUnit.code, ReportingUnit.id))))
        root: int = ids.pop("H99")
        session.execute(
            insert(table_of(ReportingObligation)),
            [
                {"unit_id": unit, "receiver_id": root, "form_code": FORM, "form_version": 1,
                 "period": PERIOD.code, "window_first": window.first, "window_last": window.last,
                 "opens_at": NOW, "due_at": NOW + timedelta(days=1),
                 "declared_due_at": NOW + timedelta(days=1)}
                for unit in ids.values()
            ],
        )  # fmt: skip
    return root


def run() -> list[dict[str, Any]]:
    """Measure both ways of pandas, and ours."""
    catalogue = load_forms()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, catalogue)
        seconds: dict[str, float] = {}
        found: dict[str, Any] = {}
        engines: tuple[Engine, ...] = ("openpyxl", "calamine")
        for engine in engines:
            start = time.perf_counter()
            found[engine] = with_pandas(folder, engine)
            seconds[engine] = time.perf_counter() - start
        store = make_engine(f"sqlite:///{folder / 'store.sqlite3'}")
        migrate(store)
        sessions = make_session_factory(store)
        root = _fill(sessions)
        start = time.perf_counter()
        ours = with_ours(folder, sessions, catalogue, root)
        spent = time.perf_counter() - start
        store.dispose()
    if not ours == found["openpyxl"] == found["calamine"]:
        raise AssertionError("the totals differ")
    return [
        {
            "name": f"{FILES} workbooks, the same totals: pandas with {engine}",
            "ours": round(spent, 2),
            "bare": round(seconds[engine], 2),
            "unit": "s",
            "ratio": round(spent / seconds[engine], 2),
            "bar": "both printed",
            "met": True,
        }
        for engine in engines
    ]


if __name__ == "__main__":
    for line in run():
        print(line)
