"""The real web server as a process of its own, started for a day of the story and ended again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

HOST = "127.0.0.1"
_START_SECONDS = 40
_STOP_SECONDS = 10
_THREADS = "4"


class DidNotStart(Exception):
    """The server ended, or did not answer in time; what it wrote comes with it."""


def take_port(port: int = 0) -> socket.socket:
    """Take a port of this machine, any free one for 0, and keep it. Raises OSError if it is taken.

    The server gets the socket itself: a number that is only written down could meanwhile be
    taken by somebody else's server, which would then get our returns.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((HOST, port))
        held.listen()  # Only a socket that listens keeps others from the port.
    except OSError:
        held.close()
        raise
    return held


def port_of(held: socket.socket) -> int:
    """The number of a port that was taken."""
    port: int = held.getsockname()[1]
    return port


@contextmanager
def running_server(
    *, database_url: str, on: socket.socket, at: datetime, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The server on a port, whose clock stands at `at`; ended on the way out, always.

    It is ended with every process of its own group. Raises DidNotStart.
    """
    environment = os.environ | {
        "REPORTING_DATABASE_URL": database_url,
        "REPORTING_CLOCK_STANDS_AT": at.isoformat(),
        "REPORTING_ENVIRONMENT": "laptop",
        # Everyone's programs send from this one machine.
        "REPORTING_RATE_PER_ADDRESS": "100000",
    }
    command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", _THREADS]
    command += ["--graceful-timeout", str(_STOP_SECONDS // 2)]
    command += ["--bind", f"fd://{on.fileno()}", "--log-level", "warning", "wsgi:app"]
    with log.open("ab") as written:
        process = subprocess.Popen(  # noqa: S603 - the command is made up of our own words
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            pass_fds=[on.fileno()],
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the server in order.
        )
    try:
        _wait(process, port_of(on), log)
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
    connection = HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and its worker, in order if it can, and at any rate.

    Not by SIGQUIT: its handler in the worker waits for threads, and a worker that is just handing
    a request to them then waits for itself. A worker that outlives its time is ended with all of
    its group, of which nothing else is a member.
    """
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):  # Mostly nobody is left.
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
