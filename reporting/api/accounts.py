"""Accounts of people: listed, made, given roles, their passwords reset, ended."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from reporting.api.blueprint import Blueprint
from reporting.api.problems import PROBLEM
from reporting.api.schemas import ProblemSchema, text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import Account, ReportingUnit, Role, RoleGrant
from reporting.services import accounts as services
from reporting.services.accounts import NewGrant
from reporting.services.actors import Act
from reporting.services.named import form_named, unit_named
from reporting.services.one_line import LONGEST

blp = Blueprint("accounts-api", __name__, url_prefix="/api/v1", description="People who sign in")

_ID = "<int(max=9223372036854775807):account_id>"
_MOST_FORMS = 100


class AccountListArguments(Schema):
    """Of which unit; one page, which begins after a login."""

    unit = text_argument(load_default="")
    after = text_argument(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class AccountArguments(Schema):
    """A person who is to sign in; without a unit at the central office."""

    login = text_argument(required=True)
    name = text_argument(required=True, longest=LONGEST)
    unit = text_argument(load_default="")


class GrantArguments(Schema):
    """A role for a unit, or for the whole country without one; for some forms, or all."""

    role = fields.Enum(Role, by_value=True, required=True)
    unit = text_argument(load_default="")
    below = fields.Boolean(load_default=True)
    forms = fields.List(
        text_argument(), load_default=list, validate=validate.Length(max=_MOST_FORMS)
    )
    title = text_argument(load_default="", longest=LONGEST)
    valid_from = fields.Date(load_default=None, allow_none=True)
    valid_to = fields.Date(load_default=None, allow_none=True)


class AccountSchema(Schema):
    """An account; `unit` is '' for the central office."""

    id = fields.Integer()
    login = fields.String()
    name = fields.String()
    unit = fields.String()
    must_change = fields.Boolean()
    created_at = fields.AwareDateTime()
    created_by = fields.String()
    ended_at = fields.AwareDateTime(allow_none=True)


class NewAccountSchema(AccountSchema):
    """An account with a password that is never to be had again."""

    password = fields.String(metadata={"description": "shown once; to be changed at sign-in"})


class AccountPage(Schema):
    """Accounts by login."""

    items = fields.List(fields.Nested(AccountSchema))
    next = fields.String(allow_none=True)


class GrantSchema(Schema):
    """A role of an account; `unit` is '' for the whole country, no form is every form."""

    id = fields.Integer()
    account = fields.Integer(attribute="account_id")
    role = fields.Enum(Role, by_value=True)
    unit = fields.String()
    below = fields.Boolean()
    forms = fields.List(fields.String())
    title = fields.String()
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)
    granted_at = fields.AwareDateTime()
    granted_by = fields.String()
    revoked_at = fields.AwareDateTime(allow_none=True)


@blp.get("/accounts")
@blp.arguments(AccountListArguments, location="query")
@blp.response(200, AccountPage)
@allows(Right.CLIENT, Act.ADMINISTER)
def get_accounts(arguments: dict[str, Any]) -> Any:
    """Accounts that the client administers, by login, page by page."""
    limit = arguments["limit"]
    with current_parts().reading_sessions() as session:
        found = services.list_accounts(
            session,
            actor=current_actor(),
            unit_id=_unit(session, arguments["unit"]),
            after=arguments["after"],
            limit=limit,
        )
        items = [_shown(account, unit) for account, unit, _ in found]
    return {"items": items, "next": items[-1]["login"] if len(items) == limit else None}


@blp.post("/accounts")
@blp.arguments(AccountArguments)
@blp.response(201, NewAccountSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_account(arguments: dict[str, Any]) -> Any:
    """Make an account, and tell its first password, once."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        account, password = services.create_account(
            session,
            actor=current_actor(),
            login=arguments["login"],
            name=arguments["name"],
            unit_id=_unit(session, arguments["unit"]),
            now=parts.clock(),
        )
        return _shown(account, _code(session, account.unit_id)) | {"password": password}


@blp.get(f"/accounts/{_ID}/grants")
@blp.response(200, GrantSchema(many=True))
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def get_grants(account_id: int) -> Any:
    """Every role that an account was ever given, the newest first."""
    with current_parts().reading_sessions() as session:
        found = services.list_grants(session, actor=current_actor(), account_id=account_id)
        return [_shown_grant(grant, code) for grant, code in found]


@blp.post(f"/accounts/{_ID}/grants")
@blp.arguments(GrantArguments)
@blp.response(201, GrantSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_grant(arguments: dict[str, Any], account_id: int) -> Any:
    """Give an account a role, inside what the client administers itself."""
    parts = current_parts()
    today = parts.today()
    with parts.sessions.begin() as session:
        asked = NewGrant(
            role=arguments["role"],
            unit_id=_unit(session, arguments["unit"]),
            below=arguments["below"],
            forms=[form_named(parts.catalogue, code).code for code in arguments["forms"]],
            title=arguments["title"],
            valid_from=arguments["valid_from"] or today,
            valid_to=arguments["valid_to"],
        )
        grant = services.grant_role(
            session,
            actor=current_actor(),
            account_id=account_id,
            asked=asked,
            today=today,
            now=parts.clock(),
        )
        return _shown_grant(grant, _code(session, grant.unit_id))


@blp.post("/grants/<int(max=9223372036854775807):grant_id>/revocation")
@blp.response(200, GrantSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_revocation(grant_id: int) -> Any:
    """Take a role back, for good."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        grant = services.revoke_grant(
            session, actor=current_actor(), grant_id=grant_id, now=parts.clock()
        )
        return _shown_grant(grant, _code(session, grant.unit_id))


@blp.post(f"/accounts/{_ID}/ending")
@blp.response(200, AccountSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_ending(account_id: int) -> Any:
    """Let an account sign in no more; its sittings end at once."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        account = services.end_account(
            session, actor=current_actor(), account_id=account_id, now=parts.clock()
        )
        return _shown(account, _code(session, account.unit_id))


@blp.post(f"/accounts/{_ID}/password")
@blp.response(200, NewAccountSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_password(account_id: int) -> Any:
    """Give an account a new password to be changed, and tell it, once; its sittings end."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        account, password = services.reset_password(
            session,
            actor=current_actor(),
            account_id=account_id,
            today=parts.today(),
            now=parts.clock(),
        )
        return _shown(account, _code(session, account.unit_id)) | {"password": password}


def _unit(session: Session, code: str) -> int | None:
    return unit_named(session, code, on=current_parts().today()).id if code else None


def _code(session: Session, unit_id: int | None) -> str:
    return "" if unit_id is None else session.get_one(ReportingUnit, unit_id).code


def _shown(account: Account, unit: str) -> dict[str, Any]:
    names = ("id", "login", "name", "must_change", "created_at", "created_by", "ended_at")
    return {name: getattr(account, name) for name in names} | {"unit": unit}


def _shown_grant(grant: RoleGrant, unit: str) -> dict[str, Any]:
    names = [column.key for column in RoleGrant.__table__.columns]
    return {name: getattr(grant, name) for name in names} | {"unit": unit}
