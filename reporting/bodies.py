"""Bodies of requests: never read beyond the limit, and never left lying in the socket.

A server that closes a connection on which a sender is still writing takes its own answer back:
a browser then shows "connection reset" instead of the sentence that the file is too large. So
what is left of a refused body is read and thrown away once the answer is on its way.
"""

from __future__ import annotations

import time
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

_PIECE = 64 * 1024
#: More than this is thrown away for nobody; whoever sends it sees the connection end.
_MOST_THROWN_AWAY = 64 * 1024 * 1024
#: Seconds; a sender who drips holds one of few workers or threads.
_LONGEST_WAIT = 10


class BoundedInput:
    """The body as the server hands it over, of which only so much may be read.

    Needed for a body sent in chunks: it announces no length, and the framework would cut it off
    at the limit without a word.
    """

    def __init__(self, stream: Any, *, most: int, length: int | None) -> None:
        self._stream = stream
        self._most = most
        self._length = length
        self._taken = 0

    def read(self, size: int = -1) -> bytes:
        """Read on. Raises RequestEntityTooLarge beyond the limit, BadRequest on a broken body."""
        try:
            data: bytes = self._stream.read(size)
        except Exception as fault:  # Each server has its own for chunks that are no chunks.
            raise BadRequest("the body is broken off or not in chunks as announced") from fault
        self._taken += len(data)
        if size and not data and self._length is not None and self._taken < self._length:
            raise BadRequest(f"the body has {self._taken} of the {self._length} bytes announced")
        if self._taken > self._most:
            raise RequestEntityTooLarge
        return data

    def throw_away(self) -> None:
        """Read what is left and forget it."""
        left = _MOST_THROWN_AWAY
        give_up = time.monotonic() + _LONGEST_WAIT
        if self._length is not None:
            left = min(left, self._length - self._taken)
        while left > 0 and time.monotonic() < give_up:
            try:
                data = self._stream.read(min(_PIECE, left))
            except Exception:  # noqa: BLE001 - as above; nobody waits for an answer any more
                return
            if not data:
                return
            left -= len(data)


def bound_body(most: int) -> None:
    """Refuse by the length that a request announces, unread; and bound what announces none.

    Raises RequestEntityTooLarge.
    """
    length, environ = request.content_length, request.environ
    if length is None and not environ.get("wsgi.input_terminated"):
        return  # Without a length and without an end there is no body to read.
    environ["wsgi.input"] = BoundedInput(environ["wsgi.input"], most=most, length=length)
    if length is not None and length > most:
        raise RequestEntityTooLarge


def throw_away_the_rest(response: Response) -> Response:
    """Once a failure is answered, let its sender finish."""
    if response.status_code >= 400:
        stream = request.environ.get("wsgi.input")
        if isinstance(stream, BoundedInput):
            response.call_on_close(stream.throw_away)
    return response
