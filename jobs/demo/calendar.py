"""What the clock will do, what it opened, and how the period stands: the tables of time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from forms.unit_kinds import kind_vi
from jobs.demo.stage import CONSOLE, QUARTER, ZONE, Stage
from reporting.models import ReportingObligation
from reporting.services.board import By, board
from reporting.services.preview import look_ahead

_SHOWN_FORM = "II.06a/VPCP/KSTT"


def show_preview(stage: Stage, now: datetime) -> None:
    """What will fire in the next 100 days for one form, for whom and why."""
    ahead = look_ahead(stage.bell(now), now=now, span=timedelta(days=100))
    rows = [
        (
            f"{line.at.astimezone(ZONE):%d/%m/%Y %H:%M}",
            line.action,
            line.period,
            "; ".join(f"{count} {kind_vi(kind)}" for kind, count in line.units.items()),
            " ".join(reason.vi for reason in line.reasons),
        )
        for line in ahead
        if line.form_code == _SHOWN_FORM and line.period == QUARTER
    ]
    title = f"Preview: what will fire for {_SHOWN_FORM} ({len(ahead)} things in 100 days in all)"
    stage.tell.table(title, ["when", "what", "period", "for", "why"], rows)


def show_owed(stage: Stage) -> None:
    """How many units owe each form of the quarter, and by when."""
    owed = ReportingObligation
    with stage.sessions() as session:
        rows = session.execute(
            select(owed.form_code, func.count(), func.min(owed.due_at), func.max(owed.due_at))
            .where(owed.period == QUARTER)
            .group_by(owed.form_code)
            .order_by(owed.form_code)
        ).all()
    lines = [
        (form, count, f"{first.astimezone(ZONE):%d/%m/%Y}", f"{last.astimezone(ZONE):%d/%m/%Y}")
        for form, count, first, last in rows
    ]
    columns = ["form", "#units that owe it", "first due", "last due"]
    stage.tell.table(f"What is owed for {QUARTER}", columns, lines)


def show_board(stage: Stage) -> None:
    """The receipt-status board of the quarter, by form and receiving unit."""
    with stage.sessions() as session:
        lines = [
            line
            for line in board(session, actor=CONSOLE, period=QUARTER, by=By.RECEIVER)
            if line.received
        ]
    rows = [
        (
            line.form_code,
            f"{line.unit_code} {line.unit_name}",
            line.expected,
            line.received,
            line.on_time,
            line.late,
            line.missing,
            f"{line.completeness} %",
            f"{line.timeliness} %",
        )
        for line in lines
    ]
    columns = ["form", "sent to", "#expected", "#received", "#on time", "#late", "#missing"]
    columns += ["#complete", "#timely"]
    stage.tell.table(f"The board of {QUARTER}", columns, rows)
