"""Speaking to the running server over a socket, as the program of a ministry does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

_BOUNDARY = "--------------------mau-bao-cao-7d93b1"
_SECONDS = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def is_received(self) -> bool:
        """Whether the return was received, now or before."""
        return self.status in (200, 201)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The issues that refuse."""
        return [issue for issue in self.data["issues"] if issue["severity"] == "error"]


class Unexpected(Exception):
    """The server answered something that has no place in the story."""


class Sender:
    """One client with its token."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._address = address
        self._token = token

    def get(self, path: str, **query: str) -> Answer:
        """Fetch something. Raises Unexpected where it is not there."""
        answer = self._ask("GET", f"{path}?{urlencode(query)}" if query else path)
        if answer.status != 200:
            raise Unexpected(f"GET {path}: {answer.status} {answer.body[:300]!r}")
        return answer

    def post_json(self, path: str, body: bytes) -> Answer:
        """Send JSON."""
        return self._ask("POST", path, body, {"Content-Type": "application/json"})

    def post_file(self, path: str, name: str, content: bytes) -> Answer:
        """Send a workbook as a browser does."""
        head = (
            f"--{_BOUNDARY}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {XLSX}\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        return self._ask("POST", path, body, {"Content-Type": kind})

    def _ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection(*self._address, timeout=_SECONDS)
        try:
            sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()
