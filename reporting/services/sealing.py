"""The chain: lines of the audit put into one order for good, and its end signed.

Each link is the SHA-256 of the link before and the hash of its line; the end of the chain is
signed at every sealing. So whoever alters, removes, inserts or moves a line must make every later
link anew, and cannot sign the end of it without the key. Checked by reporting.services.verifying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, String, func, insert, select, type_coerce
from sqlalchemy.orm import Session

from forms.canonical import canonical_json
from reporting.errors import Conflict
from reporting.models import AuditHead, AuditLine, AuditLink
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.actors import Actor
from reporting.services.audit import Entry, instant_text, record
from reporting.services.keys import register_key, trusted_keys
from reporting.services.signing import Signer, is_good

#: What the first link is chained to.
GENESIS = "0" * 64
_PAGE = 5_000
#: Lines are numbered when they are written and seen when they are committed. So many numbers back
#: the sealer looks for those that came late; verifying tells of any that was left out.
_LOOKED_BACK = 100_000

_line, _link = table_of(AuditLine).c, table_of(AuditLink).c


def link(before: str, line_sha256: str) -> str:
    """The next link after one: SHA-256 over both hashes as bytes."""
    return sha256(_as_bytes(before) + _as_bytes(line_sha256)).hexdigest()


def head_bytes(number: int, chain_sha256: str, at: str) -> bytes:
    """What is signed at a sealing."""
    return canonical_json({"at": at, "chain": chain_sha256, "number": number})


def is_end_good(head: Any, trusted: Mapping[str, str]) -> bool:
    """Whether a signed end, as a row of AuditHead says it, is signed by a key that is trusted."""
    # SQLite keeps anything in any column, and what is no text cannot be written as one.
    signed = head_bytes(head.number, str(head.chain_sha256), str(head.at or ""))
    return is_good(trusted.get(head.key_id, ""), signed, head.signature)


def instant_column(session: Session, column: ColumnElement[datetime]) -> ColumnElement[str]:
    """An instant as a text of the database's own, since what was altered may be none."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, String)
    at = func.timezone("UTC", column)
    return func.to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"', type_=String)


def seal(session: Session, signer: Signer, *, now: datetime, from_the_first: bool = False) -> int:
    """Put all committed lines that have no place yet into the chain; gives how many.

    One sealer at a time: the others wait. A few statements for some thousand lines, and one signed
    end. The caller commits. Raises Conflict where the end of the chain is not what was signed: it
    is not to be signed over.
    """
    locks.keep_other_writers_out(session, AuditLink)
    register_key(session, signer, now=now)
    after = 0 if from_the_first else _first_looked_at(session)
    waiting = _waiting(session, after)
    if not waiting:
        return 0
    first, chain = _signed_end(session, signer)
    number = first
    while waiting:
        rows = []
        for line_id, line_sha256 in waiting:
            number, chain = number + 1, link(chain, line_sha256)
            rows.append({"number": number, "line_id": line_id, "chain_sha256": chain})
        session.connection().execute(insert(table_of(AuditLink)), rows)
        waiting = _waiting(session, rows[-1]["line_id"])
    _sign_end(session, signer, number, chain, now)
    return number - first


def accept_end(session: Session, *, actor: Actor, signer: Signer, now: datetime) -> None:
    """Sign the end of the chain as it is, although it is not what was signed last.

    For an operator who has looked into it: nothing is sealed until he has. What was altered stays
    a fault of every later check, and who went on is on the audit. The caller commits.
    """
    locks.keep_other_writers_out(session, AuditLink)
    last, head = _last_link(session), _last_head(session)
    number = max(last[0], head.number if head else 0)
    if number == 0 or _is_signed(session, signer, last, head):
        return
    details = {"link": last[0], "signed": head.number if head else 0, "chain": last[1]}
    entry = Entry(act="audit.end-accepted", subject="audit", details=details)
    line_id = record(session, actor, entry, now=now, signer=signer)
    line_sha256 = session.scalar(select(_line.sha256).where(_line.id == line_id)) or ""
    chain = link(last[1], line_sha256)
    session.connection().execute(
        insert(table_of(AuditLink)),
        {"number": number + 1, "line_id": line_id, "chain_sha256": chain},
    )
    _sign_end(session, signer, number + 1, chain, now)


def _first_looked_at(session: Session) -> int:
    return (session.scalar(select(func.max(_line.id))) or 0) - _LOOKED_BACK


def _waiting(session: Session, after: int) -> Sequence[Any]:
    """The ids and hashes of the next lines after a number that have no place in the chain."""
    query = (
        select(_line.id, _line.sha256)
        .where(_line.id > after, ~select(_link.number).where(_link.line_id == _line.id).exists())
        .order_by(_line.id)
        .limit(_PAGE)
    )
    rows: Sequence[Any] = session.execute(query).all()
    return rows


def _signed_end(session: Session, signer: Signer) -> tuple[int, str]:
    """The number and hash of the last link, which must be what was signed last."""
    last, head = _last_link(session), _last_head(session)
    if _is_signed(session, signer, last, head):
        return last
    raise Conflict(
        vi="Cuối chuỗi nhật ký không khớp với chữ ký gần nhất; chưa niêm phong thêm. "
        "Hãy chạy reporting audit verify.",
        en="The end of the audit's chain is not what was signed last; nothing more is sealed. "
        "Run reporting audit verify.",
    )


def _is_signed(session: Session, signer: Signer, last: tuple[int, str], head: Any) -> bool:
    if head is None:
        return last == (0, GENESIS)
    is_last = last == (head.number, head.chain_sha256)
    return is_last and is_end_good(head, trusted_keys(session, signer))


def _last_link(session: Session) -> tuple[int, str]:
    last = session.execute(
        select(_link.number, _link.chain_sha256).order_by(_link.number.desc()).limit(1)
    ).one_or_none()
    return (last[0], last[1]) if last else (0, GENESIS)


def _last_head(session: Session) -> Any:
    """The last signed end, its instant as text; None where nothing was sealed."""
    head = table_of(AuditHead).c
    at = instant_column(session, head.at).label("at")
    columns = (head.number, head.chain_sha256, head.key_id, head.signature, at)
    return session.execute(select(*columns).order_by(head.number.desc()).limit(1)).one_or_none()


def _sign_end(session: Session, signer: Signer, number: int, chain: str, now: datetime) -> None:
    signature = signer.sign(head_bytes(number, chain, instant_text(now)))
    head = AuditHead(
        number=number, chain_sha256=chain, at=now, key_id=signer.key_id, signature=signature
    )
    session.add(head)
    session.flush()


def _as_bytes(digest: str) -> bytes:
    """A hash as bytes; what is none, as a hash of what it is, since it must not stop the sealer."""
    try:
        found = bytes.fromhex(digest)
    except (ValueError, TypeError):  # It may not even be a text.
        found = b""
    if len(found) == 32:
        return found
    return sha256(str(digest).encode("utf-8", "surrogatepass")).digest()
