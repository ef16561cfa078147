"""What `make` does on a machine that lacks something: root gets it, others are told one line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.files import ROOT

TOOLS = ("sh", "mktemp", "cut", "tail", "rm", "cat")
VENV = f"python3.{sys.version_info.minor}-venv"


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """A folder to serve as PATH: some tools, and a Python without venv. `asked` records apt-get."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    script(tmp_path / "apt-get", f'echo "$@" >>{tmp_path}/asked')
    without_venv = f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    script(tmp_path / "python3", without_venv)
    return tmp_path


def script(path: Path, body: str) -> None:
    """Write a program of one line."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def prepare(target: str, machine: Path, *, user: int) -> subprocess.CompletedProcess[str]:
    """Run .ci/prepare in an empty folder of the machine, as the user with this number."""
    script(machine / "id", f"echo {user}")
    return subprocess.run(
        [ROOT / ".ci" / "prepare", target],
        cwd=machine,
        env={"PATH": str(machine), "TMPDIR": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_root_gets_what_is_missing(bare_machine: Path) -> None:
    """Root sees one line, and apt-get is asked for exactly what is missing."""
    done = prepare("test", bare_machine, user=0)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    update, install = (bare_machine / "asked").read_text().splitlines()
    assert update == "update"
    assert install.endswith(f"{VENV} libreoffice-calc fonts-liberation poppler-utils")
    assert "--no-install-recommends" in install


def test_an_ordinary_user_is_told_one_line_and_nothing_is_installed(bare_machine: Path) -> None:
    """Without venv there is no going on, and the line to type names all that is missing."""
    done = prepare("test", bare_machine, user=1000)
    assert done.returncode == 1
    assert done.stderr.count("apt-get install") == 1
    assert f"{VENV} libreoffice-calc" in done.stderr
    assert not (bare_machine / "asked").exists()


def test_the_tests_go_on_without_libreoffice(bare_machine: Path) -> None:
    """An ordinary user who lacks only LibreOffice is told, and the tests run."""
    script(bare_machine / "python3", f'exec {sys.executable} "$@"')
    done = prepare("test", bare_machine, user=1000)
    assert done.returncode == 0
    assert "libreoffice-calc" in done.stderr
    assert VENV not in done.stderr


def test_the_demonstration_does_not_ask_for_libreoffice(bare_machine: Path) -> None:
    """`make demo` wants only what makes a virtual environment."""
    done = prepare("demo", bare_machine, user=1000)
    assert VENV in done.stderr
    assert "libreoffice" not in done.stderr


def test_an_old_python_is_refused_in_one_sentence(bare_machine: Path) -> None:
    """Who has Python 3.9 reads that 3.11 is needed, not a traceback."""
    answers = 'case "$*" in *print*) echo 3.9;; *) exit 1;; esac'
    script(bare_machine / "python3", answers)
    done = prepare("demo", bare_machine, user=0)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "3.9" in done.stderr
    assert "3.11 or newer" in done.stderr
    assert not (bare_machine / "asked").exists()
