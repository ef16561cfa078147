"""The chain as files, for whoever checks it without us: hashes and signatures, and nothing else.

`links.jsonl` has a line for each link, `heads.jsonl` one for each signed end, `keys/` the public
keys by id. They say nothing of what was done, so that they may lie anywhere, and should: an end
that is kept elsewhere is how a chain that was cut off is found out. Read by verify_receipt.py.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.canonical import canonical_json
from reporting.models import AuditHead, AuditLine, AuditLink
from reporting.models.base import table_of
from reporting.services.audit import instant_text
from reporting.services.keys import list_keys
from reporting.services.signing import named_by

LINKS, HEADS, KEYS = "links.jsonl", "heads.jsonl", "keys"
_PAGE = 5_000

_line, _link, _head = (table_of(model).c for model in (AuditLine, AuditLink, AuditHead))


def export_chain(session: Session, folder: Path) -> int:
    """Write the chain up to its last signed end into a folder; gives its number. Raises OSError.

    Each file appears whole. Written again, the folder has the chain as it is by then.
    """
    last = session.scalar(select(func.max(_head.number))) or 0
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / LINKS, link_rows(session, last))
    _write(folder / HEADS, head_rows(session, last))
    export_keys(session, folder / KEYS)
    return last


def export_keys(session: Session, folder: Path) -> int:
    """Write each public key into a folder, under its id; gives how many."""
    # The store may have been written to by others: what names a file must be an id.
    keys = [key for key in list_keys(session) if named_by(key.public_pem) == key.id]
    folder.mkdir(parents=True, exist_ok=True)
    for key in keys:
        _write(folder / f"{key.id}.pem", iter([key.public_pem.encode()]))
    return len(keys)


def link_rows(session: Session, last: int) -> Iterator[bytes]:
    """The lines of `links.jsonl`, up to a number."""
    query = (
        select(_link.number, _line.sha256, _link.chain_sha256)
        .join_from(table_of(AuditLink), table_of(AuditLine), _line.id == _link.line_id)
        .order_by(_link.number)
        .limit(_PAGE)
    )
    after = 0
    while rows := session.execute(query.where(_link.number > after, _link.number <= last)).all():
        for number, line_sha256, chain_sha256 in rows:
            yield _row(number=number, line_sha256=line_sha256, chain_sha256=chain_sha256)
        after = rows[-1].number


def head_rows(session: Session, last: int) -> Iterator[bytes]:
    """The lines of `heads.jsonl`, up to a number."""
    columns = (_head.number, _head.chain_sha256, _head.at, _head.key_id, _head.signature)
    query = select(*columns).order_by(_head.number).limit(_PAGE)
    after = 0
    while rows := session.execute(query.where(_head.number > after, _head.number <= last)).all():
        for row in rows:
            yield _row(**(row._asdict() | {"at": instant_text(row.at)}))
        after = rows[-1].number


def read_heads(folder: Path) -> dict[int, str]:
    """The ends in a folder that was written before, to hold the chain against.

    Raises OSError, ValueError for what is no such folder.
    """
    found: dict[int, str] = {}
    with (folder / HEADS).open(encoding="utf-8") as file:
        for line in file:
            try:
                head = json.loads(line)
                found[int(head["number"])] = str(head["chain_sha256"])
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                raise ValueError(f"{folder / HEADS} is no file of signed ends") from None
    return found


def _row(**values: int | str) -> bytes:
    return canonical_json(values) + b"\n"


def _write(path: Path, lines: Iterator[bytes]) -> None:
    handle, name = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(lines)
            os.fchmod(file.fileno(), 0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
