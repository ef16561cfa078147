"""The outbox: mails wait there until a server of SMTP has taken them, at least once.

A mail that was taken while our commit failed goes out again under the same Message-ID, by which
the recipient's server or program knows it for the same.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from reporting.errors import NotFound
from reporting.models import OutboxMail

_log = structlog.get_logger()

_TIMEOUT = 20
_RESTS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
_MOST_ATTEMPTS = 10

#: RFC 5321: what the server will say again, and that a mail is larger than it takes.
_FOR_GOOD, _TOO_LARGE = 500, 552

#: What a server says about one mail.
_REFUSALS = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
)


class _NotThisMail(Exception):
    """No mail can be handed in: the server is away, or does not know or want us."""


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
    try:
        with _connected(server) as connection:
            connection.send_message(_message(mail, server))
    except _NotThisMail as away:
        mail.last_error = str(away)[:500]
        mail.next_try_at = now + _RESTS[0]  # The mail is not at fault: no attempt is counted.
        sent.put_off += 1
        _log.warning("no mail goes out: the server is away or refuses us", fault=str(away)[:300])
        return False
    except (smtplib.SMTPException, ValueError) as refused:
        mail.attempts += 1
        mail.last_error = str(refused)[:500]
        if _is_for_good(refused) or mail.attempts >= _MOST_ATTEMPTS:
            mail.given_up_at = now
            sent.given_up += 1
        else:
            _put_off(mail, now, sent)
        return True
    mail.attempts += 1
    mail.sent_at, mail.last_error = now, ""
    sent.taken += 1
    return True


def _put_off(mail: OutboxMail, now: datetime, sent: Sent) -> None:
    mail.next_try_at = now + _RESTS[min(mail.attempts, len(_RESTS)) - 1]
    sent.put_off += 1


def _is_for_good(refused: Exception) -> bool:
    """Whether this mail will never be taken: the server says 5xx, or cannot write its address."""
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        return all(code >= _FOR_GOOD for code, _ in refused.recipients.values())
    if isinstance(refused, smtplib.SMTPResponseException):
        return refused.smtp_code >= _FOR_GOOD
    return True


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


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A connection that is ready for a mail. Raises _NotThisMail where no mail could be sent.

    Until a mail is handed in, whatever the server says is no word about this mail: a wrong
    password must not make a dead letter of each. Nor is what it says of the sender, who is the
    same in all, unless the mail is too large.
    """
    try:
        connection = _connect(server)
    except (OSError, smtplib.SMTPException, ValueError) as fault:
        raise _NotThisMail(str(fault)) from fault
    try:
        yield connection
    except smtplib.SMTPSenderRefused as fault:
        if fault.smtp_code == _TOO_LARGE:
            raise
        raise _NotThisMail(str(fault)) from fault
    except _REFUSALS:
        raise
    except (OSError, smtplib.SMTPException) as fault:
        raise _NotThisMail(str(fault)) from fault
    finally:
        # How the server takes leave changes nothing about a mail that it has taken.
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()


def _connect(server: MailServer) -> smtplib.SMTP:
    make = smtplib.SMTP_SSL if server.is_tls else smtplib.SMTP
    connection = make(server.host, server.port, timeout=_TIMEOUT)
    try:
        connection.ehlo_or_helo_if_needed()
        if not server.is_tls and connection.has_extn("starttls"):
            connection.starttls()
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection
