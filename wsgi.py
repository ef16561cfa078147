"""The web application for a WSGI server: `gunicorn wsgi:app`."""

import os

from reporting.app import create_app
from reporting.settings import Settings

app = create_app(Settings.from_env(os.environ))
