"""`reporting-jobs` as processes of their own, and waiting for what they do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 40.0


@contextmanager
def started(
    words: Sequence[str], url: str, log: Path, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`reporting-jobs` with these words on a store; ended by its number."""
    command = [str(Path(sys.executable).parent / "reporting-jobs"), *words]
    with log.open("ab") as written:
        process = subprocess.Popen(
            command,
            env=os.environ | {"REPORTING_DATABASE_URL": url} | settings,
            stdout=written,
            stderr=written,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=30)


def until(what: Callable[[], object], log: Path, *, patience: float = PATIENCE) -> None:
    """Wait until something holds; fails with the log of the process."""
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        if what():
            return
        time.sleep(0.1)
    pytest.fail(log.read_text(errors="replace")[-3_000:])
