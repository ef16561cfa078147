"""The bare limit of receiving: a Flask route that inserts the body it got, and commits."""

from __future__ import annotations

import os

from flask import Flask, request
from psycopg_pool import ConnectionPool

app = Flask("bare")
pool = ConnectionPool(os.environ["BARE_DATABASE_URL"], min_size=4, max_size=8, open=True)


@app.post("/api/v1/submissions")
def insert() -> tuple[str, int]:
    """Keep the same bytes as durably, and know nothing about them."""
    with pool.connection() as connection:
        connection.execute("INSERT INTO bare (body) VALUES (%s)", (request.get_data(),))
    return "", 201
