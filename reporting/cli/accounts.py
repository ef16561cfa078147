"""`reporting accounts`: people who sign in, the first administrator among them."""

from __future__ import annotations

from datetime import date, datetime

import click
from rich.table import Table as Grid
from rich.text import Text
from sqlalchemy.orm import Session

from reporting.cli.arguments import NUMBER
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, local_time
from reporting.models import Role
from reporting.parts import Parts
from reporting.services import accounts as services
from reporting.services.accounts import NewGrant, find_account
from reporting.services.named import form_named, unit_named
from reporting.services.sittings import list_sittings, revoke_sittings

_ROLES = click.Choice([role.value for role in Role])
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("accounts")
def accounts_group() -> None:
    """People who sign in, and what they may do."""


@accounts_group.command("create")
@click.argument("login")
@click.option("--name", required=True, help="The name of the person, as it stands on receipts.")
@click.option("--unit", help="Where the person sits; without one at the central office.")
@click.option("--admin", is_flag=True, help="Let it administer that unit and those below.")
@click.option("--role", "roles", type=_ROLES, multiple=True, help="A role there; several may be.")
def create(login: str, name: str, unit: str | None, roles: tuple[str, ...], *, admin: bool) -> None:
    """Make an account LOGIN and print its first password, which is never shown again."""
    wanted = dict.fromkeys([*([Role.ADMINISTER] if admin else []), *map(Role, roles)])
    with open_parts() as parts:
        with parts.sessions.begin() as session:
            unit_id = _unit(session, parts, unit)
            account, password = services.create_account(
                session,
                actor=console_actor(),
                login=login,
                name=name,
                unit_id=unit_id,
                now=parts.clock(),
            )
            for role in wanted:
                asked = NewGrant(role=role, unit_id=unit_id, valid_from=parts.today())
                _give(session, parts, account.id, asked)
        may = ", ".join(wanted) or "no role yet"
        click.echo(f"account {account.login}, {unit or 'central office'}: {may}", err=True)
    click.echo(password)


@accounts_group.command("list")
@click.option("--unit", help="Of one unit only.")
def list_all(unit: str | None) -> None:
    """Every account."""
    grid = Grid("Login", "Name", "Unit", "Made", "Ended", box=None)
    with open_parts() as parts, parts.reading_sessions() as session:
        found = services.list_accounts(
            session, actor=console_actor(), unit_id=_unit(session, parts, unit), limit=None
        )
        for account, code, _ in found:
            made, ended = (
                local_time(parts, instant) for instant in (account.created_at, account.ended_at)
            )
            cells = (account.login, account.name, code, made, ended)
            grid.add_row(*(Text(cell) for cell in cells))
    a_console().print(grid)


@accounts_group.command("end")
@click.argument("login")
def end(login: str) -> None:
    """Let LOGIN sign in no more; its sittings end at once."""
    with open_parts() as parts, parts.sessions.begin() as session:
        account = find_account(session, actor=console_actor(), login=login)
        services.end_account(
            session, actor=console_actor(), account_id=account.id, now=parts.clock()
        )
        click.echo(f"{account.login}: ended")


@accounts_group.command("reset")
@click.argument("login")
def reset(login: str) -> None:
    """Give LOGIN a new password, to be changed, and print it; its sittings end at once."""
    with open_parts() as parts, parts.sessions.begin() as session:
        account = find_account(session, actor=console_actor(), login=login)
        _, password = services.reset_password(
            session,
            actor=console_actor(),
            account_id=account.id,
            today=parts.today(),
            now=parts.clock(),
        )
    click.echo(password)


@accounts_group.command("grant")
@click.argument("login")
@click.argument("role", type=_ROLES)
@click.option("--unit", help="For which unit; without one for the whole country.")
@click.option("--alone", is_flag=True, help="Without the units below it.")
@click.option("--form", "forms", multiple=True, help="For this form only; several may be.")
@click.option("--title", default="", help='As it stands on what is signed: "Phó Giám đốc".')
@click.option("--from", "first", type=_DAY, help="The first day; today by default.")
@click.option("--to", "last", type=_DAY, help="The last day; for good by default.")
def grant(
    login: str,
    role: str,
    unit: str | None,
    forms: tuple[str, ...],
    title: str,
    first: datetime | None,
    last: datetime | None,
    *,
    alone: bool,
) -> None:
    """Give LOGIN a role."""
    with open_parts() as parts, parts.sessions.begin() as session:
        account = find_account(session, actor=console_actor(), login=login)
        asked = NewGrant(
            role=Role(role),
            unit_id=_unit(session, parts, unit),
            below=not alone,
            forms=[form_named(parts.catalogue, form).code for form in forms],
            title=title,
            valid_from=first.date() if first else parts.today(),
            valid_to=last.date() if last else None,
        )
        number = _give(session, parts, account.id, asked)
        click.echo(f"grant {number}: {account.login} {role} {unit or 'everywhere'}")


@accounts_group.command("grants")
@click.argument("login")
def list_grants(login: str) -> None:
    """Every role that LOGIN was ever given, with its number."""
    with open_parts() as parts, parts.reading_sessions() as session:
        account = find_account(session, actor=console_actor(), login=login)
        listed = services.list_grants(session, actor=console_actor(), account_id=account.id)
        for one, code in listed:
            where = (code or "everywhere") + (" and below" if one.below else " alone")
            forms = ", ".join(one.forms) or "all forms"
            days = f"{one.valid_from} - {_shown(one.valid_to)}"
            revoked = f", revoked {local_time(parts, one.revoked_at)}" if one.revoked_at else ""
            click.echo(f"{one.id:6} {one.role:10} {where}, {forms}, {days}{revoked}")


@accounts_group.command("revoke-grant")
@click.argument("number", type=NUMBER)
def revoke_grant(number: int) -> None:
    """Take back role NUMBER, for good."""
    with open_parts() as parts, parts.sessions.begin() as session:
        taken = services.revoke_grant(
            session, actor=console_actor(), grant_id=number, now=parts.clock()
        )
        click.echo(f"grant {taken.id}, {taken.role}: revoked")


@accounts_group.command("sign-ins")
@click.argument("login")
@click.option("--end", "is_ending", is_flag=True, help="End them all.")
def list_sign_ins(login: str, *, is_ending: bool) -> None:
    """Where LOGIN sits just now."""
    with open_parts() as parts, parts.sessions.begin() as session:
        account = find_account(session, actor=console_actor(), login=login)
        now = parts.clock()
        for one in list_sittings(
            session, account_id=account.id, limits=parts.sitting_limits, now=now
        ):
            began, seen = (local_time(parts, at) for at in (one.began_at, one.seen_at))
            click.echo(f"{began} {seen} {one.address} {one.device}")
        if is_ending:
            count = revoke_sittings(session, actor=console_actor(), account_id=account.id, now=now)
            click.echo(f"{count} ended")


def _give(session: Session, parts: Parts, account_id: int, asked: NewGrant) -> int:
    given = services.grant_role(
        session,
        actor=console_actor(),
        account_id=account_id,
        asked=asked,
        today=parts.today(),
        now=parts.clock(),
    )
    return given.id


def _unit(session: Session, parts: Parts, code: str | None) -> int | None:
    return unit_named(session, code, on=parts.today()).id if code else None


def _shown(day: date | None) -> str:
    return day.isoformat() if day else "..."
