"""The keys that sign here: kept for good, and vouched for by the one that signs now.

What lies in the store can be written by whoever holds the store, the table of keys too. So trust
does not come from there: the key of the settings is trusted, and it has signed a line that names
every key before it. A key that nobody trusted has vouched for proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import LargeBinary, cast, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from reporting.errors import NotFound
from reporting.models import AuditLine, AuditLink, SigningKey
from reporting.services import locks
from reporting.services.actors import Actor
from reporting.services.audit import TAKEN_UP, Entry, record, signed_as
from reporting.services.signing import Signer, named_by

_SYSTEM = Actor(name="system", is_system=True)


def register_key(session: Session, signer: Signer, *, now: datetime) -> None:
    """Keep the public key of who signs now, who vouches for those before; they are retired.

    The caller commits. Done again it changes nothing, and only reads.
    """
    if _signs_now(session, signer):
        return
    locks.keep_other_writers_out(session, AuditLink)
    if _signs_now(session, signer):
        return  # Another process was faster.
    before = [key for key in list_keys(session) if key.id != signer.key_id]
    session.execute(
        update(SigningKey).where(SigningKey.retired_at.is_(None)).values(retired_at=now)
    )
    mine = session.get(SigningKey, signer.key_id, populate_existing=True)
    if mine is None:
        session.add(
            SigningKey(
                id=signer.key_id, public_pem=signer.public_pem, first_used_at=now, retired_at=None
            )
        )
    else:
        mine.retired_at = None  # An older key that is taken up once more.
    session.flush()
    vouched = [{"id": key.id, "public_pem": key.public_pem} for key in before]
    details = {"public_pem": signer.public_pem, "before": vouched}
    entry = Entry(act=TAKEN_UP, subject=f"key/{signer.key_id}", details=details)
    record(session, _SYSTEM, entry, now=now, signer=signer)


def register_at_start(
    reading: sessionmaker[Session], writing: sessionmaker[Session], signer: Signer, *, now: datetime
) -> None:
    """Register the key of a process that starts; a store that is away keeps nobody from it.

    The sealer does it again.
    """
    try:
        with reading() as session:
            if _signs_now(session, signer):
                return  # As nearly always; asked without waiting for whoever writes.
        with writing.begin() as session:
            register_key(session, signer, now=now)
    except DBAPIError:
        return


def list_keys(session: Session) -> list[SigningKey]:
    """Every key that has signed here, the newest first: public, and kept for good."""
    order = (SigningKey.first_used_at.desc(), SigningKey.id)
    return list(session.scalars(select(SigningKey).order_by(*order)))


def find_key(session: Session, key_id: str) -> SigningKey:
    """One key that has signed here. Raises NotFound."""
    key = session.get(SigningKey, key_id[:16]) if key_id.isalnum() else None
    if key is None:
        raise NotFound(vi="Không có khóa này.", en="There is no such key.")
    return key


def trusted_keys(session: Session, signer: Signer) -> Mapping[str, str]:
    """The public keys by which what is kept may be checked: who signs now, and whom he vouches for.

    A line that only says so is not enough: it must bear his signature.
    """
    trusted = {signer.key_id: signer.public_pem}
    # Only what is needed: another column that was altered must not keep it from being read.
    lines = select(cast(AuditLine.body, LargeBinary), AuditLine.signature).where(
        AuditLine.subject == f"key/{signer.key_id}", AuditLine.act == TAKEN_UP
    )
    for body, signature in session.execute(lines):
        said = signed_as(TAKEN_UP, signer.public_pem, body, signature)
        for one in said["details"]["before"] if said else ():
            if named_by(one["public_pem"]) == one["id"]:
                trusted.setdefault(one["id"], one["public_pem"])
    return trusted


def _signs_now(session: Session, signer: Signer) -> bool:
    query = select(SigningKey.public_pem).where(
        SigningKey.id == signer.key_id, SigningKey.retired_at.is_(None)
    )
    return session.scalar(query) == signer.public_pem
