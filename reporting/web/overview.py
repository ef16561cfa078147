"""What has come in and what is missing, period by period; and the editions made from it."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request

from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.services.edition_standing import standings_of
from reporting.services.editions import list_editions
from reporting.services.exports import edition_workbook
from reporting.services.standing import list_periods, list_standing
from reporting.web.choosing import nearest_period
from reporting.web.rendering import render, year_until

blp = Blueprint("overview", __name__)

_PAGE_SIZE = 200


@blp.get("/periods")
@allows(Right.PAGE)
def show_periods() -> str:
    """Every form of a period: expected, received, late, missing; and unit by unit for one form."""
    asked = request.args.get("period", "")[:20]
    form = request.args.get("form", "")[:60]
    with current_parts().reading_sessions() as session:
        lines = list_periods(session, actor=current_actor())
        dues: dict[str, datetime] = {}
        for line in lines:
            dues[line.period] = min(line.first_due_at, dues.get(line.period, line.first_due_at))
        periods = list(dues)
        period = asked if asked in dues else nearest_period(dues, current_parts().clock())
        units = (
            list_standing(session, actor=current_actor(), form_code=form, period=period)
            if form
            else []
        )
    return render(
        "periods.html",
        lines=[line for line in lines if line.period == period],
        periods=periods,
        period=period,
        form=form,
        units=units,
        titles={form.code: form.title_vi for form in current_parts().catalogue.forms},
    )


@blp.get("/editions")
@allows(Right.PAGE)
def show_editions() -> str:
    """Every edition with its coverage and its workbook, page by page."""
    after = request.args.get("after", 0, type=int)
    with current_parts().reading_sessions() as session:
        found = list_editions(
            session, actor=current_actor(), after=min(max(after, 0), 2**62), limit=_PAGE_SIZE
        )
        standings = standings_of(
            session,
            [edition for edition, _ in found],
            catalogue=current_parts().catalogue,
        )
    return render(
        "editions.html",
        editions=found,
        standings=standings,
        until=year_until,
        next_after=found[-1][0].id if len(found) == _PAGE_SIZE else None,
    )


@blp.get("/editions/<int(max=9223372036854775807):edition_id>/workbook")
@allows(Right.PAGE)
def download_workbook(edition_id: int) -> Response:
    """The workbook of an edition."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        made = edition_workbook(
            session, actor=current_actor(), edition_id=edition_id, catalogue=parts.catalogue
        )
    return hand_out(made, XLSX)
