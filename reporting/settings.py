"""The settings of one process, read once from REPORTING_* variables.

Every setting has a default that suits a laptop, except the secret key of a production service.
All faults are told at once, each with the name of its variable.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

MEBIBYTE = 1024 * 1024
_SHORTEST_SECRET = 32


class Environment(StrEnum):
    """Where the program runs. In production nothing secret is ever made up."""

    LAPTOP = "laptop"
    PRODUCTION = "production"


class BadSettings(Exception):
    """One or more variables cannot be used. `faults` says all of them."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as an operator may see it: a secret shows only that it is there."""

    variable: str
    value: str
    source: str
    meaning: str


def _database_url(text: str) -> str:
    try:
        backend = make_url(text).get_backend_name()
    except ArgumentError:
        raise ValueError("expected such as sqlite:///var/reporting.db") from None
    if backend not in ("sqlite", "postgresql"):
        raise ValueError(f"expected sqlite:/// or postgresql+psycopg://, not {backend}")
    return text


def _folders(text: str) -> tuple[Path, ...]:
    folders = tuple(Path(part) for part in text.split(os.pathsep) if part)
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise ValueError(f"no such folder: {', '.join(missing)}")
    return folders


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names or any("/" in name or " " in name for name in names):
        raise ValueError("expected names such as baocao.tinh.gov.vn, separated by commas")
    return names


def _smtp(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("expected such as smtp://user:password@mail.gov.vn:587")
    return text


def _signing_key(text: str) -> str:
    """A private key as PEM, or the name of the file that has it; gives the PEM."""
    if not text.startswith("-----BEGIN"):
        try:
            text = Path(text).read_text(encoding="ascii")
        except (OSError, ValueError):
            raise ValueError("expected a PEM, or a file that has it and can be read") from None
    if not text.lstrip().startswith("-----BEGIN PRIVATE KEY-----"):
        raise ValueError("expected a private key in PEM, as `reporting keys new` makes it")
    return text


def _yes_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("expected true or false")
    return text == "true"


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise ValueError("expected a whole number from 1, digits only")
    return number


def _whole(text: str) -> int:
    return 0 if text == "0" else _count(text)


def _instant(text: str) -> datetime:
    try:
        instant: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError("expected an instant with its zone, such as 2026-09-16T10:00:00+07:00")
    return instant


def _time_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected the name of a time zone, such as Asia/Ho_Chi_Minh") from None


def _environment(text: str) -> Environment:
    if text not in list(Environment):
        raise ValueError(f"expected one of: {', '.join(Environment)}")
    return Environment(text)


def _secret(text: str) -> str:
    if len(text) < _SHORTEST_SECRET:
        raise ValueError(f"expected at least {_SHORTEST_SECRET} characters")
    return text


def _setting(
    read: Callable[[str], Any], default: Any, meaning: str, *, secret: bool = False
) -> Any:
    metadata = {"read": read, "meaning": meaning, "secret": secret}
    if callable(default):
        return field(default_factory=default, metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may decide. The variable of `max_body` is REPORTING_MAX_BODY, and so on."""

    database_url: str = _setting(
        _database_url, "sqlite:///var/reporting.db", "where the store is", secret=True
    )
    forms: tuple[Path, ...] = _setting(_folders, (), "more folders with declared forms")
    max_body: int = _setting(_count, 10 * MEBIBYTE, "bytes that one request may have")
    max_unpacked: int = _setting(_count, 100 * MEBIBYTE, "bytes that one workbook may unpack to")
    max_ratio: int = _setting(_count, 200, "times that a part of a workbook may grow on unpacking")
    max_rows: int = _setting(_count, 20_000, "rows that one table of a return may have")
    time_zone: ZoneInfo = _setting(
        _time_zone, ZoneInfo("Asia/Ho_Chi_Minh"), "where due dates are local dates"
    )
    environment: Environment = _setting(_environment, Environment.LAPTOP, "laptop or production")
    clock_stands_at: datetime | None = _setting(
        _instant, None, "the one instant there is; for demonstrations, never in production"
    )
    trusted_hosts: tuple[str, ...] = _setting(
        _host_names, (), "names under which it is called; on a laptop only its own by default"
    )
    approver_differs: bool = _setting(
        _yes_no, False, "whether who signs a report may have entered none of it, for every regime"
    )
    hand_over: Path | None = _setting(
        Path, None, "the folder of the information centre, into which editions are handed over"
    )
    smtp: str = _setting(
        _smtp, "", "smtp://user:password@host:587 or smtps://: who takes our mails", secret=True
    )
    mail_from: str = _setting(str, "bao-cao@localhost", "who our mails are from")
    idle_minutes: int = _setting(_count, 30, "minutes that a sitting at the pages may rest")
    sitting_hours: int = _setting(_count, 12, "hours that a sitting at the pages may last")
    secret_key: str = _setting(
        _secret, lambda: secrets.token_hex(32), "signs what browsers hand back", secret=True
    )

    rate_per_address: int = _setting(
        _count, 6_000, "requests a minute that one address may make of a process"
    )
    rate_per_actor: int = _setting(
        _count, 3_000, "requests a minute that one person or program may make of a process"
    )
    sign_ins_per_address: int = _setting(
        _count, 30, "attempts a minute to sign in from one address, by process"
    )
    proxies: int = _setting(
        _whole, 0, "how many proxies of ours stand before it, whose X-Forwarded-* are believed"
    )
    signing_key: str = _setting(
        _signing_key, "", "signs receipts: an Ed25519 key in PEM, or its file", secret=True
    )

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> Self:
        """Read the settings. Raises BadSettings with every fault at once.

        A variable that is set but empty counts as not set, as compose files write it.
        """
        values: dict[str, Any] = {}
        faults: list[str] = []
        for name, variable, metadata in _declared():
            text = variables.get(variable, "").strip()
            if not text:
                continue
            try:
                values[name] = metadata["read"](text)
            except ValueError as fault:
                given = "" if metadata["secret"] else f" {text!r}"
                faults.append(f"{variable}{given}: {fault}")
        is_production = values.get("environment") == Environment.PRODUCTION
        if is_production and values.get("clock_stands_at"):
            faults.append("REPORTING_CLOCK_STANDS_AT: a production service runs on the true clock")
        if is_production and not variables.get("REPORTING_SECRET_KEY", "").strip():
            faults.append(
                "REPORTING_SECRET_KEY: must be set when REPORTING_ENVIRONMENT is production"
            )
        if is_production and not values.get("signing_key"):
            faults.append(
                "REPORTING_SIGNING_KEY: must be set when REPORTING_ENVIRONMENT is production"
            )
        if faults:
            raise BadSettings(tuple(faults))
        return cls(**values)

    def describe(self, variables: Mapping[str, str]) -> tuple[SettingLine, ...]:
        """Every setting with its value and whether it was set, without secrets."""
        return tuple(
            SettingLine(
                variable,
                self._shown(name, secret=metadata["secret"]),
                "set" if variables.get(variable, "").strip() else "default",
                metadata["meaning"],
            )
            for name, variable, metadata in _declared()
        )

    def _shown(self, name: str, *, secret: bool) -> str:
        value = getattr(self, name)
        if name == "database_url":
            return make_url(value).render_as_string(hide_password=True)
        if secret:
            return "***" if value else ""
        separator = os.pathsep if name == "forms" else ","
        return separator.join(map(str, value)) if isinstance(value, tuple) else str(value)


def _declared() -> list[tuple[str, str, Mapping[str, Any]]]:
    return [
        (declared.name, f"REPORTING_{declared.name.upper()}", declared.metadata)
        for declared in fields(Settings)
    ]
