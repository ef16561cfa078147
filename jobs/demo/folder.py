"""The demonstration's own folder: made anew on every run, and nothing else is ever deleted."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from typing import TextIO

#: Open markers; closing one would give the folder free.
_kept: dict[Path, TextIO] = {}

MARKER = ".made-by-reporting-demo"


class NotOurs(Exception):
    """The folder holds something that the demonstration did not put there."""


def make_folder(folder: Path) -> Path:
    """Make the folder empty, removing what an earlier run left. Raises NotOurs.

    Only a folder with our marker is removed, so that a wrong --folder costs nobody a file.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NotOurs(f"{folder} is no folder of its own")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise NotOurs(f"{folder} is not empty and has no {MARKER}; it is left alone")
        _keep(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Made anew by every run of `reporting-jobs demo`.\n")
    _keep(folder)
    return folder


def _keep(folder: Path) -> None:
    """Keep the folder for as long as this process lives. Raises NotOurs while another has it.

    A second run would otherwise take the database away under the page of the first.
    """
    earlier = _kept.pop(folder.resolve(), None)
    if earlier is not None:
        earlier.close()  # Our own; another process would still be refused.
    marker = (folder / MARKER).open("r+")
    try:
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        marker.close()
        raise NotOurs(f"another demonstration is still running in {folder}; end it first") from None
    _kept[folder.resolve()] = marker
