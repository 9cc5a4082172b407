"""Web processes that end, and readers that do not read: real processes, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from dispatch.calls import chat
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.console import snapshot
from dispatch.feed import outlet, publish, replay
from dispatch.feed.tests.model import Model
from dispatch.tests import factories
from dispatch.tests.served import (
    Served,
    console_cookie,
    console_hello,
    deaf,
    growth,
    hear,
    say,
    until,
)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as found:
        yield found


@pytest.fixture
def call() -> Call:
    return factories.call(centre=factories.centre())


class Page:
    """A console that comes back by itself, as static/src/shared/feed.ts does."""

    def __init__(self, web: Served, call: Call, cookie: str) -> None:
        self.web, self.call, self.cookie = web, call, cookie
        self.model = Model()
        self.byes: list[dict[str, Any]] = []
        self.codes: list[int | None] = []
        self.answers: list[str] = []  # to each hello
        self.silences: list[float] = []  # seconds without a word
        self._heard = 0.0

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, ConnectionClosed):
                await self._once()
            after = self.byes[-1]["after"] / 1000 if self.byes else 0.3
            await asyncio.sleep(after)

    async def _once(self) -> None:
        async with self.web.connect("/ws/console/", self.cookie) as wire:
            known = (
                {"epoch": self.model.epoch, "last_seq": self.model.seq} if self.model.epoch else {}
            )
            await say(wire, console_hello(self.call.centre, **known))
            try:
                self.answers.append((await self._hear(wire))["t"])
                while True:
                    await self._hear(wire)
            finally:
                self.codes.append(wire.close_code)

    async def _hear(self, wire: ClientConnection) -> dict[str, Any]:
        message = await hear(wire)
        now = time.monotonic()
        if self._heard:
            self.silences.append(now - self._heard)
        self._heard = now
        self.model.apply(message)  # asserts that there is no gap
        if message["t"] == "bye":
            self.byes.append(message)
        return message


def write(call: Call) -> None:
    with scope(call.centre):
        chat.post(call, text="on the way", key=str(uuid.uuid4()), user=call.owner)


def test_a_restart_loses_nothing_and_is_over_in_a_moment(web: Served, call: Call) -> None:
    old = web.process
    cookie = console_cookie(call.owner)
    pages = [Page(web, call, cookie) for _ in range(8)]
    stop = asyncio.Event()

    async def write_on() -> None:
        while not stop.is_set():
            await asyncio.to_thread(write, call)
            await asyncio.sleep(random.uniform(0, 0.05))

    async def work() -> float:
        running = [asyncio.create_task(page.run()) for page in pages]
        writing = asyncio.create_task(write_on())
        await until(lambda: all(len(page.model.seen) > 5 for page in pages))
        await asyncio.to_thread(web.start)
        began = time.monotonic()
        old.send_signal(signal.SIGTERM)
        await asyncio.to_thread(old.wait, 10)
        took = time.monotonic() - began
        await until(lambda: all(len(page.answers) == 2 for page in pages))
        await asyncio.sleep(0.5)
        stop.set()
        await writing
        head = await asyncio.to_thread(replay.head, call.centre.stream)
        await until(lambda: all(page.model.seq == head for page in pages))
        for task in running:
            task.cancel()
        return took

    took = asyncio.run(work())
    # 2 s is what uvicorn gives to who does not answer the goodbye; here all do.
    assert took < 2
    with scope(call.centre, snapshot=True):
        fresh = Model()
        fresh.apply(replay.snapshot(call.centre.stream, snapshot.items()))
    for page in pages:
        (bye,) = page.byes
        assert (bye["code"], bye["retry"]) == ("restart", True)
        assert page.codes[0] == 1012
        assert page.answers == ["snapshot", "entries"]  # it went on where it was
        assert page.model.items == fresh.items
        # A page says "connection lost" after 5 s.
        assert max(page.silences) < 5
    assert len({page.byes[0]["after"] for page in pages}) > 1, "they all come back at once"
    assert "Traceback" not in web.said()


FLOOD = 3_000
LUMP = "x" * 40_000  # bytes in each value: 120 MB in all, for each console


def test_consoles_that_never_read_cost_bounded_memory_and_nobody_else(
    web: Served, call: Call
) -> None:
    cookie, hello = console_cookie(call.owner), console_hello(call.centre)
    stream = call.centre.stream

    def flood(first: int, count: int) -> None:
        for number in range(first, first + count):
            value = {"key": f"lump:{number}", "version": 1, "body": {"x": LUMP}}
            publish.latest(stream, [value])
            if number % 20 == 0:
                time.sleep(0.02)  # the reader, in this same process, has to keep up

    async def work() -> float:
        seen = 0
        async with web.connect("/ws/console/", cookie) as wire:
            await say(wire, hello)
            await hear(wire)
            quiet = [await asyncio.to_thread(deaf, web.port, cookie, hello) for _ in range(5)]
            await asyncio.to_thread(flood, 0, 100)  # what it needs anyhow
            while seen < 100:
                seen += sum("lump" in one["key"] for one in (await hear(wire)).get("latest", ()))
            with growth(web.process.pid) as grown:
                flooding = asyncio.create_task(asyncio.to_thread(flood, 100, FLOOD))
                async with asyncio.timeout(60):
                    while seen < 100 + FLOOD:
                        message = await hear(wire)
                        assert message["t"] in ("latest", "beat")
                        seen += sum("lump" in one["key"] for one in message.get("latest", ()))
                await flooding
            # One of them reads again: it is told all afresh, on the same connection.
            kinds = await asyncio.to_thread(kinds_heard, quiet[0])
            assert kinds.count("snapshot") == 2
            for one in quiet:
                one.close()
        return grown[0]

    grown = asyncio.run(work())
    # Five that do not read may keep 5 x (waiting + write buffer), shared by all of them in part.
    assert grown < 5 * (outlet.WAITING_BYTES + 200_000) / 1e6 + 10
    assert "Traceback" not in web.said()


def kinds_heard(connection: socket.socket) -> list[str]:
    """Read on until the second snapshot is there."""
    connection.settimeout(10)
    raw = b""
    while raw.count(b'"t":"snapshot"') < 2:
        more = connection.recv(1 << 20)
        assert more, "it was closed"
        raw += more
    return ["snapshot"] * raw.count(b'"t":"snapshot"')


async def gone(wire: ClientConnection, order: int) -> None:
    await asyncio.sleep(0.005 * order)
    wire.transport.abort()


def test_a_page_that_goes_while_it_is_written_to_is_no_error(web: Served, call: Call) -> None:
    cookie, hello = console_cookie(call.owner), console_hello(call.centre)

    async def work() -> None:
        for _ in range(5):
            wires = [web.connect("/ws/console/", cookie) for _ in range(4)]
            opened = [await wire for wire in wires]
            for wire in opened:
                await say(wire, hello)
                await hear(wire)
            writing = [asyncio.to_thread(write, call) for _ in range(9)]
            await asyncio.gather(
                *writing, *(gone(wire, order) for order, wire in enumerate(opened))
            )
        # It still serves.
        async with web.connect("/ws/console/", cookie) as wire:
            await say(wire, hello)
            assert (await hear(wire))["t"] == "snapshot"

    asyncio.run(work())
    assert "feed_socket_failed" not in web.said()
    assert "Traceback" not in web.said()
