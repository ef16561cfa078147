"""Units, open periods, and what a unit owes."""

from __future__ import annotations

import dataclasses
from typing import Any

from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.schemas import text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import UnitKind
from reporting.services.named import unit_named
from reporting.services.obligations import OwedForm, list_owed
from reporting.services.rights import require_sight
from reporting.services.standing import list_periods
from reporting.services.units import PAGE_SIZE, list_units, views

blp = Blueprint("registry", __name__, url_prefix="/api/v1", description="Units and periods")


class DayArguments(Schema):
    """On which day; today, if none is named."""

    on = fields.Date(load_default=None)


class UnitArguments(DayArguments):
    """Which units."""

    kind = fields.String(
        load_default=None, validate=validate.OneOf([kind.value for kind in UnitKind])
    )
    parent = text_argument(load_default="")
    after = text_argument(load_default="")
    limit = fields.Integer(load_default=PAGE_SIZE, validate=validate.Range(1, 500))


class UnitSchema(Schema):
    """A unit as it was on a day."""

    code = fields.String()
    kind = fields.String()
    name_vi = fields.String()
    name_en = fields.String()
    parent = fields.String(attribute="parent_code")
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)


class UnitPage(Schema):
    """Units by code."""

    items = fields.List(fields.Nested(UnitSchema))
    next = fields.String(allow_none=True)


class PeriodArguments(Schema):
    """Which forms and periods."""

    form = text_argument(load_default="")
    period = text_argument(load_default="")


class PeriodSchema(Schema):
    """One form of one period: what is expected and what is there."""

    form = fields.String(attribute="form_code")
    version = fields.Integer(attribute="form_version")
    period = fields.String()
    opens_at = fields.AwareDateTime()
    first_due_at = fields.AwareDateTime()
    last_due_at = fields.AwareDateTime()
    expected = fields.Integer()
    received = fields.Integer()
    on_time = fields.Integer()
    late = fields.Integer()
    missing = fields.Integer()


class ObligationArguments(PeriodArguments):
    """Whose obligations."""

    unit = text_argument(required=True)
    of = fields.String(load_default="own", validate=validate.OneOf(["own", "subordinates"]))
    state = text_argument(load_default="")


class ObligationSchema(Schema):
    """One form that a unit owes for one period."""

    id = fields.Integer()
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    state = fields.String()
    stand = fields.String()
    declared_due_at = fields.AwareDateTime()
    closes_at = fields.AwareDateTime(allow_none=True)
    form = fields.String(attribute="form_code")
    version = fields.Integer(attribute="form_version")
    period = fields.String()
    opens_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    is_received = fields.Boolean()


@blp.get("/units")
@blp.arguments(UnitArguments, location="query")
@blp.response(200, UnitPage)
@allows(Right.CLIENT)
def get_units(arguments: dict[str, Any]) -> Any:
    """The units of a day by code, page by page; the registry is open to every client."""
    parts = current_parts()
    on = arguments["on"] or parts.today()
    with parts.reading_sessions() as session:
        parent = unit_named(session, arguments["parent"], on=on).id if arguments["parent"] else None
        found = list_units(
            session,
            on=on,
            kind=UnitKind(arguments["kind"]) if arguments["kind"] else None,
            parent=parent,
            after=arguments["after"],
            limit=arguments["limit"],
        )
    more = len(found) == arguments["limit"]
    return {"items": found, "next": found[-1].code if more else None}


@blp.get("/units/<code>")
@blp.arguments(DayArguments, location="query")
@blp.response(200, UnitSchema)
@allows(Right.CLIENT)
def get_unit(arguments: dict[str, Any], code: str) -> Any:
    """One unit by any of its codes, as it was on a day."""
    parts = current_parts()
    on = arguments["on"] or parts.today()
    with parts.reading_sessions() as session:
        unit = unit_named(session, code, on=on)
        return views(session, [unit.id], on=on)[unit.id]


@blp.get("/periods")
@blp.arguments(PeriodArguments, location="query")
@blp.response(200, PeriodSchema(many=True))
@allows(Right.CLIENT)
def get_periods(arguments: dict[str, Any]) -> Any:
    """What is open, the newest period first: expected, received, on time, late, missing."""
    with current_parts().reading_sessions() as session:
        return list_periods(
            session,
            actor=current_actor(),
            form_code=arguments["form"],
            period=arguments["period"],
        )


@blp.get("/obligations")
@blp.arguments(ObligationArguments, location="query")
@blp.response(200, ObligationSchema(many=True))
@allows(Right.CLIENT)
def get_obligations(arguments: dict[str, Any]) -> Any:
    """What a unit owes, or what is owed to it, the soonest due first."""
    parts = current_parts()
    on = parts.today()
    with parts.reading_sessions() as session:
        unit = unit_named(session, arguments["unit"], on=on)
        require_sight(session, actor=current_actor(), unit=unit, on=on)
        found = list_owed(
            session,
            unit_id=unit.id,
            of_subordinates=arguments["of"] == "subordinates",
            form_code=arguments["form"],
            period=arguments["period"],
        )
    now, wanted = parts.clock(), arguments["state"]
    lines = [
        {name: getattr(row, name) for name in _OWED} | {"state": row.state(now)} for row in found
    ]
    return [line for line in lines if wanted in ("", line["state"])]


_OWED = tuple(field.name for field in dataclasses.fields(OwedForm))
