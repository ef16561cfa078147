"""Run every benchmark, print a table, and write var/bench.json."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

NAMES = (
    "checking",
    "reading_template",
    "big_workbook",
    "consolidating",
    "country",
    "receiving",
    "board",
    "workers",
    "analyst",
)


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; exit 0 whatever they show: a benchmark is no test."""
    console = Console()
    lines: list[dict[str, Any]] = []
    for name in names or NAMES:
        console.print(f"[dim]{name} …[/dim]")
        lines += importlib.import_module(f"benchmarks.{name}").run()
    console.print(_table(lines))
    console.print(f"{_machine()}; ratios are of ours to bare, in one run", style="dim")
    out = Path("var/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n")
    return 0


def _table(lines: list[dict[str, Any]]) -> Table:
    table = Table("benchmark", "ours", "bare", "unit", "ratio", "bar", "met")
    for line in lines:
        cells = [str(line[key]) for key in ("name", "ours", "bare", "unit", "ratio", "bar")]
        table.add_row(*cells, "yes" if line["met"] else "[red]no[/red]")
    return table


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python " + (
        platform.python_version()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
