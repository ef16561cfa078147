"""reporting_store.

Small, reversible, one purpose; no import of models or services; works beside the version that is
still running. Taking a column away needs two releases: stop using it, then drop it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "packed_row_name",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("section", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("label", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packed_row_name")),
        sa.UniqueConstraint(
            "section", "key", "label", name=op.f("uq_packed_row_name_section_key_label")
        ),
    )
    op.create_table(
        "published_form",
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("declaration", sa.Text(), nullable=False),
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("form_code", "version", name=op.f("pk_published_form")),
    )
    op.create_table(
        "reporting_unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "government",
                "ministry",
                "ministerial_agency",
                "government_agency",
                "other_level1",
                "province",
                "commune",
                "department",
                "subordinate",
                "district",
                name="unit_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to >= valid_from", name=op.f("ck_reporting_unit_valid_to_after_valid_from")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_reporting_unit_code")),
    )
    with op.batch_alter_table("reporting_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reporting_unit_kind"), ["kind"], unique=False)

    op.create_table(
        "client",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("token_prefix", sa.String(length=16), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "revoked_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["reporting_unit.id"], name=op.f("fk_client_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_client_token_sha256")),
    )
    op.create_table(
        "edition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column(
            "form_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("engine", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cut_off_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("input_sha256", sa.String(length=64), nullable=False),
        sa.Column("coverage", sa.JSON(), nullable=False),
        sa.Column("issues", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_edition_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint(
            "form_code",
            "period",
            "unit_id",
            "number",
            name=op.f("uq_edition_form_code_period_unit_id_number"),
        ),
    )
    op.create_table(
        "reporting_obligation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "receiver_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column(
            "form_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("window_first", sa.Date(), nullable=False),
        sa.Column("window_last", sa.Date(), nullable=False),
        sa.Column(
            "opens_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "revisions",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "in_force_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.CheckConstraint(
            "opens_at <= due_at", name=op.f("ck_reporting_obligation_opens_before_due")
        ),
        sa.CheckConstraint(
            "window_first <= window_last", name=op.f("ck_reporting_obligation_window_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["in_force_id"], ["submission.id"], name="fk_obligation_in_force", use_alter=True
        ),
        sa.ForeignKeyConstraint(
            ["receiver_id"], ["reporting_unit.id"], name=op.f("fk_reporting_obligation_receiver_id")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_reporting_obligation_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_obligation")),
        sa.UniqueConstraint(
            "unit_id",
            "form_code",
            "period",
            name=op.f("uq_reporting_obligation_unit_id_form_code_period"),
        ),
    )
    with op.batch_alter_table("reporting_obligation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_obligation_board", ["form_code", "period", "receiver_id"], unique=False
        )

    op.create_table(
        "unit_identifier",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "scheme",
            sa.Enum(
                "mdd",
                "gso",
                "local",
                name="identifier_scheme",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to >= valid_from", name=op.f("ck_unit_identifier_valid_to_after_valid_from")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_unit_identifier_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_identifier")),
        sa.UniqueConstraint(
            "scheme", "value", "valid_from", name=op.f("uq_unit_identifier_scheme_value_valid_from")
        ),
    )
    with op.batch_alter_table("unit_identifier", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_unit_identifier_unit_id_scheme"), ["unit_id", "scheme"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_unit_identifier_value"), ["value"], unique=False)

    op.create_table(
        "unit_lineage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "predecessor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "successor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "merge",
                "split",
                "rename",
                name="lineage_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "extent",
            sa.Enum(
                "whole",
                "part",
                name="lineage_extent",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "share_numerator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "share_denominator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.CheckConstraint(
            "(share_numerator IS NULL) = (share_denominator IS NULL)",
            name=op.f("ck_unit_lineage_share_is_whole"),
        ),
        sa.CheckConstraint(
            "predecessor_id <> successor_id", name=op.f("ck_unit_lineage_not_its_own_predecessor")
        ),
        sa.CheckConstraint(
            "share_numerator >= 0 AND share_denominator > 0 AND share_numerator <= share_denominator",
            name=op.f("ck_unit_lineage_share_is_a_fraction"),
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["reporting_unit.id"], name=op.f("fk_unit_lineage_predecessor_id")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["reporting_unit.id"], name=op.f("fk_unit_lineage_successor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_lineage")),
        sa.UniqueConstraint(
            "predecessor_id",
            "successor_id",
            "on_date",
            name=op.f("uq_unit_lineage_predecessor_id_successor_id_on_date"),
        ),
    )
    with op.batch_alter_table("unit_lineage", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_unit_lineage_successor_id"), ["successor_id"], unique=False
        )

    op.create_table(
        "unit_term",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.CheckConstraint("parent_id <> unit_id", name=op.f("ck_unit_term_not_under_itself")),
        sa.CheckConstraint(
            "valid_to >= valid_from", name=op.f("ck_unit_term_valid_to_after_valid_from")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["reporting_unit.id"], name=op.f("fk_unit_term_parent_id")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_unit_term_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_term")),
        sa.UniqueConstraint("unit_id", "valid_from", name=op.f("uq_unit_term_unit_id_valid_from")),
    )
    with op.batch_alter_table("unit_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_term_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "refused_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "door",
            sa.Enum(
                "api",
                "page",
                "command",
                name="door",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column("unit_code", sa.String(length=60), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("issues", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_refused_attempt_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_attempt")),
    )
    with op.batch_alter_table("refused_attempt", schema=None) as batch_op:
        batch_op.create_index(
            "ix_refused_attempt_unit", ["unit_code", "period", "form_code"], unique=False
        )

    op.create_table(
        "submission",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "obligation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column(
            "form_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "received",
                "accepted",
                "returned",
                "withdrawn",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("engine", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.Column("is_on_time", sa.Boolean(), nullable=False),
        sa.Column(
            "door",
            sa.Enum(
                "api",
                "page",
                "command",
                name="door",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("issues", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_submission_client_id")),
        sa.ForeignKeyConstraint(
            ["obligation_id"], ["reporting_obligation.id"], name=op.f("fk_submission_obligation_id")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_submission_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "obligation_id", "revision", name=op.f("uq_submission_obligation_id_revision")
        ),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(
            "ix_submission_form_period", ["form_code", "period", "recorded_at"], unique=False
        )

    op.create_table(
        "cross_check",
        sa.Column(
            "submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("rule_id", sa.String(length=120), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_form", sa.String(length=60), nullable=False),
        sa.Column("other_period", sa.String(length=10), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "pending",
                "met",
                "failed",
                "exempt",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("compared_with", sa.JSON(), nullable=False),
        sa.Column("issues", sa.JSON(), nullable=False),
        sa.Column(
            "checked_at",
            sa.DateTime(timezone=True).with_variant(sa.String(length=27), "sqlite"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_cross_check_submission_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_unit.id"], name=op.f("fk_cross_check_unit_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", "rule_id", name=op.f("pk_cross_check")),
    )
    with op.batch_alter_table("cross_check", schema=None) as batch_op:
        batch_op.create_index(
            "ix_cross_check_other", ["other_form", "other_period", "unit_id"], unique=False
        )

    op.create_table(
        "edition_input",
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name=op.f("fk_edition_input_edition_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_edition_input_submission_id")
        ),
        sa.PrimaryKeyConstraint("edition_id", "submission_id", name=op.f("pk_edition_input")),
    )
    with op.batch_alter_table("edition_input", schema=None) as batch_op:
        batch_op.create_index("ix_edition_input_submission", ["submission_id"], unique=False)

    op.create_table(
        "packed_table",
        sa.Column(
            "submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("table_key", sa.String(length=60), nullable=False),
        sa.Column("row_ids", sa.LargeBinary(), nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.Column("states", sa.LargeBinary(), nullable=False),
        sa.Column("total_cells", sa.LargeBinary(), nullable=False),
        sa.Column("total_states", sa.LargeBinary(), nullable=False),
        sa.Column("is_nil", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_packed_table_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("submission_id", "table_key", name=op.f("pk_packed_table")),
    )
    # The two tables point at each other, so this one comes last; SQLite has it from the start.
    if op.get_bind().dialect.name != "sqlite":
        op.create_foreign_key(
            "fk_obligation_in_force", "reporting_obligation", "submission", ["in_force_id"], ["id"]
        )


def downgrade() -> None:
    """Go back to the revision before."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("fk_obligation_in_force", "reporting_obligation", type_="foreignkey")
    op.drop_table("packed_table")
    with op.batch_alter_table("edition_input", schema=None) as batch_op:
        batch_op.drop_index("ix_edition_input_submission")

    op.drop_table("edition_input")
    with op.batch_alter_table("cross_check", schema=None) as batch_op:
        batch_op.drop_index("ix_cross_check_other")

    op.drop_table("cross_check")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index("ix_submission_form_period")

    op.drop_table("submission")
    with op.batch_alter_table("refused_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_refused_attempt_unit")

    op.drop_table("refused_attempt")
    with op.batch_alter_table("unit_term", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unit_term_parent_id"))

    op.drop_table("unit_term")
    with op.batch_alter_table("unit_lineage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unit_lineage_successor_id"))

    op.drop_table("unit_lineage")
    with op.batch_alter_table("unit_identifier", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unit_identifier_value"))
        batch_op.drop_index(batch_op.f("ix_unit_identifier_unit_id_scheme"))

    op.drop_table("unit_identifier")
    with op.batch_alter_table("reporting_obligation", schema=None) as batch_op:
        batch_op.drop_index("ix_obligation_board")

    op.drop_table("reporting_obligation")
    op.drop_table("edition")
    op.drop_table("client")
    with op.batch_alter_table("reporting_unit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reporting_unit_kind"))

    op.drop_table("reporting_unit")
    op.drop_table("published_form")
    op.drop_table("packed_row_name")
