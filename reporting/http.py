"""What the two HTTP doors share: who may use a route, the body that came in, files that go out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar

from flask import Flask, Response, current_app, g, request, send_file
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from reporting.limiting import Gate
from reporting.parts import Parts
from reporting.services.actors import Act, Actor
from reporting.services.deliveries import safe_file_name
from reporting.services.downloads import NamedFile, note_download
from reporting.services.unit_archive import (
    LARGEST_IN_MEMORY,
    find_unit_by_code,
    note_archive,
    write_archive,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
_RIGHT = "reporting_right"
_PIECE = 64 * 1024
_NOT_IN_A_CODE = re.compile(r"[^A-Za-z0-9._-]")

_View = TypeVar("_View", bound=Callable[..., Any])


class Right(StrEnum):
    """Who may use a route. What of it they see is for the services to say."""

    ANYONE = "anyone"
    CLIENT = "client"  # the holder of a token
    PAGE = "page"  # whoever has signed in; on a laptop without accounts whoever sits there
    SELF = "self"  # the same, about himself: also without any role, for nothing else


#: Routes that others put into the application, and who may use them.
OF_OTHERS = {"static": Right.ANYONE, "api-docs.openapi_json": Right.ANYONE}


def allows(right: Right, *acts: Act) -> Callable[[_View], _View]:
    """Declare who may use a route, and for which acts: reading, where none is named.

    Who has none of the acts anywhere is refused at the door; where he has them, the services ask.
    An application with a route that does not say is not started.
    """

    def declare(view: _View) -> _View:
        setattr(view, _RIGHT, (right, frozenset(acts or (Act.READ,))))
        return view

    return declare


def right_of(app: Flask, endpoint: str) -> Right | None:
    """Who may use a route, as it has declared; None if it has not."""
    if endpoint in OF_OTHERS:
        return OF_OTHERS[endpoint]
    return getattr(app.view_functions[endpoint], _RIGHT, (None,))[0]


def acts_of(app: Flask, endpoint: str) -> frozenset[Act]:
    """The acts for which a route is there."""
    declared: tuple[Right, frozenset[Act]] | None
    declared = getattr(app.view_functions[endpoint], _RIGHT, None)
    return declared[1] if declared else frozenset()


def refuse_undeclared(app: Flask) -> None:
    """Raises RuntimeError where a route does not say who may use it."""
    silent = sorted(
        rule.rule for rule in app.url_map.iter_rules() if right_of(app, rule.endpoint) is None
    )
    if silent:
        raise RuntimeError(f"routes that do not say who may use them: {', '.join(silent)}")


def current_parts() -> Parts:
    """The parts of the application that serves this request."""
    parts: Parts = current_app.extensions["reporting"]
    return parts


def current_gate() -> Gate:
    """What counts the requests of this process."""
    gate: Gate = current_app.extensions["reporting_gate"]
    return gate


def current_actor() -> Actor:
    """Who makes this request."""
    actor: Actor = g.actor
    return actor


@dataclass(frozen=True, slots=True)
class Delivered:
    """A body as it came in: when its request began, and when all of it had been read."""

    body: bytes
    file_name: str
    is_workbook: bool
    begun_at: datetime
    received_at: datetime


def read_delivery(*, file_only: bool = False) -> Delivered:
    """The return in this request: a JSON body, or the one file of a form.

    Raises UnsupportedMediaType for any other body, BadRequest for a form without its file.
    """
    clock = current_parts().clock
    begun_at, mimetype = clock(), request.mimetype
    if mimetype == "multipart/form-data":
        files = request.files.getlist("file")
        if len(files) != 1 or len(request.files) != 1:
            raise BadRequest("expected exactly one part `file` with the workbook")
        body, name = files[0].read(), safe_file_name(files[0].filename or "", "return.xlsx")
        return Delivered(body, name, True, begun_at, clock())
    if mimetype == "application/json" and not file_only:
        body = request.get_data(cache=False)
        return Delivered(body, "return.json", False, begun_at, clock())
    raise UnsupportedMediaType


def hand_out(file: NamedFile, mimetype: str) -> Response:
    """A file to be saved, which is on the audit before it goes out."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        note_download(session, actor=current_actor(), file=file, now=parts.clock())
    return attachment(file.content, file.name, mimetype)


def hand_out_archive(unit_code: str) -> Response:
    """All that a unit ever entered, streamed; it is on the audit before it goes out."""
    parts, actor = current_parts(), current_actor()
    now = parts.clock()
    # Larger ones go to disk. Closed when the answer has been sent.
    file = SpooledTemporaryFile(max_size=LARGEST_IN_MEMORY)  # noqa: SIM115
    try:
        with parts.reading_sessions() as session:
            unit = find_unit_by_code(session, unit_code)
            archived = write_archive(session, file, actor=actor, unit=unit, now=now)
        with parts.sessions.begin() as session:
            note_archive(session, actor=actor, archived=archived, now=now)
    except BaseException:
        file.close()
        raise
    size = file.seek(0, os.SEEK_END)
    answer = Response(_read_and_closed(file), mimetype=ZIP)
    answer.content_length = size
    name = _NOT_IN_A_CODE.sub("-", unit.code)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}_{now:%Y%m%d}.zip")
    answer.call_on_close(file.close)
    return answer


def _read_and_closed(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    with file:
        while piece := file.read(_PIECE):
            yield piece


def attachment(content: bytes, file_name: str, mimetype: str) -> Response:
    """A file to be saved, never shown: what others have sent is not opened in a browser."""
    return send_file(
        BytesIO(content),
        mimetype=mimetype,
        as_attachment=True,
        download_name=safe_file_name(file_name, "file"),
    )
