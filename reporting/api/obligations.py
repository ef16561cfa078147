"""What befalls obligations, bulk assignment, run-time regimes, and the board."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.exceptions import BadRequest

from forms.faults import BadDeclaration
from reporting.api.blueprint import Blueprint, json_body
from reporting.api.form_schemas import RegimeSchema
from reporting.api.problems import PROBLEM, problem
from reporting.api.schemas import ProblemSchema, day_argument, text_argument
from reporting.failures import Failure
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import ReportingObligation
from reporting.services import obligation_acts as acts
from reporting.services.actors import Act
from reporting.services.assigning import Assigned, Line, assign, read_assignments
from reporting.services.board import By, board
from reporting.services.named import filters_named, obligations_named
from reporting.services.regimes import make_regime
from reporting.services.rights import require_centre

blp = Blueprint(
    "obligations", __name__, url_prefix="/api/v1", description="Obligations and their board"
)

#: The number of an obligation in an address.
OBLIGATION = "<int(max=9223372036854775807):obligation_id>"


def _reason() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, 1000))


class ExtensionArguments(Schema):
    """Until the end of which day, and why."""

    due_on = day_argument(required=True)
    reason = _reason()


class WaiverArguments(Schema):
    """Why; or that it is owed again."""

    reason = _reason()
    owed_again = fields.Boolean(load_default=False)


class ReopeningArguments(Schema):
    """Until the end of which day a unit may correct, and why."""

    closes_on = day_argument(required=True)
    reason = _reason()


class LetterArguments(Schema):
    """The document by which a report went; the scan in base64."""

    document_number = fields.String(required=True, validate=validate.Length(1, 100))
    document_date = day_argument(required=True)
    scan = fields.String(required=True)
    scan_name = fields.String(required=True, validate=validate.Length(1, 200))
    reason = fields.String(load_default="sent by other means", validate=validate.Length(1, 1000))


class PauseArguments(Schema):
    """Which period, which forms and units of it (all where none is named), and why."""

    period = text_argument(required=True)
    forms = fields.List(text_argument(), load_default=list)
    units = fields.List(text_argument(), load_default=list)
    reason = _reason()


class EventSchema(Schema):
    """One thing that befell an obligation."""

    change = fields.String()
    at = fields.AwareDateTime()
    actor = fields.String()
    reason = fields.String()
    details = fields.Dict()


class ObligationState(Schema):
    """An obligation as it stands now."""

    id = fields.Integer()
    form = fields.String(attribute="form_code")
    version = fields.Integer(attribute="form_version")
    period = fields.String()
    opens_at = fields.AwareDateTime()
    declared_due_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    closes_at = fields.AwareDateTime(allow_none=True)
    suspended_at = fields.AwareDateTime(allow_none=True)
    sent_otherwise_at = fields.AwareDateTime(allow_none=True)
    stand = fields.String()
    events = fields.List(fields.Nested(EventSchema))


class PausedSchema(Schema):
    """How many obligations rest, or go on."""

    obligations = fields.Integer()


class AssignmentLine(Schema):
    """A form for a unit and a period, perhaps with a due day of its own."""

    form = text_argument(required=True)
    unit = text_argument(required=True)
    period = text_argument(required=True)
    due = text_argument(load_default="")


class AssignmentArguments(Schema):
    """Whether only to look it over."""

    dry_run = fields.Boolean(load_default=False)


class AssignedSchema(Schema):
    """How many obligations were made, and how many stood already."""

    created = fields.Integer()
    existing = fields.Integer()


class BoardArguments(Schema):
    """Which period, of one form or all, by whose lines."""

    period = text_argument(required=True)
    form = text_argument(load_default="")
    by = fields.Enum(By, by_value=True, load_default=By.RECEIVER)
    after = text_argument(load_default="", longest=110)
    limit = fields.Integer(load_default=500, validate=validate.Range(1, 5_000))


class BoardLineSchema(Schema):
    """How one form stands; rates in per cent, never over 100."""

    period = fields.String()
    form = fields.String(attribute="form_code")
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    expected = fields.Integer()
    received = fields.Integer()
    on_time = fields.Integer()
    late = fields.Integer()
    missing = fields.Integer()
    returned = fields.Integer()
    waived = fields.Integer()
    completeness = fields.String()
    timeliness = fields.String()


class BoardPage(Schema):
    """Lines by form and then by unit."""

    items = fields.List(fields.Nested(BoardLineSchema))
    next = fields.String(allow_none=True)


def _circumstances(reason: str) -> acts.Circumstances:
    parts = current_parts()
    zone = parts.settings.time_zone
    return acts.Circumstances(current_actor(), reason, parts.catalogue, zone, parts.clock())


def _state(session: Any, owed: ReportingObligation) -> dict[str, Any]:
    names = [column.key for column in ReportingObligation.__table__.columns]
    shown = {name: getattr(owed, name) for name in names}
    return shown | {"events": acts.events_of(session, obligation_id=owed.id)}


@blp.post(f"/obligations/{OBLIGATION}/extension")
@blp.arguments(ExtensionArguments)
@blp.response(200, ObligationState)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_extension(arguments: dict[str, Any], obligation_id: int) -> Any:
    """Give one unit more time."""
    with current_parts().sessions.begin() as session:
        at = _circumstances(arguments["reason"])
        due_on = arguments["due_on"]
        return _state(session, acts.extend(session, at, obligation_id=obligation_id, due_on=due_on))


@blp.post(f"/obligations/{OBLIGATION}/waiver")
@blp.arguments(WaiverArguments)
@blp.response(200, ObligationState)
@allows(Right.CLIENT, Act.RECEIVE)
def post_waiver(arguments: dict[str, Any], obligation_id: int) -> Any:
    """Let one unit off, or take that back."""
    act = acts.owe_again if arguments["owed_again"] else acts.waive
    with current_parts().sessions.begin() as session:
        at = _circumstances(arguments["reason"])
        return _state(session, act(session, at, obligation_id=obligation_id))


@blp.post(f"/obligations/{OBLIGATION}/reopening")
@blp.arguments(ReopeningArguments)
@blp.response(200, ObligationState)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_reopening(arguments: dict[str, Any], obligation_id: int) -> Any:
    """Let one unit correct after closing."""
    with current_parts().sessions.begin() as session:
        at = _circumstances(arguments["reason"])
        closes_on = arguments["closes_on"]
        owed = acts.reopen(session, at, obligation_id=obligation_id, closes_on=closes_on)
        return _state(session, owed)


@blp.post(f"/obligations/{OBLIGATION}/other-means")
@blp.arguments(LetterArguments)
@blp.response(200, ObligationState)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_other_means(arguments: dict[str, Any], obligation_id: int) -> Any:
    """Mark a report as sent by other means, with its document."""
    try:
        scan = base64.b64decode(arguments["scan"], validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("scan is no base64") from None
    number, sent_on = arguments["document_number"], arguments["document_date"]
    letter = acts.Letter(number, sent_on, scan, arguments["scan_name"])
    with current_parts().sessions.begin() as session:
        at = _circumstances(arguments["reason"])
        owed = acts.mark_sent_otherwise(session, at, obligation_id=obligation_id, letter=letter)
        return _state(session, owed)


@blp.post("/suspensions")
@blp.arguments(PauseArguments)
@blp.response(200, PausedSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_suspension(arguments: dict[str, Any]) -> Any:
    """Stop the clock for a period, for some or all."""
    return _pause(acts.suspend, arguments)


@blp.post("/resumptions")
@blp.arguments(PauseArguments)
@blp.response(200, PausedSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_resumption(arguments: dict[str, Any]) -> Any:
    """Let the clock go on; due instants move by the length of the pause."""
    return _pause(acts.resume, arguments)


def _pause(act: Any, arguments: dict[str, Any]) -> dict[str, int]:
    parts = current_parts()
    at = _circumstances(arguments["reason"])
    require_centre(at.actor, Act.RECEIVE)
    with parts.sessions.begin() as session:
        named = obligations_named(
            session,
            parts.catalogue,
            period=arguments["period"],
            forms=arguments["forms"],
            units=arguments["units"],
            on=parts.today(),
        )
        count = act(session, at, period=named.period, forms=named.forms, units=named.units)
    return {"obligations": count}


@blp.post("/assignments")
@blp.arguments(AssignmentArguments, location="query")
@blp.response(201, AssignedSchema, description="Assigned")
@blp.alt_response(200, schema=AssignedSchema, description="dry_run: looked over", success=True)
@blp.alt_response(422, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_assignments(arguments: dict[str, Any]) -> Any:
    """Assign forms to units for periods: CSV (form,unit,period) or a JSON list of the same."""
    parts, dry_run = current_parts(), arguments["dry_run"]
    if request.mimetype == "text/csv":
        lines, faults = read_assignments(request.get_data())
    else:
        lines, faults = _listed(json_body()), []
    done = Assigned(faults=tuple(faults))
    if not faults:
        with parts.sessions.begin() as session:
            done = assign(
                session,
                actor=current_actor(),
                lines=lines,
                catalogue=parts.catalogue,
                zone=parts.settings.time_zone,
                now=parts.clock(),
                dry_run=dry_run,
            )
    if done.faults:
        return _faulty(done)
    return {"created": done.created, "existing": done.existing}, 200 if dry_run else 201


def _listed(given: Any) -> list[Line]:
    """The lines of a JSON list, counted from 1. Raises BadRequest where it is no such list."""
    try:
        rows = AssignmentLine(many=True).load(given)
    except ValidationError as error:
        raise BadRequest(f"expected a list of form, unit, period: {str(error)[:300]}") from None
    return [Line(number, **row) for number, row in enumerate(rows, start=1)]


def _faulty(done: Assigned) -> Any:
    count = len(done.faults)
    failure = Failure(
        422,
        f"Chưa phân bổ gì: có {count} dòng lỗi.",
        f"Nothing was assigned: {count} lines are at fault.",
    )
    faults = [{"line": fault.line, "vi": fault.vi, "en": fault.en} for fault in done.faults[:1_000]]
    return problem(failure, faults=faults)


@blp.post("/regimes")
@blp.response(201, RegimeSchema)
@blp.alt_response(422, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_regime() -> Any:
    """Make a thematic or ad hoc regime at run time; the body is YAML, as in a file."""
    parts = current_parts()
    try:
        with parts.sessions.begin() as session:
            return make_regime(
                session,
                actor=current_actor(),
                content=request.get_data(),
                catalogue=parts.catalogue,
                now=parts.clock(),
            )
    except BadDeclaration as bad:
        failure = Failure(
            422, "Chế độ báo cáo chưa hợp lệ.", "The regime is not as the decree demands."
        )
        return problem(failure, faults=[str(fault) for fault in bad.faults])


@blp.get("/board")
@blp.arguments(BoardArguments, location="query")
@blp.response(200, BoardPage)
@allows(Right.CLIENT)
def get_board(arguments: dict[str, Any]) -> Any:
    """How a period stands: expected, received, on time, late, missing, returned, waived."""
    form, _, unit = arguments["after"].rpartition(" ")
    parts = current_parts()
    form_code, period = filters_named(
        parts.catalogue, form=arguments["form"], period=arguments["period"]
    )
    with parts.reading_sessions() as session:
        lines = board(
            session,
            actor=current_actor(),
            by=arguments["by"],
            form_code=form_code,
            period=period,
            after=(form, unit) if arguments["after"] else None,
            limit=arguments["limit"],
        )
    more = len(lines) == arguments["limit"]
    last = f"{lines[-1].form_code} {lines[-1].unit_code}" if more else None
    return {"items": lines, "next": last}
