"""One socket that comes back by itself for ever: static/src/shared/feed.ts in Python."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.chaos.model import Change, Message, Model

#: Seconds, as in feed.ts.
SILENCE, PATIENCE, FIRST_WAIT, LONGEST_WAIT, LOOK_EVERY = 5.0, 10.0, 0.5, 5.0, 0.5
#: How long a server that is being replaced may take, beyond what it asked for, in silence.
CALM = 2.5


@dataclass
class Wire:
    """Where a socket leads, and what its page says and hears."""

    url: str
    origin: str
    hello: dict[str, Any]
    cookie: Callable[[], str]
    #: Called before each attempt (0 is the first), so that a cookie can be renewed.
    before: Callable[[int], Awaitable[None]] | None = None
    #: Answer each heartbeat, so that the server knows that this page is alive.
    answers: bool = False
    jitter: bool = True
    on_changes: Callable[[list[Change]], None] = lambda changes: None
    on_ack: Callable[[Message], None] = lambda message: None
    on_status: Callable[[str], None] = lambda status: None


@dataclass
class Feed:
    """`status` is what a person reads: connecting, live, lost; `log`: since when (monotonic)."""

    wire: Wire
    model: Model = field(default_factory=Model)
    status: str = "connecting"
    log: list[tuple[float, str]] = field(default_factory=list)
    #: What the server said before it closed the socket for good.
    ended: str = ""
    #: Snapshots and farewells heard: how it came back.
    snapshots: int = 0
    byes: list[str] = field(default_factory=list)
    #: How often it was connected and answered, and after how long it was asked to come back (s).
    joined: int = 0
    afters: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket: ClientConnection | None = None
        self._attempt = 0
        self._answered = False
        self._after = self._calm = 0.0  # when to come back, until when that is nothing to speak of
        self._heard = self._lost_since = self._healed = -PATIENCE
        self._tasks: list[asyncio.Task[None]] = []
        self._now = asyncio.Event()  # try at once
        self._awake = asyncio.Event()
        self._awake.set()

    def start(self) -> None:
        self._lost_since = time.monotonic()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._look())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._drop()

    @property
    def live(self) -> bool:
        return self.status == "live"

    async def send(self, message: Message) -> bool:
        """True if it went out; whether it arrived only an answer can tell."""
        socket = self._socket
        if not self._answered or socket is None or not self.live:
            return False
        try:
            await socket.send(json.dumps(message))
        except (WebSocketException, OSError):
            return False
        return True

    def wake(self) -> None:
        """The network or the page is back, as browsers tell: try now."""
        self._awake.set()
        if self._socket is not None and time.monotonic() - self._heard < SILENCE / 2:
            return
        self._attempt = 0
        self._drop()
        self._now.set()

    def sleep(self) -> None:
        """The page stands still, its clock too; the socket stays."""
        self._awake.clear()

    async def _run(self) -> None:
        while not self.ended:
            self._now.clear()
            # Only an attempt that failed is waited for: all its errors mean the same.
            with contextlib.suppress(OSError, TimeoutError, WebSocketException, ValueError):
                await self._try()
            self._drop()
            self._trouble()
            wait = min(LONGEST_WAIT, FIRST_WAIT * 1.6 ** max(0, self._attempt - 1))
            if self.wire.jitter:
                wait *= 0.3 + 0.7 * random.random()
            wait, self._after = self._after or wait, 0.0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), wait)

    async def _try(self) -> None:
        attempt, self._attempt = self._attempt, self._attempt + 1
        self._answered = False
        begun = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            if self.wire.before is not None:
                await self.wire.before(attempt)
            self._socket = socket = await connect(
                self.wire.url,
                origin=self.wire.origin,  # type: ignore[arg-type]
                additional_headers={"Cookie": self.wire.cookie()},
                compression=None,
                ping_interval=None,
                open_timeout=None,
                close_timeout=0.2,
                max_size=None,
                proxy=None,
            )
            known = {"epoch": self.model.epoch, "last_seq": self.model.seq}
            hello = {**self.wire.hello, **(known if self.model.epoch else {}), "t": "hello"}
            await socket.send(json.dumps(hello))
        while self._socket is socket:
            patience = SILENCE if self._answered else PATIENCE - (time.monotonic() - begun)
            async with asyncio.timeout(max(patience, 0.1)):
                text = await socket.recv()
            await self._awake.wait()
            if self._socket is socket:
                await self._hear(json.loads(text))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            asleep = not self._awake.is_set()
            await self._awake.wait()
            if asleep:
                continue
            if time.monotonic() - self._lost_since > SILENCE:
                self._say("lost")
            elif self._calm and self._socket is None:
                self._trouble()

    async def _hear(self, message: Message) -> None:
        self._after = self._calm = 0.0  # when to come back, until when that is nothing to speak of
        self._heard = self._lost_since = time.monotonic()
        self.joined += not self._answered
        self._answered = True
        kind = message["t"]
        if kind == "ack":
            self.wire.on_ack(message)
        elif kind == "bye":
            self.byes.append(message["code"])
            if message.get("retry") and "after" in message:
                self._attempt, self._after = 0, message["after"] / 1000
                self.afters.append(self._after)
                self._calm = time.monotonic() + self._after + CALM
                self._drop()
            elif not message.get("retry"):
                self.ended = message["code"]
                self._say("lost")
                self._drop()
        elif kind in ("snapshot", "beat", "entries", "latest"):
            if kind in ("snapshot", "beat"):
                self._attempt = 0
                self.snapshots += kind == "snapshot"
            self._calm = 0.0
            self._say("live")
            if kind == "beat" and self.wire.answers:
                await self.send({"t": "beat"})
            self.wire.on_changes(self.model.apply(message))
            if self.model.gap:
                self._heal()

    def _trouble(self) -> None:
        if self.live and time.monotonic() >= self._calm:
            self._calm = 0.0
            self._say("connecting")

    def _heal(self) -> None:
        """Entries are missing: joining again with our last number brings them."""
        self.model.gap = False
        often = time.monotonic() - self._healed < SILENCE
        self._healed = time.monotonic()
        self._drop()
        if not often:
            self._now.set()

    def _drop(self) -> None:
        socket, self._socket = self._socket, None
        self._answered = False
        if socket is not None:
            socket.transport.abort()

    def _say(self, status: str) -> None:
        if status == self.status and self.log:
            return
        self.status = status
        self.log.append((time.monotonic(), status))
        self.wire.on_status(status)
