"""A consolidated workbook of a million cells beside bare XlsxWriter, and the memory that it takes.

Each file is written by a process of its own, so that the peak of memory is its own too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from forms.catalogue import load_forms
from forms.period import Period
from forms.returns import Report, RowName, State, TableData
from reporting.workbooks.consolidated_table import write_consolidated
from reporting.workbooks.edition_facts import EditionFacts

CELLS = 1_000_000
COLUMNS = 13  # ordinal, name and the eleven figures of II.06a
ROWS = CELLS // COLUMNS
ROUNDS = 3

_FORM = "II.9g/VPCP/KSTT"
_BAR_SPEED, _BAR_MEMORY = 0.7, 100.0


def figures() -> TableData:
    """The rows of a very long II.9g whose identities hold, with their totals."""
    base = np.arange(ROWS, dtype=np.int64)
    c4, c5, c6 = base % 4_999, base % 2_503, base % 997
    c8, c9, c10 = c4 // 2, c5 // 3, c6 // 5
    c3, c7 = c4 + c5 + c6, c8 + c9 + c10
    c11 = c3 - c7
    c13 = c11 // 7
    values = np.stack([c3, c4, c5, c6, c7, c8, c9, c10, c11, c11 - c13, c13], axis=1)
    states = np.full(values.shape, State.VALUE, np.uint8)
    names = tuple(RowName(f"D{row}", label=f"Đơn vị số {row}") for row in range(ROWS))
    total_states = np.full(values.shape[1], State.VALUE, np.uint8)
    return TableData(names, values, states, (), values.sum(axis=0), total_states)


def write_ours() -> float:
    """Seconds of processor time for our workbook: layout, formats, live formulas and totals."""
    form = load_forms().latest(_FORM)
    period = Period.parse("2026-Q3")
    table = figures()
    report = Report(form.code, form.version, "TW", period.code, {"a": table})
    edition = EditionFacts(
        number=1,
        unit_code="TW",
        unit_name="Văn phòng Chính phủ",
        period=period,
        window=period.window(),
        cut_off_at=datetime(2026, 9, 22, tzinfo=UTC),
        sha256="0" * 64,
    )
    start = time.process_time()
    write_consolidated(form, report, edition=edition, out=BytesIO())
    return time.process_time() - start


def write_bare() -> float:
    """Seconds of processor time for XlsxWriter alone: as many numbers, framed, nothing else."""
    start = time.process_time()
    workbook = xlsxwriter.Workbook(BytesIO(), {"constant_memory": True})
    sheet = workbook.add_worksheet()
    framed = workbook.add_format({"border": 1, "num_format": "#,##0"})
    for row in range(ROWS):
        for col in range(COLUMNS):
            sheet.write_number(row, col, row + col, framed)
    workbook.close()
    return time.process_time() - start


def peak_memory() -> float:
    """The most memory that this program has held, in MiB.

    Not `ru_maxrss`, which begins with what the process that started this one had held.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def in_its_own_process(what: str) -> dict[str, float]:
    """What a fresh Python says of writing `ours` or `bare`."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.big_workbook", what],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(answer.stdout)
    return result


def run() -> list[dict[str, Any]]:
    """The speed against bare XlsxWriter, and the peak of memory."""
    # In turns, and the best of each: a shared machine only ever slows down.
    pairs = [(in_its_own_process("ours"), in_its_own_process("bare")) for _ in range(ROUNDS)]
    ours = ROWS * COLUMNS / min(mine["seconds"] for mine, _ in pairs)
    bare = ROWS * COLUMNS / min(other["seconds"] for _, other in pairs)
    peak = max(mine["mebibytes"] for mine, _ in pairs)
    bare_peak = max(other["mebibytes"] for _, other in pairs)
    return [
        {
            "name": "workbook of 1,000,000 cells: speed",
            "ours": round(ours),
            "bare": round(bare),
            "unit": "cells/s",
            "ratio": round(ours / bare, 2),
            "bar": _BAR_SPEED,
            "met": ours / bare >= _BAR_SPEED,
        },
        {
            "name": "workbook of 1,000,000 cells: peak memory",
            "ours": round(peak, 1),
            "bare": round(bare_peak, 1),
            "unit": "MiB",
            "ratio": round(peak / bare_peak, 2),
            "bar": _BAR_MEMORY,
            "met": peak < _BAR_MEMORY,
        },
    ]


if __name__ == "__main__":
    taken = write_ours() if sys.argv[1] == "ours" else write_bare()
    print(json.dumps({"seconds": taken, "mebibytes": peak_memory()}))
