"""What every command needs before it can begin: the settings, the store, and who is asking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from forms.faults import BadDeclaration
from reporting.db import is_migrated, make_engine
from reporting.errors import Refusal
from reporting.parts import Parts, make_parts
from reporting.services.actors import Actor
from reporting.settings import BadSettings, Settings


def open_settings() -> Settings:
    """The settings of this process; every fault of them ends the command with a sentence."""
    try:
        return Settings.from_env(os.environ)
    except BadSettings as bad:
        raise click.ClickException("\n".join(bad.faults)) from None


@contextmanager
def open_engine() -> Iterator[Engine]:
    """The engine of the store, up to date or not, closed when the command ends."""
    engine = make_engine(open_settings().database_url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_store() -> Iterator[Engine]:
    """The engine of a store that is up to date; one that is not is said in words."""
    with open_engine() as engine:
        _require_migrated(engine)
        yield engine


@contextmanager
def open_parts() -> Iterator[Parts]:
    """Settings, declared forms, a store that is up to date; what is missing is said in words."""
    settings = open_settings()
    try:
        parts = make_parts(settings)
    except BadDeclaration as bad:
        raise click.ClickException("\n".join(str(fault) for fault in bad.faults)) from None
    try:
        _require_migrated(parts.engine)
        with _refusals_in_words():
            yield parts
    finally:
        parts.engine.dispose()


def _require_migrated(engine: Engine) -> None:
    try:
        with engine.connect() as connection:
            is_ready = is_migrated(connection)
    except SQLAlchemyError as fault:
        raise click.ClickException(f"the store cannot be reached: {fault}") from None
    if not is_ready:
        raise click.ClickException(
            "Kho dữ liệu chưa được tạo hoặc chưa cập nhật: hãy chạy `reporting db upgrade`.\n"
            "the store is not up to date: run `reporting db upgrade`"
        )


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.vi}\n{refusal.en}") from None


def console_actor() -> Actor:
    """Whoever sits at the console acts for the system, under the name of the machine account."""
    name = os.environ.get("USER") or os.environ.get("LOGNAME") or "console"
    return Actor(name=f"console:{name}", is_system=True)
