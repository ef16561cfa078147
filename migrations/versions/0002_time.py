"""Calendar, what befalls obligations, the ledger of the clock, messages.

Small, reversible, one purpose; no import of models or services; works beside the version that is
still running. Taking a column away needs two releases: stop using it, then drop it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "job_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("request_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sa.UniqueConstraint(
            "actor", "idempotency_key", name=op.f("uq_job_run_actor_idempotency_key")
        ),
    )
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.create_index("ix_job_run_started", ["started_at"], unique=False)

    op.create_table(
        "kept_regime",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("declaration", sa.Text(), nullable=False),
        sa.Column("is_run_time", sa.Boolean(), nullable=False),
        sa.Column(
            "kept_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("code", "sha256", name=op.f("pk_kept_regime")),
    )
    op.create_table(
        "job_action",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("unit_code", sa.String(length=40), nullable=False),
        sa.Column("occurrence", sa.String(length=120), nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "done_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "attempts",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["job_run.id"], name=op.f("fk_job_action_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_action")),
        sa.UniqueConstraint(
            "action",
            "form_code",
            "period",
            "unit_code",
            "occurrence",
            name=op.f("uq_job_action_action_form_code_period_unit_code_occurrence"),
        ),
    )
    with op.batch_alter_table("job_action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_action_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_job_action_waiting", ["done_at", "due_at"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mail", sa.String(length=254), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["reporting_unit.id"], name=op.f("fk_person_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("unit_id", "mail", name=op.f("uq_person_unit_id_mail")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reminder",
                "overdue",
                "escalation",
                "returned",
                "extended",
                name="notice_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "obligation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "digested_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["action_id"], ["job_action.id"], name=op.f("fk_notice_action_id")),
        sa.ForeignKeyConstraint(
            ["obligation_id"], ["reporting_obligation.id"], name=op.f("fk_notice_obligation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["reporting_unit.id"], name=op.f("fk_notice_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_obligation", ["obligation_id"], unique=False)
        batch_op.create_index("ix_notice_waiting", ["digested_at", "unit_id"], unique=False)

    op.create_table(
        "obligation_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "obligation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "change",
            sa.Enum(
                "extended",
                "suspended",
                "resumed",
                "waived",
                "owed_again",
                "reopened",
                "closed",
                "marked_late",
                "sent_otherwise",
                "succeeded",
                name="obligation_change",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"], ["job_action.id"], name=op.f("fk_obligation_event_action_id")
        ),
        sa.ForeignKeyConstraint(
            ["obligation_id"],
            ["reporting_obligation.id"],
            name=op.f("fk_obligation_event_obligation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation_event")),
    )
    with op.batch_alter_table("obligation_event", schema=None) as batch_op:
        batch_op.create_index("ix_obligation_event", ["obligation_id", "change"], unique=False)

    op.create_table(
        "sent_document",
        sa.Column(
            "obligation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("document_number", sa.String(length=100), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=False),
        sa.Column("scan", sa.LargeBinary(), nullable=False),
        sa.Column("scan_name", sa.String(length=200), nullable=False),
        sa.Column("scan_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["obligation_id"],
            ["reporting_obligation.id"],
            name=op.f("fk_sent_document_obligation_id"),
        ),
        sa.PrimaryKeyConstraint("obligation_id", name=op.f("pk_sent_document")),
    )
    op.create_table(
        "outbox_mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "attempts",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.Column(
            "given_up_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_outbox_mail_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_mail")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_mail_message_id")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_outbox_mail_person_id_day")),
    )
    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_mail_waiting", ["sent_at", "next_try_at"], unique=False)

    with op.batch_alter_table("reporting_obligation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "declared_due_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "closes_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "closed_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "late_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "suspended_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "sent_otherwise_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("regime_code", sa.String(length=60), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "stand",
                sa.Enum(
                    "missing",
                    "on_time",
                    "late",
                    "returned",
                    "waived",
                    name="stand",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                server_default="missing",
                nullable=False,
            )
        )
        batch_op.create_index("ix_obligation_owed", ["unit_id", "due_at"], unique=False)
        batch_op.create_index(
            "ix_obligation_stand", ["period", "receiver_id", "form_code", "stand"], unique=False
        )

    # What was due before this release was due as declared, and stands as its report does.
    op.execute("UPDATE reporting_obligation SET declared_due_at = due_at")
    op.execute(
        "UPDATE reporting_obligation SET stand = (SELECT CASE"
        " WHEN submission.status = 'returned' THEN 'returned'"
        " WHEN submission.status = 'withdrawn' THEN 'missing'"
        " WHEN submission.is_on_time THEN 'on_time' ELSE 'late' END"
        " FROM submission WHERE submission.id = reporting_obligation.in_force_id)"
        " WHERE in_force_id IS NOT NULL"
    )
    with op.batch_alter_table("reporting_obligation", schema=None) as batch_op:
        batch_op.alter_column(
            "declared_due_at",
            existing_type=sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("reporting_obligation", schema=None) as batch_op:
        batch_op.drop_index("ix_obligation_stand")
        batch_op.drop_index("ix_obligation_owed")
        batch_op.drop_constraint(op.f("ck_reporting_obligation_stand"), type_="check")
        batch_op.drop_column("stand")
        batch_op.drop_column("regime_code")
        batch_op.drop_column("sent_otherwise_at")
        batch_op.drop_column("suspended_at")
        batch_op.drop_column("late_at")
        batch_op.drop_column("closed_at")
        batch_op.drop_column("closes_at")
        batch_op.drop_column("declared_due_at")

    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_mail_waiting")

    op.drop_table("outbox_mail")
    op.drop_table("sent_document")
    with op.batch_alter_table("obligation_event", schema=None) as batch_op:
        batch_op.drop_index("ix_obligation_event")

    op.drop_table("obligation_event")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_waiting")
        batch_op.drop_index("ix_notice_obligation")

    op.drop_table("notice")
    op.drop_table("person")
    with op.batch_alter_table("job_action", schema=None) as batch_op:
        batch_op.drop_index("ix_job_action_waiting")
        batch_op.drop_index(batch_op.f("ix_job_action_run_id"))

    op.drop_table("job_action")
    op.drop_table("kept_regime")
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.drop_index("ix_job_run_started")

    op.drop_table("job_run")
    op.drop_table("calendar_day")
