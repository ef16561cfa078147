"""A person before a browser: pages opened, forms filled in and posted, over the socket."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from jobs.demo.sending import XLSX, Answer, Unexpected

_BOUNDARY = "--------------------mau-bao-cao-51c0aa"
_SECONDS = 60
_FIELD = re.compile(r'<input[^>]* name="(csrf_token|draft|seen)"[^>]* value="([^"]*)"')

#: Names and values as a form has them; a name may stand more than once.
Fields = Sequence[tuple[str, str]]


class Visitor:
    """Someone with cookies, who reads a form before posting it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._cookies: dict[str, str] = {}
        self.place = ""  # where the last answer led

    def open(self, path: str) -> Answer:
        """Open a page, or the one that it leads to. Raises Unexpected where it is not there."""
        answer = self._ask("GET", path)
        if answer.status == 303:  # Who has to choose a password first is led there.
            answer = self._ask("GET", self.place)
        if answer.status != 200:
            raise Unexpected(f"GET {path}: {answer.status} {answer.body[:300]!r}")
        return answer

    def post(
        self, path: str, fields: Fields = (), *, seen_on: str, file: tuple[str, bytes] | None = None
    ) -> Answer:
        """Post a form that stands on a page, with what the page hides in it, and go where it leads.

        Raises Unexpected where it leads nowhere.
        """
        page = self.open(seen_on).body.decode()
        hidden = {name: unescape(value) for name, value in _FIELD.findall(page)}
        given = [*hidden.items(), *fields]
        kind, body = _as_form(given) if file is None else _with_file(given, *file)
        answer = self._ask("POST", path, body, {"Content-Type": kind})
        if answer.status != 303:
            raise Unexpected(f"POST {path}: {answer.status} {_said(answer)}")
        return self.open(self.place)

    def _ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection(*self._address, timeout=_SECONDS)
        try:
            sent = dict(headers or {})
            if self._cookies:
                sent["Cookie"] = "; ".join(f"{name}={text}" for name, text in self._cookies.items())
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", ()):
                morsels = SimpleCookie(line)
                self._cookies |= {name: morsel.value for name, morsel in morsels.items()}
            self.place = response.headers.get("Location", self.place)
            return Answer(response.status, response.read())
        finally:
            connection.close()


def _as_form(fields: Fields) -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def _with_file(fields: Fields, name: str, content: bytes) -> tuple[str, bytes]:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n'
        for field, text in fields
    ]
    head = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {XLSX}\r\n\r\n"
    )
    body = "".join(parts).encode() + head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return f"multipart/form-data; boundary={_BOUNDARY}", body


def _said(answer: Answer) -> str:
    """The words of a page that refuses, without its markup."""
    page = answer.body.decode(errors="replace")
    main = page[page.find("<main") :]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())[:400]
