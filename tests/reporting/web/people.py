"""People before their browsers: signed in at the pages, clicking and posting forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from reporting.models import ReportingUnit, Role
from tests.reporting.doors import Doors
from tests.reporting.services.people import GOOD, an_account

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Browser:
    """A browser with its cookies."""

    http: FlaskClient

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.http.get(path)

    def post(self, path: str, *, seen_on: str, **fields: Any) -> TestResponse:
        """Post a form that stands on a page."""
        token = CSRF.search(self.http.get(seen_on).text)
        assert token is not None, seen_on
        return self.http.post(path, data={"csrf_token": token[1], **fields})

    def sign_in(self, login: str, password: str = GOOD, **more: Any) -> TestResponse:
        """Fill in the form of signing in."""
        fields = {"login": login, "password": password, **more}
        return self.post("/sign-in", seen_on="/sign-in", **fields)


def browser_of(
    doors: Doors, login: str, *roles: Role, unit: ReportingUnit | None = None
) -> Browser:
    """Someone who has an account with roles, and has signed in."""
    with doors.sessions.begin() as session:
        an_account(session, login, *roles, unit=unit, name=f"Người {login}")
    browser = Browser(doors.http)
    assert browser.sign_in(login).status_code == 303
    return browser
