"""The base of every feed socket: hello, catch-up, then entries in order and heartbeats."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from channels.generic.websocket import AsyncWebsocketConsumer

from dispatch.errors import DomainError
from dispatch.feed import replay
from dispatch.feed.bus import bus
from dispatch.feed.threads import in_thread
from dispatch.feed.wire import lenient

log = structlog.get_logger(__name__)

#: Largest text frame a client may send, in bytes.
FRAME_LIMIT = 64_000
#: Messages a slow reader may leave waiting before it is sent away to catch up afresh.
INBOX_LIMIT = 1_000


@dataclass(frozen=True)
class Audience:
    """Which stream a socket reads, and how to catch up on it.

    `catch_up(epoch, last_seq)` runs in a thread and opens its own snapshot scope.
    """

    stream: str
    catch_up: Callable[[str | None, int | None], dict[str, Any]]


class Hello(msgspec.Struct):
    """The first message of a client."""

    stream: str
    boot: str = ""
    centre: str = ""
    epoch: str | None = None
    last_seq: int | None = None


class FeedSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A socket on one stream. Subclasses say who may listen (`admit`) and handle `on_message`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audience: Audience | None = None
        self.hello: Hello | None = None
        self._seq = 0
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=INBOX_LIMIT)
        self._writer: asyncio.Task[None] | None = None
        self._overflowed = False

    def admit(self, hello: Hello) -> Audience:
        """Decide, in a thread, what this client may listen to. Raises DomainError."""
        raise NotImplementedError

    async def on_message(self, message: dict[str, Any]) -> None:
        """Handle a client's message other than hello."""
        raise DomainError("This message is not understood.", code="bad_message")

    async def connect(self) -> None:
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self._writer is not None:
            self._writer.cancel()
        if self.audience is not None:
            await bus().leave(self.audience.stream, self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            if text_data is None or len(text_data) > FRAME_LIMIT:
                raise DomainError("This message is too large.", code="too_long")
            try:
                message = lenient(text_data, dict[str, Any])
                hello = msgspec.convert(message, Hello) if message.get("t") == "hello" else None
            except msgspec.MsgspecError as problem:
                raise DomainError(
                    "This message is not understood.", code="bad_message"
                ) from problem
            if hello is not None:
                await self._greet(hello)
            elif self.audience is None:
                raise DomainError("Say hello first.", code="bad_message")
            else:
                await self.on_message(message)
        except DomainError as refusal:
            await self.bye(refusal.code, refusal.message)

    async def _greet(self, hello: Hello) -> None:
        if self.audience is not None:
            raise DomainError("Hello was said already.", code="bad_message")
        audience = await in_thread(self.admit, hello)
        self.audience, self.hello = audience, hello
        # Subscribe first, then read: what happens in between waits in the inbox.
        await bus().join(audience.stream, self)
        answer = await in_thread(audience.catch_up, hello.epoch, hello.last_seq)
        self._seq = answer["seq"]
        await self.reply(answer)
        await self.reply({"t": "beat", "seq": self._seq, "now": replay.now(), "latest": []})
        self._writer = asyncio.create_task(self._write())
        await self.greeted()

    async def greeted(self) -> None:
        """Called once the client has caught up."""

    async def delivered(self, entries: list[dict[str, Any]]) -> None:
        """Called after entries were sent."""

    def offer(self, message: dict[str, Any]) -> None:
        """Take a message from the bus; a reader too slow to keep up must start afresh."""
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            self._overflowed = True

    async def _write(self) -> None:
        try:
            while True:
                message = await self._inbox.get()
                if self._overflowed:
                    await self.bye("too_slow", "Starting afresh.", retry=True)
                    return
                if message["t"] == "entries":
                    await self._deliver(message["entries"])
                else:
                    if message["t"] == "beat" and message["seq"] > self._seq:
                        await self._heal()
                    await self.reply(message)
        except Exception:
            log.exception("feed_socket_failed")
            with contextlib.suppress(Exception):
                await self.bye("interrupted", "Connecting again.", retry=True)

    async def _deliver(self, entries: list[dict[str, Any]]) -> None:
        """Send entries in order; already sent ones are dropped, missing ones are read."""
        if entries[0]["seq"] > self._seq + 1:
            await self._heal()
        fresh = [entry for entry in entries if entry["seq"] > self._seq]
        if fresh:
            self._seq = fresh[-1]["seq"]
            await self.reply({"t": "entries", "entries": fresh})
            await self.delivered(fresh)

    async def _heal(self) -> None:
        if self.audience is None:
            return
        missed = await in_thread(replay.entries_after, self.audience.stream, self._seq)
        if missed:
            self._seq = missed[-1]["seq"]
            await self.reply({"t": "entries", "entries": missed})
            await self.delivered(missed)

    async def reply(self, message: dict[str, Any]) -> None:
        """Send one message to this client."""
        await self.send(text_data=msgspec.json.encode(message).decode())

    async def bye(self, code: str, message: str, *, retry: bool = False) -> None:
        """Say why, and close."""
        await self.reply({"t": "bye", "code": code, "message": message, "retry": retry})
        await self.close(code=4000)
