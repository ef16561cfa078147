"""Indicators and facts: what is asked, whichever form asks it, and what reports in force say."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from forms.asked_twice import AskedTwice, asked_twice
from forms.catalogue import Catalogue
from reporting.api.blueprint import Blueprint
from reporting.api.schemas import PageArguments, WordPageArguments, page_of, text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.services.facts import indicator_named, list_facts
from reporting.services.named import filters_named, unit_known

blp = Blueprint("indicators", __name__, url_prefix="/api/v1", description="Indicators and facts")


class AskedSchema(Schema):
    """A cell of a form that gives an indicator; `version` 0 is every version."""

    form = fields.String()
    version = fields.Integer()
    table = fields.String()
    row = fields.String()
    column = fields.String()


class TwiceSchema(Schema):
    """Two forms that ask it of the same kinds of unit for the same kinds of period."""

    forms = fields.List(fields.String())
    periods = fields.List(fields.String())
    kinds = fields.List(fields.String())
    held_by = fields.String(metadata={"description": "the rule by which the two are equal, or ''"})


class IndicatorSchema(Schema):
    """One entry of the dictionary; the codes are ours."""

    code = fields.String()
    label_vi = fields.String()
    label_en = fields.String()
    unit = fields.String()
    kind = fields.String(metadata={"description": "flow, stock or ratio"})
    of = fields.String(metadata={"description": "of a ratio: the indicator that is divided"})
    to = fields.String(metadata={"description": "of a ratio: by which it is divided"})
    targets = fields.Dict(keys=fields.String(), values=fields.String())
    note = fields.String()
    asked = fields.List(fields.Nested(AskedSchema))
    asked_twice = fields.List(fields.Nested(TwiceSchema))


class IndicatorPage(Schema):
    """Indicators in the order of their files."""

    items = fields.List(fields.Nested(IndicatorSchema))
    next = fields.String(allow_none=True)


class FactArguments(PageArguments):
    """Which facts; a page has those of at most `limit` reports."""

    indicator = text_argument(load_default="")
    unit = text_argument(load_default="")
    period = text_argument(load_default="")


class FactSchema(Schema):
    """One figure of a report in force."""

    indicator = fields.String(attribute="indicator.code")
    label_vi = fields.String(attribute="indicator.label_vi")
    measure = fields.String(attribute="indicator.unit")
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    period = fields.String()
    value = fields.String(
        allow_none=True, metadata={"description": "exact; null where it is not applicable"}
    )
    form = fields.String(attribute="form_code")
    version = fields.Integer(attribute="form_version")
    cell = fields.String(metadata={"description": "'' where it is worked out from other cells"})
    submission = fields.Integer(attribute="submission_id")
    revision = fields.Integer()
    status = fields.String()
    received_at = fields.AwareDateTime()


class FactPage(Schema):
    """Facts in the order of obligations."""

    items = fields.List(fields.Nested(FactSchema))
    next = fields.Integer(allow_none=True)


@blp.get("/indicators")
@blp.arguments(WordPageArguments, location="query")
@blp.response(200, IndicatorPage)
@allows(Right.CLIENT)
def get_indicators(arguments: dict[str, Any]) -> Any:
    """The dictionary of indicators, with the cells that give each and what is asked twice."""
    return page_of(_shown(current_parts().catalogue), arguments, lambda one: one["code"])


@blp.get("/facts")
@blp.arguments(FactArguments, location="query")
@blp.response(200, FactPage)
@allows(Right.CLIENT)
def get_facts(arguments: dict[str, Any]) -> Any:
    """What the reports in force say, by indicator, unit and period, page by page."""
    parts, unit = current_parts(), arguments["unit"]
    code = arguments["indicator"]
    if code:
        indicator_named(parts.catalogue.dictionary, code)
    _, period = filters_named(parts.catalogue, form="", period=arguments["period"])
    with parts.reading_sessions() as session:
        page = list_facts(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            indicator=code,
            unit_id=unit_known(session, unit, on=parts.today()).id if unit else None,
            period=period,
            after=arguments["after"],
            limit=arguments["limit"],
        )
    return {"items": page.facts, "next": page.next}


def _shown(catalogue: Catalogue) -> list[dict[str, Any]]:
    twice = asked_twice(catalogue)
    return [
        {name: getattr(one, name) for name in _PLAIN}
        | {"targets": {str(year): f"{goal:f}" for year, goal in sorted(one.targets.items())}}
        | {"asked": catalogue.dictionary.asking(one.code)}
        | {"asked_twice": [_pair(pair) for pair in twice if pair.indicator.code == one.code]}
        for one in catalogue.dictionary.indicators.values()
    ]


_PLAIN = ("code", "label_vi", "label_en", "unit", "kind", "of", "to", "note")


def _pair(pair: AskedTwice) -> dict[str, Any]:
    return {
        "forms": [pair.first.form, pair.second.form],
        "periods": pair.periods,
        "kinds": pair.kinds,
        "held_by": pair.held_by,
    }
