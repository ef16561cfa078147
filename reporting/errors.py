"""What a business act may refuse to do. Wrong data is never one of these: it is a list of issues.

Knows nothing of HTTP: each door maps these classes to its own answers in one table.
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An act that may not or cannot be done. It says why in Vietnamese and in English.

    `more` is what a program is told besides: issues, changes by others.
    """

    def __init__(self, *, vi: str, en: str, **more: Any) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en
        self.more = more


class NotFound(Refusal):
    """The thing that was named does not exist, or not on the day that was named."""


class NotAllowed(Refusal):
    """The one who acts has no right to do this for this unit."""


class PeriodClosed(Refusal):
    """The period no longer takes reports, or does not take them yet."""


class Conflict(Refusal):
    """The act contradicts what is already in the store."""


class Overflow(Refusal):
    """A figure or a sum is too large to be kept exactly. Nothing was rounded and nothing stored."""


class OtherRequest(Refusal):
    """The key of a request was used before, for another one."""


class Stale(Refusal):
    """The thing was changed by others since the one who acts has seen it; nothing was lost."""


class VersionNeeded(Refusal):
    """The act must name the version upon which it is done, so that nothing of others is lost."""
