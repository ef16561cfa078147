"""The web application as tests use it: a clock that is set by hand, and whoever sends to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from reporting.models import ReportingUnit
from tests.builders import (
    IN_Q3,
    LEAF_FORM,
    a_province,
    a_token,
    a_unit,
    an_open_period,
    as_json,
)
from tests.reporting.filling import fill_template


@dataclass
class HandSetClock:
    """A clock that stands still until it is set."""

    now: datetime = IN_Q3

    def __call__(self) -> datetime:
        """The instant to which it was set."""
        return self.now


@dataclass
class Doors:
    """A running application with two communes of a province that owe II.06a for 2026-Q3."""

    app: Flask
    clock: HandSetClock
    sessions: sessionmaker[Session]
    province: ReportingUnit
    commune: ReportingUnit
    neighbour: ReportingUnit
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def http(self) -> FlaskClient:
        """A client without a token."""
        return self.app.test_client()

    def token(self, who: str) -> dict[str, str]:
        """The header of `commune`, `neighbour`, `province` or `centre`."""
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def get(self, path: str, who: str = "commune", **more: Any) -> TestResponse:
        """Read something of the API."""
        return self.http.get(f"/api/v1{path}", headers=self.token(who), **more)

    def send(
        self,
        data: Any,
        who: str = "commune",
        *,
        to: str = "/submissions",
        key: str = "",
        **more: Any,
    ) -> TestResponse:
        """Send JSON: bytes as they are, anything else written as JSON; once only with a key."""
        body = data if isinstance(data, bytes) else as_json(data)
        return self.http.post(
            f"/api/v1{to}",
            data=body,
            headers=self.token(who) | ({"Idempotency-Key": key} if key else {}),
            content_type="application/json",
            **more,
        )

    def post_file(self, to: str, content: bytes, name: str, who: str = "commune") -> TestResponse:
        """Send a file as the one part of a form."""
        return self.http.post(
            f"/api/v1{to}",
            data={"file": (BytesIO(content), name)},
            headers=self.token(who),
        )

    def filled_workbook(self, rows: Mapping[str, Mapping[str, Any]] | None = None) -> bytes:
        """The template of the commune, filled in."""
        answer = self.get(f"/forms/{LEAF_FORM}/template?unit=X01840&period=2026-Q3")
        return fill_template(answer.data, rows)


def open_doors(app: Flask, clock: HandSetClock, sessions: sessionmaker[Session]) -> Doors:
    """Put units, a period and clients into the store of an application."""
    with sessions.begin() as session:
        province = a_province(session)
        commune = a_unit(session, "X01840", parent=province, name="Phường Đức Xuân")
        neighbour = a_unit(session, "X01843", parent=province, name="Phường Bắc Kạn")
        an_open_period(session)
        tokens = {
            "commune": a_token(session, commune),
            "neighbour": a_token(session, neighbour),
            "province": a_token(session, province),
            "centre": a_token(session),
        }
    return Doors(app, clock, sessions, province, commune, neighbour, tokens)
