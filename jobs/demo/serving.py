"""The real web server as a process of its own, started for a day of the story and ended again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

HOST = "127.0.0.1"
_START_SECONDS = 40
_STOP_SECONDS = 10
_THREADS = "4"


class DidNotStart(Exception):
    """The server ended, or did not answer in time; what it wrote comes with it."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether nobody listens on a port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


@contextmanager
def running_server(
    *, database_url: str, port: int, at: datetime, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The server on a port, whose clock says `at` when it starts; ended on the way out, always.

    It is ended by its own number; its workers follow it. Raises DidNotStart.
    """
    offset = round((at - datetime.now(UTC)).total_seconds())
    environment = os.environ | {
        "REPORTING_DATABASE_URL": database_url,
        "REPORTING_CLOCK_OFFSET": str(offset),
        "REPORTING_ENVIRONMENT": "laptop",
    }
    command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", _THREADS]
    command += ["--bind", f"{HOST}:{port}", "--log-level", "warning", "wsgi:app"]
    with log.open("ab") as written:
        process = subprocess.Popen(  # noqa: S603 - the command is made up of our own words
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the server in order.
        )
    try:
        _wait(process, port, log)
        yield process
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            break
        if _is_live(port):
            return
        time.sleep(0.05)
    said = log.read_text(errors="replace")[-2_000:]
    raise DidNotStart(f"the web server did not start:\n{said}")


def _is_live(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGQUIT)  # At once: every request has had its answer.
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
