"""Web and signalling addresses: what answers there, and whose fault it is if nothing does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dispatch.calls.models import MediaNode
from dispatch.upkeep.doctor import media, web
from dispatch.upkeep.doctor.result import Result, State, failed, ok

Serve = Callable[[int, bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that answer everything in one way; the address of each."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def mute() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


NO_DB = b'{"ok": false, "parts": {"db": false, "redis": true}}'
WELL: dict[str, list[Result]] = {"database": [ok("database", "")], "redis": [ok("redis", "")]}
NO_DATABASE = WELL | {"database": [failed("database", "It is away.", "Start it.")]}


def test_the_web_server_is_not_blamed_for_what_is_away_for_all(serve: Serve, settings: Any) -> None:
    settings.PUBLIC_ORIGIN = f"http://{serve(503, NO_DB)}"
    assert web.web(NO_DATABASE).state is State.OK
    alone = web.web(WELL)
    assert alone.state is State.FAILED
    assert "does not reach PostgreSQL, which we do" in alone.what


def test_a_web_server_that_waits_for_its_database(
    mute: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIC_ORIGIN = f"http://{mute}"
    monkeypatch.setattr(web, "ANSWER_S", 0.2)
    assert web.web(NO_DATABASE).state is State.NOT_CHECKED
    assert web.web(WELL).state is State.FAILED


def test_something_else_at_our_address(serve: Serve, settings: Any) -> None:
    settings.PUBLIC_ORIGIN = f"http://{serve(200, b'<html>It works!</html>')}"
    found = web.web(WELL)
    assert found.state is State.FAILED
    assert "answers 200, but not as Sightline" in found.what


@pytest.mark.parametrize(
    ("status", "state"),
    # 401 is what LiveKit says to who shows no token.
    [(401, State.OK), (404, State.FAILED), (502, State.FAILED), (200, State.FAILED)],
)
def test_what_answers_signalling(serve: Serve, status: int, state: State, settings: Any) -> None:
    settings.PUBLIC_ORIGIN = "http://localhost:8000"
    node = MediaNode(name="one", url=f"ws://{serve(status, b'')}")
    assert media._signalling(node, "media.one.signalling").state is state


def test_https_pages_need_wss(settings: Any) -> None:
    settings.PUBLIC_ORIGIN = "https://sightline.example"
    found = media._signalling(MediaNode(url="ws://media.example"), "media.one.signalling")
    assert found.state is State.FAILED
    assert "wss://" in found.todo
