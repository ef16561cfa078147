"""Persons who get the messages of units: listed, added, ended, and taken from a file."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.import_answers import ImportArguments, faulty
from reporting.api.problems import PROBLEM
from reporting.api.schemas import PageArguments, ProblemSchema, text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import Person, ReportingUnit
from reporting.services.actors import Act
from reporting.services.import_files import ImportResult
from reporting.services.named import unit_named
from reporting.services.person_imports import import_persons, read_person_file
from reporting.services.persons import (
    LONGEST_MAIL,
    LONGEST_NAME,
    add_person,
    end_person,
    list_persons,
)

blp = Blueprint("persons", __name__, url_prefix="/api/v1", description="Who gets messages")


class PersonListArguments(PageArguments):
    """Of which unit; of all that the client sees, if none is named."""

    unit = text_argument(load_default="")


class PersonArguments(Schema):
    """A person of a unit."""

    unit = text_argument(required=True)
    name = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME))
    mail = fields.String(required=True, validate=validate.Length(1, LONGEST_MAIL))


class PersonSchema(Schema):
    """A person who gets the messages of a unit."""

    id = fields.Integer()
    unit = fields.String()
    unit_name = fields.String()
    name = fields.String()
    mail = fields.String()
    ended_at = fields.AwareDateTime(allow_none=True)


class PersonPage(Schema):
    """Persons by unit."""

    items = fields.List(fields.Nested(PersonSchema))
    next = fields.Integer(allow_none=True)


class ImportedSchema(Schema):
    """How many persons were made, changed, and were so already."""

    created = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()


@blp.get("/persons")
@blp.arguments(PersonListArguments, location="query")
@blp.response(200, PersonPage)
@allows(Right.CLIENT, Act.ADMINISTER)
def get_persons(arguments: dict[str, Any]) -> Any:
    """Who gets messages, of the client's unit and those that report to it, page by page."""
    parts, limit = current_parts(), arguments["limit"]
    on = parts.today()
    with parts.reading_sessions() as session:
        unit = unit_named(session, arguments["unit"], on=on) if arguments["unit"] else None
        found = list_persons(
            session,
            actor=current_actor(),
            on=on,
            unit_id=unit.id if unit else None,
            after=arguments["after"],
            limit=limit,
        )
        items = [_shown(person, unit) for person, unit in found]
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}


@blp.post("/persons")
@blp.arguments(PersonArguments)
@blp.response(201, PersonSchema)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_person(arguments: dict[str, Any]) -> Any:
    """Let a person get the messages of a unit."""
    parts = current_parts()
    on = parts.today()
    with parts.sessions.begin() as session:
        unit = unit_named(session, arguments["unit"], on=on)
        person = add_person(
            session,
            actor=current_actor(),
            unit=unit,
            name=arguments["name"],
            mail=arguments["mail"],
            on=on,
            now=parts.clock(),
        )
        return _shown(person, unit)


@blp.post("/persons/<int(max=9223372036854775807):person_id>/ending")
@blp.response(200, PersonSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_ending(person_id: int) -> Any:
    """Send a person no more messages."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        person = end_person(
            session,
            actor=current_actor(),
            person_id=person_id,
            on=parts.today(),
            now=parts.clock(),
        )
        return _shown(person, session.get_one(ReportingUnit, person.unit_id))


@blp.post("/persons/imports")
@blp.arguments(ImportArguments, location="query")
@blp.response(201, ImportedSchema, description="Taken")
@blp.alt_response(200, schema=ImportedSchema, description="dry_run: looked over", success=True)
@blp.alt_response(422, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_import(arguments: dict[str, Any]) -> Any:
    """Take persons from a CSV unit,name,mail: all of it, or nothing and every fault of it."""
    parts, dry_run = current_parts(), arguments["dry_run"]
    content = read_person_file(request.get_data())
    done = ImportResult(faults=content.faults)
    if not content.faults:
        with parts.sessions.begin() as session:
            done = import_persons(
                session,
                content.rows,
                actor=current_actor(),
                on=parts.today(),
                now=parts.clock(),
                dry_run=dry_run,
            )
    if done.faults:
        return faulty(done)
    return done, 200 if dry_run else 201


def _shown(person: Person, unit: ReportingUnit) -> dict[str, Any]:
    names = ("id", "name", "mail", "ended_at")
    shown = {name: getattr(person, name) for name in names}
    return shown | {"unit": unit.code, "unit_name": unit.name_vi}
