"""The lock of a folder of forms: a published version is the same bytes for ever.

`LOCK` has one line `code version sha256` per published version. A file whose bytes differ from
its line is a fault, and so is a line whose file is gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from forms.definition import FormVersion
from forms.faults import BadDeclaration, Fault

LOCK = "LOCK"

_LINE = re.compile(r"(?P<code>\S+) (?P<version>[1-9]\d{0,3}) (?P<checksum>[0-9a-f]{64})")

Key = tuple[str, int]


class AlreadyPublished(ValueError):
    """The version is locked; a change needs a new version."""


def read_lock(folder: Path) -> Mapping[Key, tuple[str, int]]:
    """Code and version -> checksum and line of the lock. Raises BadDeclaration."""
    path = folder / LOCK
    if not path.is_file():
        return {}
    locked: dict[Key, tuple[str, int]] = {}
    faults = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            expected = "a line such as 01/TCD 1 and the SHA-256 of its file"
            faults.append(Fault(str(path), number, "lock", f"is {line[:80]!r}", expected))
            continue
        key = (match["code"], int(match["version"]))
        if key in locked:
            problem = f"{key[0]} version {key[1]} stands a second time"
            faults.append(Fault(str(path), number, "lock", problem, "one line each"))
        locked[key] = (match["checksum"], number)
    if faults:
        raise BadDeclaration(faults)
    return locked


def lock_faults(folder: Path, forms: Mapping[Key, FormVersion]) -> list[Fault]:
    """What differs between a folder's lock and the forms read from it."""
    try:
        locked = read_lock(folder)
    except BadDeclaration as error:
        return list(error.faults)
    faults = []
    for (code, version), (checksum, line) in locked.items():
        form = forms.get((code, version))
        if form is None:
            problem = f"{code} version {version} is published, and its file is gone or bad"
            faults.append(Fault(str(folder / LOCK), line, "lock", problem, "the file as published"))
        elif form.checksum != checksum:
            problem = f"version {version} is published and has been changed"
            expected = f"the file as published; a change is version {version + 1} in a new file"
            faults.append(Fault(form.path, 1, "version", problem, expected))
    return faults


def is_published(folder: Path, form: FormVersion) -> bool:
    """Whether the lock of a folder has this version."""
    return (form.code, form.version) in read_lock(folder)


def publish(folder: Path, form: FormVersion) -> None:
    """Add one line to the lock of a folder. Raises AlreadyPublished, BadDeclaration."""
    locked = read_lock(folder)
    if (form.code, form.version) in locked:
        raise AlreadyPublished(f"{form.code} version {form.version} is already published")
    lines = {key: checksum for key, (checksum, _) in locked.items()}
    lines[(form.code, form.version)] = form.checksum
    text = "".join(
        f"{code} {version} {checksum}\n" for (code, version), checksum in sorted(lines.items())
    )
    # Written beside and renamed, so that a reader never sees half a lock.
    beside = folder / f"{LOCK}.new"
    beside.write_text(text, "utf-8")
    beside.replace(folder / LOCK)
