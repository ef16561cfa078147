"""The demonstration removes nothing but what it made."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.demo.folder import NotOurs, make_folder


def test_a_second_run_begins_with_an_empty_folder(tmp_path: Path) -> None:
    """What the first run left is gone."""
    folder = make_folder(tmp_path / "demo")
    (folder / "left.xlsx").write_text("x")
    make_folder(folder)
    assert not (folder / "left.xlsx").exists()


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    """A folder with files and without the marker is refused, and keeps its files."""
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(NotOurs, match="left alone"):
        make_folder(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "x"


def test_a_link_to_another_folder_is_left_alone(tmp_path: Path) -> None:
    """A symbolic link is never followed to what it points at."""
    real = make_folder(tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to(real)
    with pytest.raises(NotOurs):
        make_folder(link)
    assert any(real.iterdir())
