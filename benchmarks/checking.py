"""How many returns of II.06a are checked in a second on one core: one by one, and in bulk."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from forms.catalogue import load_forms
from forms.checking import batch_of, check, check_batch
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_object

ROWS = 27
RETURNS = 300
ROUNDS = 7


def a_return(fields: list[str], *, is_wrong: bool, chance: random.Random) -> dict[str, Any]:
    """A consistent II.06a of 27 rows (297 figures); one row does not add up if it is wrong."""
    rows = []
    for index, name in enumerate(fields):
        online, by_hand, carried = (chance.randrange(most) for most in (500, 100, 50))
        early, on_time, late = (chance.randrange(n + 1) for n in (online, by_hand, carried))
        settled = early + on_time + late
        pending = online + by_hand + carried - settled
        cells = {
            "c3": online + by_hand + carried + (is_wrong and index == 4),
            "c4": online,
            "c5": by_hand,
            "c6": carried,
            "c7": settled,
            "c8": early,
            "c9": on_time,
            "c10": late,
            "c11": pending,
            "c12": pending // 2,
            "c13": pending - pending // 2,
        }
        rows.append({"key": name, "cells": cells})
    return {
        "form": "II.06a/VPCP/KSTT",
        "unit": "H26",
        "period": "2026-Q3",
        "tables": {"a": {"rows": rows}},
    }


def best_rate(count: int, work: Callable[[], object]) -> float:
    """The best of several rounds, in items a second: a shared machine only ever slows down."""
    fastest = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - start)
    return count / fastest


def run() -> list[dict[str, Any]]:
    """Measure both ways; `bare` is the bar itself, since no library does this to compare with."""
    catalogue = load_forms()
    form = catalogue.latest("II.06a/VPCP/KSTT")
    fields = [entry.label for entry in catalogue.lists["linh_vuc"].entries][:ROWS]
    window = Period.parse("2026-Q3").window()
    circumstances = Circumstances(window, catalogue.lists, "H26")
    chance = random.Random(2026)
    raws = [
        read_object(a_return(fields, is_wrong=number % 100 == 0, chance=chance))
        for number in range(RETURNS)
    ]
    one_by_one = best_rate(RETURNS, lambda: [check(form, raw, circumstances) for raw in raws])
    reports = [check(form, raw, circumstances).report.tables for raw in raws] * 30
    batch = batch_of(form, reports)
    in_bulk = best_rate(len(reports), lambda: check_batch(batch))
    return [
        _line("check one by one (27 rows, 135 rules)", one_by_one, 3_000),
        _line("check in bulk (27 rows, 135 rules)", in_bulk, 30_000),
    ]


def _line(name: str, ours: float, bar: float) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(ours),
        "bare": bar,
        "unit": "returns/s",
        "ratio": round(ours / bar, 2),
        "bar": 1.0,
        "met": ours >= bar,
    }


if __name__ == "__main__":
    for line in run():
        print(line)
