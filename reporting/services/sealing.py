"""The chain: lines of the audit put into one order for good, and its end signed.

Each link is the SHA-256 of the link before and the hash of its line; the end of the chain is
signed at every sealing. So whoever alters, removes, inserts or moves a line must make every later
link anew, and cannot sign the end of it without the key. Checked by reporting.services.verifying.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from forms.canonical import canonical_json
from reporting.errors import Conflict
from reporting.models import AuditHead, AuditLine, AuditLink
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.audit import instant_text
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
    signature = signer.sign(head_bytes(number, chain, instant_text(now)))
    head = AuditHead(
        number=number, chain_sha256=chain, at=now, key_id=signer.key_id, signature=signature
    )
    session.add(head)
    session.flush()
    return number - first


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
    last = session.execute(
        select(_link.number, _link.chain_sha256).order_by(_link.number.desc()).limit(1)
    ).one_or_none()
    head = session.scalars(
        select(AuditHead).order_by(AuditHead.number.desc()).limit(1)
    ).one_or_none()
    if last is None and head is None:
        return 0, GENESIS
    if last is not None and head is not None and tuple(last) == (head.number, head.chain_sha256):
        key = trusted_keys(session, signer).get(head.key_id, "")
        signed = head_bytes(head.number, head.chain_sha256, instant_text(head.at))
        if is_good(key, signed, head.signature):
            return head.number, head.chain_sha256
    raise Conflict(
        vi="Cuối chuỗi nhật ký không khớp với chữ ký gần nhất; chưa niêm phong thêm. "
        "Hãy chạy reporting audit verify.",
        en="The end of the audit's chain is not what was signed last; nothing more is sealed. "
        "Run reporting audit verify.",
    )


def _as_bytes(digest: str) -> bytes:
    """A hash as bytes; what is none, as a hash of what it is, since it must not stop the sealer."""
    try:
        found = bytes.fromhex(digest)
    except ValueError:
        found = b""
    if len(found) == 32:
        return found
    return sha256(digest.encode("utf-8", "surrogatepass")).digest()
