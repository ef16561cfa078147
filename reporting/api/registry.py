"""Units, open periods, and what a unit owes."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.schemas import (
    PageArguments,
    WordPageArguments,
    day_argument,
    page_of,
    text_argument,
)
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import UnitKind
from reporting.services.actors import Act
from reporting.services.coming import list_coming
from reporting.services.named import filters_named, unit_named
from reporting.services.obligations import OwedForm, State, list_owed
from reporting.services.planning import HORIZON
from reporting.services.rights import require_for_unit
from reporting.services.standing import list_periods
from reporting.services.units import PAGE_SIZE, list_units, views

blp = Blueprint("registry", __name__, url_prefix="/api/v1", description="Units and periods")


class DayArguments(Schema):
    """On which day; today, if none is named."""

    on = day_argument(load_default=None)


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


class PeriodArguments(WordPageArguments):
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


class PeriodPage(Schema):
    """Forms of periods, the newest period first."""

    items = fields.List(fields.Nested(PeriodSchema))
    next = fields.String(allow_none=True)


class ObligationArguments(PageArguments):
    """Whose obligations, and which of them."""

    unit = text_argument(required=True)
    of = fields.String(load_default="own", validate=validate.OneOf(["own", "subordinates"]))
    form = text_argument(load_default="")
    period = text_argument(load_default="")
    state = fields.Enum(State, by_value=True, load_default=None)


class ObligationSchema(Schema):
    """One form that a unit owes for one period."""

    id = fields.Integer()
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    state = fields.String()
    stand = fields.String()
    days_left = fields.Integer()
    is_extended = fields.Boolean()
    window_first = fields.Date(attribute="window.first")
    window_last = fields.Date(attribute="window.last")
    declared_due_at = fields.AwareDateTime()
    closes_at = fields.AwareDateTime(allow_none=True)
    form = fields.String(attribute="form_code")
    version = fields.Integer(attribute="form_version")
    period = fields.String()
    opens_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    is_received = fields.Boolean()


class ObligationPage(Schema):
    """Obligations, the soonest due first."""

    items = fields.List(fields.Nested(ObligationSchema))
    next = fields.Integer(allow_none=True)


class ComingArguments(Schema):
    """Whose, and how many days ahead."""

    unit = text_argument(required=True)
    of = fields.String(load_default="own", validate=validate.OneOf(["own", "subordinates"]))
    days = fields.Integer(load_default=HORIZON.days, validate=validate.Range(1, 400))


class ComingSchema(Schema):
    """A form that a unit, or so many below it, will be asked for; its period is not open yet."""

    form = fields.String(attribute="form_code")
    period = fields.String()
    window_first = fields.Date(attribute="window.first")
    window_last = fields.Date(attribute="window.last")
    opens_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    units = fields.Integer()


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
@blp.response(200, PeriodPage)
@allows(Right.CLIENT)
def get_periods(arguments: dict[str, Any]) -> Any:
    """What is open, the newest period first: expected, received, on time, late, missing."""
    parts = current_parts()
    form_code, period = filters_named(
        parts.catalogue, form=arguments["form"], period=arguments["period"]
    )
    with parts.reading_sessions() as session:
        found = list_periods(session, actor=current_actor(), form_code=form_code, period=period)
    return page_of(found, arguments, lambda line: f"{line.period} {line.form_code}")


@blp.get("/obligations")
@blp.arguments(ObligationArguments, location="query")
@blp.response(200, ObligationPage)
@allows(Right.CLIENT)
def get_obligations(arguments: dict[str, Any]) -> Any:
    """What a unit owes, or what is owed to it, the soonest due first, page by page."""
    parts = current_parts()
    on, now, zone = parts.today(), parts.clock(), parts.settings.time_zone
    form_code, period = filters_named(
        parts.catalogue, form=arguments["form"], period=arguments["period"]
    )
    with parts.reading_sessions() as session:
        unit = unit_named(session, arguments["unit"], on=on)
        require_for_unit(session, actor=current_actor(), act=Act.READ, unit_id=unit.id)
        found = list_owed(
            session,
            actor=current_actor(),
            unit_id=unit.id,
            now=now,
            of_subordinates=arguments["of"] == "subordinates",
            form_code=form_code,
            period=period,
            states=[arguments["state"]] if arguments["state"] else (),
            after=arguments["after"],
            limit=arguments["limit"],
        )
    lines = [
        {name: getattr(row, name) for name in _OWED} | {"days_left": row.days_left(now, zone)}
        for row in found
    ]
    more = len(found) == arguments["limit"]
    return {"items": lines, "next": found[-1].id if more else None}


@blp.get("/obligations/coming")
@blp.arguments(ComingArguments, location="query")
@blp.response(200, ComingSchema(many=True))
@allows(Right.CLIENT)
def get_coming(arguments: dict[str, Any]) -> Any:
    """What a unit, or those below it, will be asked for, by regimes and calendar as they are."""
    parts = current_parts()
    on = parts.today()
    with parts.reading_sessions() as session:
        unit = unit_named(session, arguments["unit"], on=on)
        require_for_unit(session, actor=current_actor(), act=Act.READ, unit_id=unit.id)
        return list_coming(
            session,
            unit=unit,
            of_subordinates=arguments["of"] == "subordinates",
            catalogue=parts.catalogue,
            zone=parts.settings.time_zone,
            now=parts.clock(),
            span=timedelta(days=arguments["days"]),
        )


_OWED = (*(field.name for field in dataclasses.fields(OwedForm)), "is_extended")
