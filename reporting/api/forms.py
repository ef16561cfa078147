"""Declared forms and regimes: what there is to report, its JSON Schema, its template."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, fields, validate

from forms.definition import FormVersion
from forms.json_schema import json_schema
from reporting.api.blueprint import Blueprint
from reporting.api.form_schemas import FormDetail, FormSchema, RegimeSchema
from reporting.api.schemas import WordPageArguments, page_of, text_argument
from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.services.actors import Act
from reporting.services.named import form_named
from reporting.services.regimes import list_regimes
from reporting.services.templates import make_template

blp = Blueprint("forms", __name__, url_prefix="/api/v1", description="Declared forms")


class VersionArguments(Schema):
    """Which version; the newest, if none is named."""

    version = fields.Integer(load_default=None, validate=validate.Range(1, 100_000))


class TemplateArguments(Schema):
    """For whom, and for which period."""

    unit = text_argument(required=True)
    period = text_argument(required=True)


class RegimePage(Schema):
    """Regimes by code."""

    items = fields.List(fields.Nested(RegimeSchema))
    next = fields.String(allow_none=True)


class FormPage(Schema):
    """Versions of forms; layouts that are derived from them come last."""

    items = fields.List(fields.Nested(FormSchema))
    next = fields.String(allow_none=True)


@blp.get("/regimes")
@blp.arguments(WordPageArguments, location="query")
@blp.response(200, RegimePage)
@allows(Right.CLIENT)
def get_regimes(arguments: dict[str, Any]) -> Any:
    """The reporting regimes, also those made at run time; a secret one for the centre alone."""
    parts, sees_all = current_parts(), current_actor().is_of_centre(Act.READ)
    with parts.reading_sessions() as session:
        found = list_regimes(session, parts.catalogue, with_secret=sees_all)
    return page_of(found, arguments, lambda regime: regime.code)


@blp.get("/forms")
@blp.arguments(WordPageArguments, location="query")
@blp.response(200, FormPage)
@allows(Right.CLIENT)
def get_forms(arguments: dict[str, Any]) -> Any:
    """Every version of every form, and the layouts that are derived from them."""
    catalogue = current_parts().catalogue
    shown = [_shown(form) for form in (*catalogue.forms, *catalogue.consolidated_layouts())]
    return page_of(shown, arguments, lambda form: f"{form['code']} {form['version']}")


@blp.get("/forms/<path:code>")
@blp.arguments(VersionArguments, location="query")
@blp.response(200, FormDetail)
@allows(Right.CLIENT)
def get_form(arguments: dict[str, Any], code: str) -> Any:
    """One form with its columns, rows and rules; `/` in its code may be written `-`."""
    return _shown(_find(code, arguments), whole=True)


@blp.get("/forms/<path:code>/schema")
@blp.arguments(VersionArguments, location="query")
@blp.response(200, {"type": "object"}, content_type="application/schema+json")
@allows(Right.CLIENT)
def get_form_schema(arguments: dict[str, Any], code: str) -> Response:
    """The JSON Schema (2020-12) of a return of this form."""
    answer = jsonify(json_schema(_find(code, arguments)))
    answer.mimetype = "application/schema+json"
    return answer


@blp.get("/forms/<path:code>/template")
@blp.arguments(TemplateArguments, location="query")
@blp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
@allows(Right.CLIENT)
def get_template(arguments: dict[str, Any], code: str) -> Response:
    """The workbook to fill in for a unit and period, with last period's figures in it."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        made = make_template(
            session,
            actor=current_actor(),
            form_code=code,
            unit_code=arguments["unit"],
            period_code=arguments["period"],
            catalogue=parts.catalogue,
            made_at=parts.clock(),
        )
    return hand_out(made, XLSX)


def _find(code: str, arguments: dict[str, Any]) -> FormVersion:
    return form_named(current_parts().catalogue, code, arguments["version"])


def _shown(form: FormVersion, *, whole: bool = False) -> dict[str, Any]:
    names = FormDetail().fields if whole else FormSchema().fields
    shown = {name: getattr(form, name) for name in names if hasattr(form, name)}
    return shown | {
        "is_published": current_parts().catalogue.is_published(form),
        "is_consolidated": bool(form.sources),
    }
