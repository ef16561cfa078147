"""The server as it is started: over a real socket, with real workers."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting.db import make_engine, make_session_factory, migrate
from tests.builders import a_province, a_return, a_token, a_unit, an_open_period, as_json

LIMIT = 100_000


def a_free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """`reporting serve` on a store with one commune; its port, and the commune's token."""
    url = f"sqlite:///{tmp_path_factory.mktemp('server') / 'store.db'}"
    engine = make_engine(url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        commune = a_unit(session, "X01840", parent=a_province(session))
        an_open_period(session)
        token = a_token(session, commune)
    engine.dispose()
    port = a_free_port()
    process = subprocess.Popen(
        [Path(sys.executable).parent / "reporting", "serve", "--port", str(port)],
        env=os.environ | {"REPORTING_DATABASE_URL": url, "REPORTING_MAX_BODY": str(LIMIT)},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port)
        yield port, token
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(port: int) -> None:
    for _ in range(300):
        try:
            if ask(port, "GET", "/health/ready")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not become ready")


def ask(
    port: int, method: str, path: str, body: bytes | None = None, token: str = ""
) -> tuple[int, bytes]:
    """One request over the socket: its status and its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_return_is_received_over_the_socket(server: tuple[int, str]) -> None:
    """What is sent to the running server is received, and once more it is the same receipt."""
    port, token = server
    body = as_json(a_return("X01840"))
    answers = [ask(port, "POST", "/api/v1/submissions", body, token) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 200]
    numbers = {json.loads(content)["number"] for _, content in answers}
    assert len(numbers) == 1


@pytest.mark.parametrize("times", [2, 60])
def test_who_sends_too_much_still_reads_why(server: tuple[int, str], times: int) -> None:
    """The answer is not lost because the server closed while the sender was still writing."""
    port, token = server
    status, content = ask(port, "POST", "/api/v1/submissions", b" " * LIMIT * times, token)
    assert status == 413
    assert b"100,000 bytes" in content


def test_every_worker_signs_alike(server: tuple[int, str]) -> None:
    """A page that one worker has made is taken back by any other."""
    port, _ = server
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    path = "/return?unit=X01840&form=II.06a/VPCP/KSTT&period=2026-Q3"
    connection.request("GET", path)
    answer = connection.getresponse()
    token = answer.read().decode().split('name="csrf_token" value="')[1].split('"')[0]
    cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
    connection.close()
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'
        for name, more, value in (
            ("csrf_token", "", token),
            ("file", '; filename="a.xlsx"', "x"),
        )
    )
    statuses = set()
    for _ in range(8):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Cookie": cookie, "Content-Type": "multipart/form-data; boundary=b"}
        target = path.replace("/return", "/return/check")
        connection.request("POST", target, f"{parts}--b--\r\n".encode(), headers)
        statuses.add(connection.getresponse().status)
        connection.close()
    assert statuses == {422}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"5\r\n{}\r\n"),
        ("Content-Length: 500", b'{"form": "II.06a/VPCP/KSTT"'),
    ],
)
def test_a_broken_body_is_a_bad_request(server: tuple[int, str], headers: str, body: bytes) -> None:
    """Chunks that are none, and a body that ends before its announced length, are the sender's."""
    port, token = server
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sender:
        head = (
            "POST /api/v1/submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n"
        )
        sender.sendall(head.encode() + body)
        sender.shutdown(socket.SHUT_WR)
        with sender.makefile("rb") as answer:
            assert answer.readline().split()[1] == b"400"
