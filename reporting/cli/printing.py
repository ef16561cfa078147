"""How commands print: a console that does not cut lines when piped, and instants in local time."""

from __future__ import annotations

import sys
from datetime import datetime

from rich.console import Console

from reporting.parts import Parts


def a_console() -> Console:
    """A console that writes where click does; as wide as the window, or wide when piped."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def local_time(parts: Parts, instant: datetime | None) -> str:
    """An instant where due dates are dates."""
    if instant is None:
        return ""
    return f"{instant.astimezone(parts.settings.time_zone):%Y-%m-%d %H:%M:%S}"
