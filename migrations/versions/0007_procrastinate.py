"""The queue that carries heavy work to workers: procrastinate's own schema, on PostgreSQL alone.

Its SQL lies beside this file, as procrastinate 3.10.0 has it. A release of it with another schema
needs a migration of its own, from `procrastinate/sql/migrations`.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: None = None
depends_on: None = None

_TABLES = ("periodic_defers", "events", "jobs", "workers")
_FUNCTIONS = (
    "defer_jobs_v1",
    "defer_periodic_job_v2",
    "finish_job_v1",
    "cancel_job_v1",
    "retry_job_v1",
    "retry_job_v2",
    "notify_queue_job_inserted_v1",
    "notify_queue_abort_job_v1",
    "trigger_function_status_events_insert_v1",
    "trigger_function_status_events_update_v1",
    "trigger_function_scheduled_events_v1",
    "trigger_abort_requested_events_procedure_v1",
    "unlink_periodic_defers_v1",
    "register_worker_v1",
    "unregister_worker_v1",
    "update_heartbeat_v1",
    "prune_stalled_workers_v1",
)
_TYPES = ("job_to_defer_v1", "job_event_type", "job_status")


def upgrade() -> None:
    """Go to this revision."""
    if op.get_bind().dialect.name == "postgresql":
        _run_script(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Go back to the revision before. The ledger keeps what is to be done; only jobs are lost."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP FUNCTION procrastinate_fetch_job_v2")  # It gives rows of a table.
    for table in _TABLES:
        op.execute(f"DROP TABLE procrastinate_{table}")
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION procrastinate_{function}")
    for type_ in _TYPES:
        op.execute(f"DROP TYPE procrastinate_{type_}")


def _run_script(script: str) -> None:
    """Run many statements as they stand; only the driver takes them without parameters."""
    driver = op.get_bind().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the script of a third party is run by psycopg")
    driver.execute(script.encode())
