"""The outbox: mails wait there until a server of SMTP has taken them, at least once.

A mail that was taken while our commit failed goes out again under the same Message-ID, by which
the recipient's server or program knows it for the same.
"""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from reporting.errors import NotFound
from reporting.models import OutboxMail

_TIMEOUT = 20
_RESTS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
_MOST_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in: `smtp://user:password@host:587` (STARTTLS) or `smtps://`."""

    host: str
    port: int
    is_tls: bool
    sender: str
    user: str = ""
    password: str = ""

    @classmethod
    def from_url(cls, url: str, sender: str) -> MailServer:
        """Read a URL. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("expected such as smtp://user:password@mail.gov.vn:587")
        is_tls = parts.scheme == "smtps"
        port = parts.port or (465 if is_tls else 25)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, is_tls, sender, user, password)


@dataclass
class Sent:
    """How many mails were taken, put off, and given up."""

    taken: int = 0
    put_off: int = 0
    given_up: int = 0


def send_waiting(
    sessions: sessionmaker[Session], server: MailServer, *, now: datetime, limit: int = 500
) -> Sent:
    """Hand in what waits, each mail in a transaction of its own; a failure is put off.

    Where the server cannot be reached the rest waits for the next time.
    """
    sent = Sent()
    for _ in range(limit):
        with sessions.begin() as session:
            mail = session.scalars(_waiting(now)).first()
            if mail is None:
                return sent
            if not _hand_in(mail, server, now, sent):
                return sent
    return sent


def list_dead(session: Session) -> list[OutboxMail]:
    """Mails that were given up, the newest first: one statement."""
    query = select(OutboxMail).where(OutboxMail.given_up_at.is_not(None))
    return list(session.scalars(query.order_by(OutboxMail.id.desc()).limit(500)))


def retry_mail(session: Session, *, mail_id: int, now: datetime) -> OutboxMail:
    """Let a mail that was given up be tried again. The caller commits. Raises NotFound."""
    mail = session.get(OutboxMail, mail_id)
    if mail is None or mail.given_up_at is None:
        raise NotFound(vi=f"Không có thư hỏng số {mail_id}.", en=f"No mail {mail_id} was given up.")
    mail.given_up_at, mail.attempts, mail.next_try_at = None, 0, now
    return mail


def _waiting(now: datetime) -> Select[OutboxMail]:
    return (
        select(OutboxMail)
        .where(
            OutboxMail.sent_at.is_(None),
            OutboxMail.given_up_at.is_(None),
            OutboxMail.next_try_at <= now,
        )
        .order_by(OutboxMail.next_try_at, OutboxMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _hand_in(mail: OutboxMail, server: MailServer, now: datetime, sent: Sent) -> bool:
    """Try one mail; False where the server itself is away, so that no other need be tried."""
    mail.attempts += 1
    try:
        _send(_message(mail, server), server)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as refused:
        mail.last_error = str(refused)[:500]
        if _is_for_good(refused) or mail.attempts >= _MOST_ATTEMPTS:
            mail.given_up_at = now
            sent.given_up += 1
        else:
            _put_off(mail, now, sent)
        return True
    except (OSError, smtplib.SMTPException) as away:
        mail.last_error = str(away)[:500]
        mail.attempts -= 1  # The mail is not at fault.
        mail.next_try_at = now + _RESTS[0]
        sent.put_off += 1
        return False
    mail.sent_at, mail.last_error = now, ""
    sent.taken += 1
    return True


def _put_off(mail: OutboxMail, now: datetime, sent: Sent) -> None:
    mail.next_try_at = now + _RESTS[min(mail.attempts, len(_RESTS)) - 1]
    sent.put_off += 1


def _is_for_good(refused: smtplib.SMTPException) -> bool:
    """Whether the server says 5xx: this mail will never be taken."""
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in refused.recipients.values())
    return isinstance(refused, smtplib.SMTPResponseException) and refused.smtp_code >= 500


def _message(mail: OutboxMail, server: MailServer) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = server.sender
    message["To"] = mail.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def _send(message: EmailMessage, server: MailServer) -> None:
    make = smtplib.SMTP_SSL if server.is_tls else smtplib.SMTP
    with make(server.host, server.port, timeout=_TIMEOUT) as connection:
        if not server.is_tls:
            connection.ehlo_or_helo_if_needed()
            if connection.has_extn("starttls"):
                connection.starttls()
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message)
