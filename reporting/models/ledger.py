"""The ledger of the clock: what was asked for, when it is due, and that it was done once.

The clock only rings; these rows decide. A row is asked in the transaction of its cause and done
in the transaction of its effect, so that no death of a process can part the two.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class JobRun(Base):
    """One ringing: by whom, for which instant, and how many actions it did.

    With an idempotency key the same ringing answers the same run; `request_sha256` tells whether
    it is the same. `finished_at` stays empty where the process died.
    """

    __tablename__ = "job_run"

    id: Mapped[Key]
    job: Mapped[str] = mapped_column(String(40))
    door: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(200))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    as_of: Mapped[datetime]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        UniqueConstraint("actor", "idempotency_key"),
        Index("ix_job_run_started", "started_at"),
    )


class JobAction(Base):
    """One action that the clock owes, by the key that makes it happen once.

    `occurrence` is what made it due: a lead time, a due instant, the hash of an input list; ''
    where there is none. `unit_code` and the other parts of the key are '' and never NULL, since
    NULLs are never alike. An action that failed is tried again from `next_try_at` on.
    """

    __tablename__ = "job_action"

    id: Mapped[Key]
    action: Mapped[str] = mapped_column(String(40))
    form_code: Mapped[str] = mapped_column(String(60))
    period: Mapped[str] = mapped_column(String(10))
    unit_code: Mapped[str] = mapped_column(String(40))
    occurrence: Mapped[str] = mapped_column(String(120))
    due_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("job_run.id"), index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="", server_default="")
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        UniqueConstraint("action", "form_code", "period", "unit_code", "occurrence"),
        Index("ix_job_action_waiting", "done_at", "due_at"),
    )
