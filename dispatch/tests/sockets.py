"""Sockets for tests: a signed-in console, a caller's page, spoken to through the ASGI app."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from dispatch.asgi import application
from dispatch.centres.models import Centre
from dispatch.feed.tests.model import Model


def client_of(user: Any) -> Client:
    """A signed-in HTTP client of the staff side."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


# asgiref's tools for tests carry no types.
_communicator: Any = ApplicationCommunicator


class Socket:
    """One feed socket and the model it keeps."""

    def __init__(self, path: str, cookie: str, hello: dict[str, Any], origin: str = "") -> None:
        headers = [
            (b"origin", (origin or "http://localhost").encode()),
            (b"host", b"localhost"),
            (b"cookie", cookie.encode()),
        ]
        self.hello = {"t": "hello", **hello}
        self.model = Model()
        self.other: list[dict[str, Any]] = []
        self._wire: Any = _communicator(
            application,
            {
                "type": "websocket",
                "path": path,
                "query_string": b"",
                "headers": headers,
                "subprotocols": [],
            },
        )

    async def open(self) -> bool:
        """Connect and say hello; False when the handshake is refused."""
        await self._wire.send_input({"type": "websocket.connect"})
        answer = await self._wire.receive_output(5)
        if answer["type"] != "websocket.accept":
            return False
        await self.say(self.hello)
        return True

    async def say(self, message: dict[str, Any]) -> None:
        text = msgspec.json.encode(message).decode()
        await self._wire.send_input({"type": "websocket.receive", "text": text})

    async def hear(self, within: float = 5) -> dict[str, Any]:
        """The next message, applied to the model."""
        sent = await self._wire.receive_output(within)
        if sent["type"] == "websocket.close":
            raise ConnectionError(f"closed with {sent.get('code')}")
        message: dict[str, Any] = msgspec.json.decode(sent["text"])
        self.model.apply(message)
        if message["t"] in ("ack", "bye"):
            self.other.append(message)
        return message

    async def until(self, wanted: Any, within: float = 10) -> Any:
        """Listen until `wanted(model, message)` is truthy, and return that."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            message = await self.hear(max(0.1, deadline - time.monotonic()))
            if found := wanted(self.model, message):
                return found
        raise TimeoutError("the awaited message did not come")

    async def close(self) -> None:
        await self._wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._wire.wait(5)


def console(user: Any, centre: Centre, **hello: Any) -> Socket:
    """A console's socket, not yet open. Database work: call it outside the event loop."""
    session = client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
    return Socket(
        "/ws/console/",
        f"{settings.SESSION_COOKIE_NAME}={session}",
        {"stream": "centre", "centre": centre.slug, "boot": "consoleboot", **hello},
    )


def run(work: Any) -> Any:
    """Run one coroutine in a fresh event loop."""
    return asyncio.run(work)
