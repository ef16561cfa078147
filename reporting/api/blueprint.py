"""The blueprint of the JSON door: one that takes no parameter which it does not know.

A misspelt filter that is passed over in silence would answer with everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import flask_smorest
from flask import Request, request
from marshmallow import RAISE, Schema, missing
from webargs.core import is_json
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest

from forms.reading_json import parse_json


def json_body() -> Any:
    """The body of this request as returns are read. Raises BadRequest with what is wrong."""
    try:
        return parse_json(request.get_data(cache=True))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {str(error)[:200]}") from None


_View = TypeVar("_View", bound=Callable[..., Any])

#: No request of ours names more; an answer names each that is unknown.
_MOST_NAMES = 100


class _StrictParser(FlaskParser):
    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - as webargs has it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body as returns are read: no float, no depth without end, no half a character.

        Raises BadRequest with what is wrong.
        """
        if not is_json(req.mimetype):
            return missing
        value = json_body()
        if isinstance(value, dict) and len(value) > _MOST_NAMES:
            raise BadRequest(f"the body has {len(value)} names, and at most {_MOST_NAMES} may be")
        return value

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The parameters, of which there are never many. Raises BadRequest."""
        if len(req.args) > _MOST_NAMES:
            raise BadRequest(f"at most {_MOST_NAMES} parameters may be given")
        return super().load_querystring(req, schema)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types.
    """A group of routes, with strict parameters."""

    ARGUMENTS_PARSER = _StrictParser()

    def arguments(self, schema: type[Schema] | Schema, **settings: Any) -> Any:
        """Declare what a route takes, by a schema that is made once and not for each request."""
        made = schema() if isinstance(schema, type) else schema
        return super().arguments(made, **settings)

    def described(self, *how: Callable[[Any], Any]) -> Callable[[_View], _View]:
        """Describe a route by the decorators of a blueprint, and let it read and answer by itself.

        Each of them walks through a function of its own for each request, also where there is
        nothing to do.
        """

        def describe(view: _View) -> _View:
            outermost: Any = view
            for decorate in reversed(how):
                outermost = decorate(outermost)
            view._apidoc = outermost._apidoc  # type: ignore[attr-defined]  # noqa: SLF001
            return view

        return describe

    def given(self, schema: Schema, location: str) -> dict[str, Any]:
        """What came with this request, for a route that is only described."""
        read: dict[str, Any] = self.ARGUMENTS_PARSER.parse(schema, request, location=location)
        return read
