"""`reporting serve`: the web application in gunicorn, for one office or behind a proxy."""

from __future__ import annotations

from typing import Any

import click
from gunicorn.app.base import BaseApplication

from forms.catalogue import Catalogue
from reporting.app import create_app
from reporting.cli.opening import open_parts
from reporting.settings import Settings

_SECONDS_FOR_A_REQUEST = 120


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types.
    """Gunicorn with our application; settings and forms are read once, before it forks.

    So every worker signs with the same secret key, even where that was made up at the start.
    Each has an engine of its own, because a connection must not be shared by two processes.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, options: dict[str, Any]) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Hand gunicorn its options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one worker."""
        return create_app(self._settings, catalogue=self._catalogue)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages and the API until stopped."""
    with open_parts() as parts:
        settings, catalogue = parts.settings, parts.catalogue
    options = {
        "bind": f"{host}:{port}",
        "workers": workers,
        # Threads, so that a slow sender holds up no other.
        "worker_class": "gthread",
        "threads": 4,
        "timeout": _SECONDS_FOR_A_REQUEST,
        # It would be written into the home folder, which a service may not have.
        "control_socket_disable": True,
    }
    Server(settings, catalogue, options).run()
