"""Sockets of consoles and callers' pages: the real consumers, spoken to without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec

from dispatch.asgi import application
from dispatch.tests.machine.clocks import Loop
from dispatch.tests.machine.model import Model


class OutOfOrder(AssertionError):
    """The server promised entries in order, each once, and broke it."""


class Line:
    """One socket, from its handshake to its end. Feeds a model that outlives it."""

    def __init__(self, *, loop: Loop, path: str, cookie: str, model: Model) -> None:
        self.loop, self.model = loop, model
        #: Looks at each text before it is read, and raises at one that should not be said here.
        self.guard: Callable[[str], None] = lambda text: None
        self.other: list[dict[str, Any]] = []
        self.beats = 0
        self.closed = False
        #: Answers a heartbeat, as a caller's page does.
        self.answers = False
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [
                (b"origin", b"http://localhost"),
                (b"host", b"localhost"),
                (b"cookie", cookie.encode()),
            ],
            "subprotocols": [],
        }

    @property
    def alive(self) -> bool:
        """Joined, and not closed by either side."""
        return self.beats > 0 and not self.closed

    def open(self, hello: dict[str, Any]) -> None:
        """Connect, say hello with what the model knows, and wait for the answer or the refusal."""
        self._task = self.loop.create_task(application(self._scope, self._in.get, self._take))
        self._in.put_nowait({"type": "websocket.connect"})
        known: dict[str, Any] = {}
        if self.model.epoch is not None:
            known = {"epoch": self.model.epoch, "last_seq": self.model.seq}
        self.say({"t": "hello", **hello, **known})
        # The heartbeat that follows the answer says that the socket is wholly there.
        self.loop.wait(lambda: self.beats > 0 or self.closed, "an answer to hello")

    def say(self, message: dict[str, Any]) -> None:
        self._in.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def close(self) -> None:
        """The network or the page goes. Waits until the server is done with it."""
        self.closed = True
        task, self._task = self._task, None
        if task is not None:
            self._in.put_nowait({"type": "websocket.disconnect", "code": 1006})
            self.loop.wait(task.done, "the server to let go of a socket")
            task.result()

    async def _take(self, sent: dict[str, Any]) -> None:
        if sent["type"] == "websocket.close":
            self.closed = True
        elif sent["type"] == "websocket.send":
            try:
                self.guard(sent["text"])
                self._hear(msgspec.json.decode(sent["text"]))
            except Exception as problem:  # noqa: BLE001 (raised again where the machine waits)
                self.loop.trouble = problem

    def _hear(self, message: dict[str, Any]) -> None:
        kind = message["t"]
        if kind in ("ack", "bye"):
            self.other.append(message)
            return
        if kind == "entries":
            self._check_order(message["entries"])
        self.model.apply(message)
        if kind == "beat":
            self.beats += 1
            if self.answers and not self.closed:
                self.say({"t": "beat"})

    def _check_order(self, entries: list[dict[str, Any]]) -> None:
        seqs = [entry["seq"] for entry in entries]
        first = self.model.seq + 1
        if seqs != list(range(first, first + len(seqs))):
            raise OutOfOrder(f"after {first - 1} came {seqs}")
