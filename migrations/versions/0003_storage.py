"""Keep what is sent as it is: PostgreSQL does not compress it, and packed cells stay in their row.

Compressing took more than half of the processor time that PostgreSQL spends on receiving. A
workbook is compressed already; the canonical text of a report of 300 figures is 5 kB. Rows written
before keep their form until they are written again; both are read alike.

Small, reversible, one purpose; no import of models or services; works beside the version that is
still running. Taking a column away needs two releases: stop using it, then drop it.
"""

from __future__ import annotations

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None

_SENT = (("submission", "canonical"), ("submission", "file"), ("refused_attempt", "file"))


def upgrade() -> None:
    """Go to this revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in _SENT:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE packed_table SET (toast_tuple_target = 8160)")


def downgrade() -> None:
    """Go back to the revision before."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in _SENT:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTENDED")
    op.execute("ALTER TABLE packed_table RESET (toast_tuple_target)")
