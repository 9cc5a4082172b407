"""No request may make the server keep more than a small body, whatever it says of its length.

Django reads a body to its end, into a file where it is long, before any view can refuse it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from django.conf import settings

from dispatch.errors import DomainError

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _TooLong(Exception):
    """More of the body has come than is taken."""


class BodyLimit:
    """An ASGI application that answers 413 to a body over DATA_UPLOAD_MAX_MEMORY_SIZE."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if _announced(scope) > limit:
            await _refuse(send)
            return
        taken = 0
        answered = False

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _TooLong
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        with contextlib.suppress(_TooLong):
            await self._app(scope, bounded, watched)
            return
        if not answered:
            await _refuse(send)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(send: Send) -> None:
    said = DomainError("This is too large to send.", code="too_long", status=413)
    body = msgspec.json.encode(said.as_body())
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # What is still on its way is not waited for.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": said.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
