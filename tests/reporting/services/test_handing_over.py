"""Handing over: a folder appears whole or not at all, whoever dies or tidies up meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from forms.canonical import sha256
from reporting.services.handing_over import is_whole, remove_unfinished, write_whole

#: Every step at which the system is asked to keep something, one after the other.
DYING = """\
import os, sys
from pathlib import Path
from reporting.services.handing_over import write_whole
from tests.reporting.services.test_handing_over import contents

keep, place = os.fsync, Path(sys.argv[1])
for last in range(1, 6):
    if not os.fork():
        steps = iter(range(1, 9))
        os.fsync = lambda handle: os._exit(9) if next(steps) == last else keep(handle)
        write_whole(place / str(last) / "edition", contents())
        os._exit(0)
    os.wait()
"""


def contents() -> dict[str, bytes]:
    """Two files and their manifest."""
    files = {"a.xlsx": b"a" * 5_000, "data.json": b"{}"}
    digests = {name: sha256(content) for name, content in files.items()}
    return files | {"manifest.json": json.dumps({"files": digests}).encode()}


def test_a_death_at_any_step_leaves_no_half_folder(tmp_path: Path) -> None:
    """Killed at each write and before the rename: nothing under the name; then it is made whole."""
    subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], check=True, timeout=120)
    places = sorted(tmp_path.iterdir())
    assert len(places) == 5
    for place in places[:4]:
        assert [path.name[:12] for path in place.iterdir()] == [".unfinished-"]
        write_whole(place / "edition", contents())
    assert [is_whole(place / "edition") for place in places] == [True] * 5


def test_a_folder_that_lost_files_is_not_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever takes files away before the rename: the action fails, and is tried again."""
    keep = os.fsync

    def losing(handle: int) -> None:
        keep(handle)
        for path in tmp_path.glob(".unfinished-*/a.xlsx"):
            path.unlink()

    with monkeypatch.context() as patched:
        patched.setattr("reporting.services.handing_over.os.fsync", losing)
        with pytest.raises(OSError, match="lost files"):
            write_whole(tmp_path / "edition", contents())
    assert list(tmp_path.iterdir()) == []


def test_a_half_folder_gives_way_to_a_whole_one(tmp_path: Path) -> None:
    """One that someone broke is made anew; one that is whole stays as it is."""
    place = tmp_path / "edition"
    write_whole(place, contents())
    first = place.stat().st_ino
    (place / "data.json").unlink()
    write_whole(place, contents())
    assert is_whole(place)
    second = place.stat().st_ino
    write_whole(place, contents())
    assert (second != first, place.stat().st_ino) == (True, second)


@pytest.mark.parametrize(
    "manifest", ["[]", "null", '{"files": 5}', '{"files": ["data.json"]}', "[" * 100_000]
)
def test_whatever_lies_there_as_a_manifest_gives_way(tmp_path: Path, manifest: str) -> None:
    """Written by whom it may be: handing over again would end at it for ever."""
    place = tmp_path / "edition"
    write_whole(place, contents())
    (place / "manifest.json").write_text(manifest)
    assert not is_whole(place)
    write_whole(place, contents())
    assert is_whole(place)


def test_a_link_or_a_file_in_its_place_gives_way(tmp_path: Path) -> None:
    """A link that leads nowhere as well; what a link leads to is left alone."""
    place, elsewhere = tmp_path / "edition", tmp_path / "elsewhere"
    place.symlink_to(elsewhere)
    write_whole(place, contents())
    assert is_whole(place)
    shutil.rmtree(place)
    place.write_text("x")
    write_whole(place, contents())
    assert is_whole(place)
    shutil.rmtree(place)
    elsewhere.mkdir()
    (elsewhere / "note").write_text("x")
    place.symlink_to(elsewhere)
    write_whole(place, contents())
    assert (place.is_symlink(), is_whole(place)) == (False, True)
    assert (elsewhere / "note").read_text() == "x"


def test_tidying_up_spares_whoever_is_writing(tmp_path: Path) -> None:
    """What was touched within the day is left alone; what a death left long ago goes."""
    young, old = tmp_path / ".unfinished-young", tmp_path / ".unfinished-old"
    for folder in (young, old):
        folder.mkdir()
    long_ago = time.time() - timedelta(days=2).total_seconds()
    os.utime(old, (long_ago, long_ago))
    assert remove_unfinished(tmp_path) == 1
    assert (young.is_dir(), old.exists()) == (True, False)
