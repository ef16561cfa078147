"""Consolidated forms: making the next edition, reading editions, downloading their workbooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, url_for
from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.problems import PROBLEM
from reporting.api.schemas import IssueList, PageArguments, ProblemSchema, text_argument
from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.models import Edition, ReportingUnit
from reporting.services.actors import Act
from reporting.services.consolidation import consolidate
from reporting.services.edition_standing import EditionStanding, Standing, standings_of
from reporting.services.editions import find_edition, list_editions
from reporting.services.exports import edition_workbook
from reporting.services.named import filters_named, form_for_period, unit_named
from reporting.services.receipts import issues_from_data

blp = Blueprint("consolidations", __name__, url_prefix="/api/v1", description="Consolidated forms")


class EditionArguments(PageArguments):
    """Which editions."""

    form = text_argument(load_default="")
    period = text_argument(load_default="")


class ConsolidateArguments(Schema):
    """What to consolidate, and for whom."""

    form = text_argument(required=True)
    period = text_argument(required=True)
    unit = text_argument(required=True)
    with_estimates = fields.Boolean(
        load_default=False,
        metadata={"description": "let editions stand in for reports that have not come"},
    )


class CoverageSchema(Schema):
    """Who is in and who is not."""

    expected = fields.Integer()
    received = fields.Integer()
    accepted = fields.Integer()
    on_time = fields.Integer()
    late = fields.Integer()
    zero = fields.Integer(metadata={"description": "reports that say 0 in every cell"})


class EditionSchema(Schema):
    """One edition of a consolidated form."""

    id = fields.Integer()
    form = fields.String(attribute="form_code")
    version = fields.Integer(attribute="form_version")
    period = fields.String()
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    number = fields.Integer()
    cut_off_at = fields.AwareDateTime()
    made_by = fields.String(attribute="actor")
    sha256 = fields.String()
    input_sha256 = fields.String()
    coverage = fields.Nested(CoverageSchema)
    standing = fields.String(validate=validate.OneOf([one.value for one in Standing]))


class EditionPage(Schema):
    """Editions, oldest first."""

    items = fields.List(fields.Nested(EditionSchema))
    next = fields.Integer(allow_none=True)


class NamedUnit(Schema):
    """A unit by code and name."""

    unit = fields.String()
    name = fields.String()


class FullCoverage(CoverageSchema):
    """Who is in and who is not, by name."""

    missing = fields.List(fields.Nested(NamedUnit))
    returned = fields.List(fields.Nested(NamedUnit))
    nil = fields.List(fields.Nested(NamedUnit))
    not_applicable = fields.List(fields.Nested(NamedUnit))
    left_out = fields.List(fields.Nested(NamedUnit))
    estimated = fields.List(fields.Nested(NamedUnit))


class EditionInputSchema(Schema):
    """One revision that went in."""

    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    submission = fields.Integer(attribute="submission_id")
    revision = fields.Integer()
    content_sha256 = fields.String()


class EditionDetail(EditionSchema):
    """One edition with its inputs, its coverage, the rules it breaks, and its figures."""

    coverage = fields.Nested(FullCoverage)
    inputs = fields.List(fields.Nested(EditionInputSchema))
    issues = IssueList()
    report = fields.Dict()


@blp.get("/consolidations")
@blp.arguments(EditionArguments, location="query")
@blp.response(200, EditionPage)
@allows(Right.CLIENT)
def get_editions(arguments: dict[str, Any]) -> Any:
    """The editions that the client may see, oldest first, page by page."""
    parts = current_parts()
    form_code, period = filters_named(
        parts.catalogue, form=arguments["form"], period=arguments["period"]
    )
    with parts.reading_sessions() as session:
        found = list_editions(
            session,
            actor=current_actor(),
            form_code=form_code,
            period=period,
            after=arguments["after"],
            limit=arguments["limit"],
        )
        standings = standings_of(
            session, [edition for edition, _ in found], catalogue=parts.catalogue
        )
    more = len(found) == arguments["limit"]
    return {
        "items": [_summary(edition, unit, standings) for edition, unit in found],
        "next": found[-1][0].id if more else None,
    }


@blp.post("/consolidations")
@blp.arguments(ConsolidateArguments)
@blp.response(201, EditionSchema, description="A new edition")
@blp.alt_response(200, schema=EditionSchema, description="Nothing has changed", success=True)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_edition(arguments: dict[str, Any]) -> Any:
    """Consolidate one form for one period and unit; the last edition again if nothing changed."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        form, period, window = form_for_period(
            session, parts.catalogue, arguments["form"], arguments["period"]
        )
        unit = unit_named(session, arguments["unit"], on=window.last)
        edition, is_new = consolidate(
            session,
            actor=current_actor(),
            form=form,
            period=period,
            unit=unit,
            catalogue=parts.catalogue,
            clock=parts.clock,
            with_estimates=arguments["with_estimates"],
        )
        standings = standings_of(session, [edition], catalogue=parts.catalogue)
    place = url_for("consolidations.get_edition", edition_id=edition.id)
    return _summary(edition, unit, standings), 201 if is_new else 200, {"Location": place}


@blp.get("/consolidations/<int(max=9223372036854775807):edition_id>")
@blp.response(200, EditionDetail)
@allows(Right.CLIENT)
def get_edition(edition_id: int) -> Any:
    """One edition: inputs, coverage, broken rules, figures."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        kept = find_edition(session, actor=current_actor(), edition_id=edition_id)
        standings = standings_of(session, [kept.edition], catalogue=parts.catalogue)
    return _summary(kept.edition, kept.unit, standings) | {
        "inputs": kept.inputs,
        "issues": issues_from_data(kept.edition.issues),
        "report": json.loads(kept.edition.canonical),
    }


@blp.get("/consolidations/<int(max=9223372036854775807):edition_id>/workbook")
@blp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
@allows(Right.CLIENT)
def get_edition_workbook(edition_id: int) -> Response:
    """The workbook of an edition, in the official layout."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        made = edition_workbook(
            session, actor=current_actor(), edition_id=edition_id, catalogue=parts.catalogue
        )
    return hand_out(made, XLSX)


_SHOWN = (
    "id", "form_code", "form_version", "period", "number", "cut_off_at", "actor", "sha256",
    "input_sha256", "coverage",
)  # fmt: skip


def _summary(
    edition: Edition, unit: ReportingUnit, standings: Mapping[int, EditionStanding]
) -> dict[str, Any]:
    shown = {name: getattr(edition, name) for name in _SHOWN}
    standing = standings[edition.id].standing.value
    return shown | {"unit_code": unit.code, "unit_name": unit.name_vi, "standing": standing}
