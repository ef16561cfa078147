"""People and their rights, drafts, comments, and the audit, whose tables are only added to.

Small, reversible, one purpose; no import of models or services; works beside the version that is
still running. Taking a column away needs two releases: stop using it, then drop it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None

#: What a token could do before it said what it may.
_EVERY_ACT = '["administer", "approve", "check", "enter", "read", "receive", "ring"]'

_APPEND_ONLY = ("audit_line", "audit_link", "audit_head")
#: By which columns a row of them would take the place of another.
_UNIQUE = {"audit_line": ("id",), "audit_link": ("number", "line_id"), "audit_head": ("number",)}

_CHANGES = (
    "extended", "suspended", "resumed", "waived", "owed_again", "reopened", "closed",
    "marked_late", "sent_otherwise", "succeeded",
)  # fmt: skip
_NEW_CHANGES = ("accepted", "returned", "withdrawn", "amendable")


def upgrade() -> None:
    """Go to this revision."""
    _allow_changes((*_CHANGES, *_NEW_CHANGES))
    op.create_table(
        "audit_head",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("chain_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), server_default="", nullable=False),
        sa.Column("signature", sa.String(length=88), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_line")),
    )
    with op.batch_alter_table("audit_line", schema=None) as batch_op:
        batch_op.create_index("ix_audit_line_subject", ["subject"], unique=False)
        batch_op.create_index("ix_audit_line_unit", ["unit_id", "id"], unique=False)

    op.create_table(
        "audit_link",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chain_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("line_id", name=op.f("uq_audit_link_line_id")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_failure_address", ["address", "at"], unique=False)
        batch_op.create_index("ix_sign_in_failure_login", ["login", "at"], unique=False)

    op.create_table(
        "signing_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("public_pem", sa.String(length=400), nullable=False),
        sa.Column(
            "first_used_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column(
            "password_changed_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_account_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "obligation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "entered",
                "checked",
                "approved",
                name="draft_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("is_workbook", sa.Boolean(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("explanations", sa.JSON(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column(
            "changed_by_account",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("checked_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column(
            "approval_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["obligation_id"], ["reporting_obligation.id"], name=op.f("fk_draft_obligation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("obligation_id", name=op.f("uq_draft_obligation_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "role",
            sa.Enum(
                "enter",
                "check",
                "approve",
                "receive",
                "read",
                "administer",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("below", sa.Boolean(), nullable=False),
        sa.Column("forms", sa.JSON(), nullable=False),
        sa.Column("title", sa.String(length=200), server_default="", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "granted_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("granted_by", sa.String(length=200), nullable=False),
        sa.Column(
            "revoked_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.CheckConstraint(
            "valid_to >= valid_from", name=op.f("ck_role_grant_valid_to_after_valid_from")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_role_grant_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_grant_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_role_grant_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "began_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sign_in_token_sha256")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_account_id"), ["account_id"], unique=False)

    op.create_table(
        "cell_comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cell", sa.String(length=600), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_cell_comment_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell_comment")),
    )
    with op.batch_alter_table("cell_comment", schema=None) as batch_op:
        batch_op.create_index("ix_cell_comment_submission", ["submission_id"], unique=False)

    op.create_table(
        "draft_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "act",
            sa.Enum(
                "entered",
                "explained",
                "checked",
                "approved",
                "voided",
                name="draft_act",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("voided_approval", sa.Boolean(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column(
            "cells_changed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_draft_change_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_change")),
    )
    with op.batch_alter_table("draft_change", schema=None) as batch_op:
        batch_op.create_index("ix_draft_change_draft", ["draft_id", "version"], unique=False)

    op.create_table(
        "explanation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("cell", sa.String(length=600), nullable=False),
        sa.Column("rule_id", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_explanation_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanation")),
    )
    with op.batch_alter_table("explanation", schema=None) as batch_op:
        batch_op.create_index("ix_explanation_submission", ["submission_id"], unique=False)

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acts", sa.JSON(), server_default=_EVERY_ACT, nullable=False))
        batch_op.add_column(sa.Column("forms", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("networks", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(
            sa.Column("signer", sa.String(length=200), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "expires_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_client_replaces_id"), "client", ["replaces_id"], ["id"]
        )

    with op.batch_alter_table("reporting_obligation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "amendable_at",
                sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
                nullable=True,
            )
        )

    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("signer", sa.String(length=400), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "approval_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column("reason", sa.String(length=1000), server_default="", nullable=False)
        )
    for table in _APPEND_ONLY:
        _refuse_changes(table)


def downgrade() -> None:
    """Go back to the revision before."""
    for table in _APPEND_ONLY:
        _take_changes(table)
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("approval_id")
        batch_op.drop_column("signer")

    with op.batch_alter_table("reporting_obligation", schema=None) as batch_op:
        batch_op.drop_column("amendable_at")

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_client_replaces_id"), type_="foreignkey")
        batch_op.drop_column("replaces_id")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("signer")
        batch_op.drop_column("networks")
        batch_op.drop_column("forms")
        batch_op.drop_column("acts")

    with op.batch_alter_table("explanation", schema=None) as batch_op:
        batch_op.drop_index("ix_explanation_submission")

    op.drop_table("explanation")
    with op.batch_alter_table("draft_change", schema=None) as batch_op:
        batch_op.drop_index("ix_draft_change_draft")

    op.drop_table("draft_change")
    with op.batch_alter_table("cell_comment", schema=None) as batch_op:
        batch_op.drop_index("ix_cell_comment_submission")

    op.drop_table("cell_comment")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_account_id"))

    op.drop_table("sign_in")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_grant_unit_id"))
        batch_op.drop_index(batch_op.f("ix_role_grant_account_id"))

    op.drop_table("role_grant")
    op.drop_table("draft")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_unit_id"))

    op.drop_table("account")
    op.drop_table("signing_key")
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_failure_login")
        batch_op.drop_index("ix_sign_in_failure_address")

    op.drop_table("sign_in_failure")
    op.drop_table("audit_link")
    with op.batch_alter_table("audit_line", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_line_unit")
        batch_op.drop_index("ix_audit_line_subject")

    op.drop_table("audit_line")
    op.drop_table("audit_head")
    event = sa.table("obligation_event", sa.column("change", sa.String))
    op.execute(event.delete().where(event.c.change.in_(_NEW_CHANGES)))
    _allow_changes(_CHANGES)


def _allow_changes(changes: tuple[str, ...]) -> None:
    """Say anew what may befall an obligation."""
    allowed = "change IN (" + ", ".join(f"'{change}'" for change in changes) + ")"
    name = "ck_obligation_event_obligation_change"
    with op.batch_alter_table("obligation_event", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(name), type_="check")
        batch_op.create_check_constraint(op.f(name), sa.text(allowed))


def _refuse_changes(table: str) -> None:
    """Let the database itself refuse to change or remove a line."""
    said = f"{table} is only added to"
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        # INSERT OR REPLACE takes a row away without asking the trigger for deleting.
        taken = " OR ".join(f"{column} = NEW.{column}" for column in _UNIQUE[table])
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) "
            f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{said}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def _take_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER {table}_no_{act}")
        return
    op.execute(f"DROP TRIGGER {table}_only_added ON {table}")
    op.execute(f"DROP FUNCTION {table}_refuse()")
