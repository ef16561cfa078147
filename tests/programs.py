"""Programs that only the system's packages can give, and what happens where one is missing."""

from __future__ import annotations

import os
import shutil

import pytest

PACKAGES = {"soffice": "libreoffice-calc", "pdftoppm": "poppler-utils"}


def needs_program(name: str) -> str:
    """The path of the program; without it the test is skipped, or fails where CI=true.

    A skipped test is a promise not kept: continuous integration must have every program.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    reason = f"{name} is missing: apt-get install --no-install-recommends {PACKAGES[name]}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
