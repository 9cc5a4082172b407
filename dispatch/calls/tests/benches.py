"""LiveKit and the browsers that use it, twice: the one in memory and the real server."""

from __future__ import annotations

import json
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Protocol

import jwt
from websockets.sync.client import connect

from dispatch.calls import livekit
from dispatch.calls.models import MediaNode
from dispatch.tests import factories, fakes
from scripts.sightline.livekit import LiveKit

((KEY, SECRET),) = factories.NODE_KEYS.items()


class Bench(Protocol):
    """A LiveKit and the browsers that use it."""

    node: MediaNode

    def may_join(self, token: str) -> bool: ...
    def enter(self, token: str) -> None: ...
    def leave(self, token: str) -> None: ...


class FakeBench:
    def __init__(self, fake: fakes.FakeLiveKit) -> None:
        self.node = factories.node()
        self._fake = fake
        self._inside: dict[str, livekit.Seen] = {}

    def may_join(self, token: str) -> bool:
        return self._fake.may_join(self.node, token)

    def enter(self, token: str) -> None:
        self._inside[token] = self._fake.enter(self.node, token)

    def leave(self, token: str) -> None:
        self._fake.leave(self.node, self._inside.pop(token))


class RealBench:
    """Pages here only signal and bring no media, so they are listed but never active."""

    def __init__(self, server: LiveKit) -> None:
        self.node = factories.node(api_url=server.api_url, url=server.url)
        self._inside: dict[str, ExitStack] = {}
        self._plain = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def may_join(self, token: str) -> bool:
        asked = urllib.parse.urlencode({"access_token": token})
        try:
            with self._plain.open(f"{self.node.api_url}/rtc/validate?{asked}", timeout=3):
                return True
        except urllib.error.HTTPError as refused:
            if refused.code not in (401, 404):
                raise
            return False

    def enter(self, token: str) -> None:
        asked = urllib.parse.urlencode({"access_token": token, "protocol": 15})
        self._inside[token] = ExitStack()
        page = self._inside[token].enter_context(
            connect(f"{self.node.url}/rtc?{asked}", proxy=None, close_timeout=1)
        )
        page.recv(timeout=3)  # the answer to the join

    def leave(self, token: str) -> None:
        self._inside.pop(token).close()

    def close(self) -> None:
        for page in self._inside.values():
            page.close()

    def permission(self, room: str) -> dict[str, Any]:
        """The one participant's permission as the server keeps it, without our own code."""
        grants = {"roomAdmin": True, "room": room}
        claims = {"iss": KEY, "exp": int(time.time()) + 60, "video": grants}
        request = urllib.request.Request(  # noqa: S310 (our own loopback address)
            f"{self.node.api_url}/twirp/livekit.RoomService/ListParticipants",
            data=json.dumps({"room": room}).encode(),
            headers={
                "Authorization": f"Bearer {jwt.encode(claims, SECRET)}",
                "Content-Type": "application/json",
            },
        )
        with self._plain.open(request, timeout=3) as answer:
            (one,) = json.load(answer)["participants"]
            found: dict[str, Any] = one["permission"]
            return found


class Hooks:
    """Where the real server sends its webhooks."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[bytes, str]] = queue.Queue()
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.put((body, self.headers["Authorization"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_about(self, room: str) -> tuple[bytes, str]:
        """The next webhook that names this room."""
        while True:
            body, authorization = self.got.get(timeout=5)
            if room.encode() in body:
                return body, authorization


class Server(LiveKit):
    """It would read our own LIVEKIT_KEYS, and in another form."""

    def environment(self) -> dict[str, str]:
        inherited = super().environment().items()
        return {name: value for name, value in inherited if not name.startswith("LIVEKIT_")}
