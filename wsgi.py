"""The web application for a WSGI server: `gunicorn wsgi:app`."""

import gc
import os

from reporting.app import create_app
from reporting.settings import Settings

#: How many new objects are let pass before the collector looks for circles among them.
_OBJECTS_BETWEEN_COLLECTIONS = 20_000

app = create_app(Settings.from_env(os.environ))

# What was made at the start lives as long as the process: the collector need not walk through all
# declared forms again and again. Requests leave hardly a circle; looking for them every 700
# objects took a sixth of the time of receiving.
gc.collect()
gc.freeze()
gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
