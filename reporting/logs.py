"""How the program logs: lines for a person on a laptop, JSON for a machine in production.

Tracebacks come without the values of variables, which may be a sender's figures or a secret.
"""

from __future__ import annotations

import sys
from typing import Any

import structlog

from reporting.settings import Environment


def configure_logging(environment: Environment) -> None:
    """Set up logging for this process; to the error stream, as servers expect it."""
    to_lines: list[Any] = [
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    ]
    to_json: list[Any] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(to_json if environment is Environment.PRODUCTION else to_lines),
        ],
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
