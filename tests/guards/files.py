"""The files that the guards read: everything of ours, nothing that was made or downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("reporting", "forms", "jobs", "migrations")
FOLDERS = (".ci", "benchmarks", "docs", *PACKAGES, "tests")
# Read by eye or by other programs; a picture or a workbook holds no text to search.
TEXT_SUFFIXES = {
    "", ".cfg", ".csv", ".css", ".html", ".js", ".json", ".mako", ".md", ".py", ".svg", ".toml",
    ".txt", ".yaml", ".yml",
}  # fmt: skip


def text_files() -> Iterator[Path]:
    """Every text file of the project; what a developer put beside our folders is her own."""
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file() and _is_text(path))
    for top in FOLDERS:
        for folder, folders, names in os.walk(ROOT / top):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            paths = (Path(folder, name) for name in sorted(names))
            yield from (path for path in paths if _is_text(path))


def _is_text(path: Path) -> bool:
    return path.suffix in TEXT_SUFFIXES and not path.name.startswith(".coverage")


def python_files() -> Iterator[Path]:
    """Every Python file of the project, tests too."""
    return (path for path in text_files() if path.suffix == ".py")


def name_of(path: Path) -> str:
    """The path as one writes it: `forms/issues.py`."""
    return path.relative_to(ROOT).as_posix()
