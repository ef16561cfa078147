"""Scheduled work for schedulers of others: ring, look ahead, look back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request, url_for
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import BadRequest

from reporting.api.blueprint import Blueprint
from reporting.api.problems import PROBLEM
from reporting.api.schemas import LARGEST_ID, ProblemSchema, instant_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.services.actors import Act
from reporting.services.job_runs import PURPOSES, list_runs, run_job, would_do
from reporting.services.preview import look_ahead
from reporting.services.rights import require_centre

blp = Blueprint("jobs", __name__, url_prefix="/api/v1", description="Scheduled work")

_LONGEST_KEY = 200


class RunArguments(Schema):
    """For which instant to ring, and whether only to say what would be done."""

    as_of = instant_argument(load_default=None, allow_none=True)
    dry_run = fields.Boolean(load_default=False)


class HistoryArguments(Schema):
    """One page of the history: the next begins before the last id of this one."""

    before = fields.Integer(load_default=0, validate=validate.Range(0, LARGEST_ID))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class PreviewArguments(Schema):
    """How far to look ahead."""

    days = fields.Integer(load_default=90, validate=validate.Range(1, 400))


class JobSchema(Schema):
    """One job that can be rung for."""

    id = fields.String()
    vi = fields.String()
    en = fields.String()


class RunSchema(Schema):
    """One ringing, and what it did."""

    id = fields.Integer()
    job = fields.String()
    door = fields.String()
    actor = fields.String()
    as_of = fields.AwareDateTime()
    started_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    outcome = fields.Dict()


class DueSchema(Schema):
    """One action that would be done."""

    action = fields.String()
    form = fields.String(attribute="form_code")
    period = fields.String()
    unit = fields.String(attribute="unit_code")
    occurrence = fields.String()
    due_at = fields.AwareDateTime()


class RunAnswer(RunSchema):
    """A run, or with dry_run what it would do."""

    would_do = fields.List(fields.Nested(DueSchema))


class RunPage(Schema):
    """Runs, the newest first."""

    items = fields.List(fields.Nested(RunSchema))
    next = fields.Integer(allow_none=True)


class ReasonSchema(Schema):
    """Why, in both languages; a warning is what the decree did not want."""

    vi = fields.String()
    en = fields.String()
    is_warning = fields.Boolean()


class AheadSchema(Schema):
    """One thing that will fire."""

    at = fields.AwareDateTime()
    action = fields.String()
    form = fields.String(attribute="form_code")
    period = fields.String()
    unit = fields.String(attribute="unit_code")
    units = fields.Dict(keys=fields.String(), values=fields.Integer())
    reasons = fields.List(fields.Nested(ReasonSchema))


@blp.get("/jobs")
@blp.response(200, JobSchema(many=True))
@allows(Right.CLIENT, Act.RING)
def get_jobs() -> Any:
    """The jobs that can be rung for."""
    return [{"id": job, "vi": vi, "en": en} for job, (vi, en) in PURPOSES.items()]


@blp.post("/jobs/<job>/runs")
@blp.arguments(RunArguments)
@blp.response(201, RunAnswer, description="Rung: what it did")
@blp.alt_response(
    200, schema=RunAnswer, description="Rung before with this key, or dry_run", success=True
)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RING)
def post_run(arguments: dict[str, Any], job: str) -> Any:
    """Ring for a job. The same Idempotency-Key answers the first run, and ends it if it broke."""
    parts, actor = current_parts(), current_actor()
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise BadRequest(f"Idempotency-Key has 1 to {_LONGEST_KEY} characters")
    as_of = arguments["as_of"]
    if arguments["dry_run"]:
        at = as_of or parts.clock()
        found = would_do(parts.bell, job=job, as_of=at, actor=actor, key=key)
        return {"job": job, "as_of": at, "would_do": found}, 200
    if as_of is None:
        parts.ringing_now()
    run, is_new = run_job(parts.bell, job=job, as_of=as_of, door="api", actor=actor, key=key)
    place = url_for("jobs.get_runs")
    return run, 201 if is_new else 200, {"Location": place}


@blp.get("/jobs/runs")
@blp.arguments(HistoryArguments, location="query")
@blp.response(200, RunPage)
@allows(Right.CLIENT, Act.RING)
def get_runs(arguments: dict[str, Any]) -> Any:
    """The history of ringing, the newest first, page by page."""
    require_centre(current_actor(), Act.RING)
    with current_parts().reading_sessions() as session:
        found = list_runs(session, before=arguments["before"], limit=arguments["limit"])
    more = len(found) == arguments["limit"]
    return {"items": found, "next": found[-1].id if more else None}


@blp.get("/jobs/preview")
@blp.arguments(PreviewArguments, location="query")
@blp.response(200, AheadSchema(many=True))
@allows(Right.CLIENT, Act.RING)
def get_preview(arguments: dict[str, Any]) -> Any:
    """What will fire in the days to come, for whom, and why."""
    require_centre(current_actor(), Act.RING)
    parts = current_parts()
    span = timedelta(days=arguments["days"])
    return look_ahead(parts.bell, now=parts.clock(), span=span)
