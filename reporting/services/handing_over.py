"""Handing an edition over to the information centre: a folder with workbook, data and hashes.

The folder appears whole or not at all: it is written under another name, held against its manifest
and renamed, and its name comes from the hash of the edition, so that doing it again finds it done.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from forms.canonical import sha256
from forms.catalogue import Catalogue
from reporting.models import Edition
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record
from reporting.services.edition_basis import as_data
from reporting.services.editions import find_edition
from reporting.services.errata import HANDED_OVER, Erratum, erratum_of, was_handed_over
from reporting.services.exports import edition_workbook

_MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished-"

#: Nothing is written for so long: what is older has been left behind.
_LONGEST_WRITING = timedelta(days=1)


def hand_over(
    session: Session,
    *,
    actor: Actor,
    edition_id: int,
    catalogue: Catalogue,
    folder: Path,
    now: datetime,
) -> Path:
    """Write the folder of an edition below `folder`; the same folder again if it is there.

    It holds the workbook, `data.json` (the canonical bytes) and `manifest.json` with the SHA-256
    of both, of the edition and of its input list; where it replaces one that was handed over and
    said otherwise, also the erratum. Raises NotFound, OSError.
    """
    kept = find_edition(session, actor=actor, edition_id=edition_id)
    edition = kept.edition
    erratum = erratum_of(session, actor=actor, edition=edition, catalogue=catalogue)
    workbook = edition_workbook(
        session,
        actor=actor,
        edition_id=edition_id,
        catalogue=catalogue,
        erratum=erratum.note_vi if erratum is not None else "",
    )
    place = folder / f"{Path(workbook.name).stem}_{edition.sha256[:16]}"
    is_there = is_whole(place)
    if is_there and was_handed_over(session, edition):
        return place
    files = {workbook.name: workbook.content, "data.json": edition.canonical}
    files |= erratum.files if erratum is not None else {}
    hashes = {name: sha256(content) for name, content in files.items()}
    manifest = {
        "form": edition.form_code,
        "version": edition.form_version,
        "period": edition.period,
        "unit": kept.unit.code,
        "edition": edition.number,
        "cut_off_at": edition.cut_off_at.isoformat(),
        "coverage": {
            name: edition.coverage[name] for name in ("expected", "received", "on_time", "late")
        },
        "edition_sha256": edition.sha256,
        "input_sha256": edition.input_sha256,
        "files": hashes,
    } | _replaced(erratum)
    written = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if not is_there:  # A death between writing it and the commit leaves it whole and not noted.
        write_whole(place, files | {_MANIFEST: written.encode()})
    entry = Entry(
        act=HANDED_OVER,
        subject=f"edition/{edition.id}",
        unit_id=edition.unit_id,
        details={"folder": place.name, "files": hashes},
    )
    record(session, actor, entry, now=now)
    return place


def _replaced(erratum: Erratum | None) -> dict[str, Any]:
    """What the manifest says of the edition that is replaced."""
    if erratum is None:
        return {}
    return {
        "replaces": erratum.replaces,
        "erratum": {"number": erratum.number, "vi": erratum.note_vi, "en": erratum.note_en},
    }


def too_few_to_publish(session: Session, edition_id: int) -> str | None:
    """Why an edition is not to be handed over yet; None where enough reports are in it."""
    edition = session.get_one(Edition, edition_id)
    wanted = as_data(edition.basis).get("publish_from", 0)
    received, expected = edition.coverage["received"], edition.coverage["expected"]
    if 100 * received >= wanted * expected:
        return None
    return f"{received} of {expected} reports are in, fewer than {wanted} %"


def is_whole(place: Path) -> bool:
    """Whether a folder has a manifest, the files that it names with their hashes, and no other."""
    try:
        files = json.loads((place / _MANIFEST).read_bytes())["files"]
        there = {path.name for path in place.iterdir()}
        return there == {*files, _MANIFEST} and all(
            sha256((place / name).read_bytes()) == digest for name, digest in files.items()
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return False  # Anything at all may lie there under its name.


def remove_unfinished(folder: Path, *, older_than: timedelta = _LONGEST_WRITING) -> int:
    """Take away what a death in the middle of handing over left behind; gives how many.

    Only what nobody has touched for long, since another process may be writing there right now.
    """
    # The clock of the machine, since the file system knows no other.
    oldest = time.time() - older_than.total_seconds()
    left = [
        path
        for path in folder.glob(f"{_UNFINISHED}*")
        if path.is_dir() and path.stat().st_mtime < oldest
    ]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def write_whole(place: Path, files: Mapping[str, bytes]) -> None:
    """Let a folder with these files and their manifest appear whole, or not at all.

    What is there under its name and is not whole gives way. Raises OSError.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=place.parent))
    try:
        for name, content in files.items():
            with (unfinished / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        unfinished.chmod(0o755)
        _flush_folder(unfinished)
        if not is_whole(unfinished):
            raise OSError(f"{unfinished} lost files while it was written; it is not handed over")
        # A link that leads nowhere is in the way, too.
        if os.path.lexists(place) and not is_whole(place):
            place.rename(Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=place.parent)) / "broken")
        _rename(unfinished, place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _flush_folder(place.parent)


def _rename(unfinished: Path, place: Path) -> None:
    """Give the folder its name. Where another process was first, its folder is the same."""
    try:
        unfinished.rename(place)
    except OSError:
        if not is_whole(place):
            raise


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
