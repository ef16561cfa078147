"""The parts that a process is put together from: made once at its start, shared by every door.

Knows nothing of HTTP, so that commands and scheduled work use the same.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from forms.catalogue import Catalogue, load_forms
from forms.opening_xlsx import XlsxLimits
from reporting.db import make_engine, make_session_factory
from reporting.services.clients import KnownTokens
from reporting.services.keys import register_at_start
from reporting.services.mailing import MailServer
from reporting.services.published_forms import refuse_changed_declarations
from reporting.services.ringing import Bell
from reporting.services.signing import ServerKey, Signer
from reporting.services.sittings import SittingLimits
from reporting.services.true_clock import require_true_clock
from reporting.settings import Settings

Clock = Callable[[], datetime]

#: Where a laptop keeps the key that it signs with, beside its store.
KEY_FILE = "signing-key.pem"


def system_clock() -> datetime:
    """Now, by the clock of the machine."""
    return datetime.now(UTC)


def clock_of(settings: Settings, clock: Clock) -> Clock:
    """The clock of a process: the true one, or one that stands still for a demonstration.

    A demonstration whose clock ran would make other files on every run.
    """
    stands_at = settings.clock_stands_at
    return (lambda: stands_at) if stands_at is not None else clock


@dataclass(frozen=True)
class Parts:
    """Settings, store, declared forms and clock of one process."""

    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    reading_sessions: sessionmaker[Session]
    catalogue: Catalogue
    clock: Clock
    signer: Signer = field(default_factory=ServerKey.new)
    known_tokens: KnownTokens = field(default_factory=KnownTokens)

    @property
    def xlsx_limits(self) -> XlsxLimits:
        """How large a workbook may be, as it comes and once unpacked."""
        return XlsxLimits(
            file_bytes=self.settings.max_body,
            unpacked_bytes=self.settings.max_unpacked,
            ratio=self.settings.max_ratio,
            rows=self.settings.max_rows,
        )

    @property
    def sitting_limits(self) -> SittingLimits:
        """How long a sitting at the pages may rest and last."""
        return SittingLimits(
            timedelta(minutes=self.settings.idle_minutes),
            timedelta(hours=self.settings.sitting_hours),
        )

    @property
    def bell(self) -> Bell:
        """What ringing the clock needs."""
        smtp = self.settings.smtp
        return Bell(
            self.sessions,
            self.catalogue,
            self.settings.time_zone,
            self.clock,
            self.settings.hand_over,
            MailServer.from_url(smtp, self.settings.mail_from) if smtp else None,
            self.signer,
        )

    def ringing_now(self) -> datetime:
        """The instant to ring for where none is named. Raises Conflict where it cannot be true.

        A clock that was given, for a demonstration or a test, is not held against another one.
        """
        now = self.clock()
        if self.clock is system_clock:
            require_true_clock(self.reading_sessions, now)
        return now

    def today(self) -> date:
        """The day it is where due dates are dates."""
        return self.clock().astimezone(self.settings.time_zone).date()


def signer_of(settings: Settings, engine: Engine) -> Signer:
    """Who signs: the key of the settings; on a laptop one that lies beside the store.

    Made there once and for its owner's eyes alone, so that receipts of one day are signed by the
    same key as those of the next. Raises BadKey.
    """
    if settings.signing_key:
        return ServerKey.from_pem(settings.signing_key.encode())
    database = engine.url.database
    if engine.dialect.name == "sqlite" and (not database or ":" in database):
        return ServerKey.new()  # A store that ends with its process.
    folder = Path(database).parent if engine.dialect.name == "sqlite" and database else Path("var")
    return _kept_key(folder / KEY_FILE)


def _kept_key(file: Path) -> Signer:
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_name(f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    if not file.exists():
        opened = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as written:
            written.write(ServerKey.new().private_pem())
        with suppress(FileExistsError):  # Another process was faster; its key is the one.
            os.link(made, file)
        made.unlink()
    return ServerKey.from_pem(file.read_bytes())


def make_parts(
    settings: Settings,
    *,
    engine: Engine | None = None,
    catalogue: Catalogue | None = None,
    sessions: sessionmaker[Session] | None = None,
    clock: Clock = system_clock,
) -> Parts:
    """Put the parts together; what is not given is made from the settings.

    `sessions` stands in for both kinds of sessions, as tests want it, which roll everything back.
    Raises BadDeclaration with every fault of the declared forms, among them that a version which
    is in use says something else now.
    """
    engine = engine or make_engine(settings.database_url)
    catalogue = catalogue or load_forms(settings.forms)
    refuse_changed_declarations(engine, catalogue)
    parts = Parts(
        settings=settings,
        engine=engine,
        sessions=sessions or make_session_factory(engine),
        reading_sessions=sessions or make_session_factory(engine, reading=True),
        catalogue=catalogue,
        clock=clock_of(settings, clock),
        signer=signer_of(settings, engine),
    )
    register_at_start(parts.reading_sessions, parts.sessions, parts.signer, now=parts.clock())
    return parts
