"""Connections that say nothing, read nothing or answer nothing are ended, not kept."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect

from dispatch.asgi import application
from dispatch.calls.models import Call
from dispatch.feed import counters, outlet, publish
from dispatch.feed import socket as feed_socket
from dispatch.feed.server import Protocol
from dispatch.tests import factories
from dispatch.tests.served import console_cookie, console_hello, deaf, hear, until

LUMP = "x" * 50_000


@pytest.fixture
def call() -> Call:
    return factories.call(centre=factories.centre())


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[int]:
    """Our sockets behind uvicorn, in this process; its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        ws=Protocol,
        lifespan="off",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
        log_config=None,
        **options,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await running


def consoles() -> int:
    return counters.sockets().get("centre", 0)


def test_who_does_not_say_hello_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_socket, "HELLO_WITHIN_S", 0.2)

    async def work() -> None:
        origin: Any = "http://localhost"
        async with serving() as port:
            place = f"ws://localhost:{port}/ws/console/"
            async with connect(place, origin=origin) as wire, asyncio.timeout(5):
                bye = await hear(wire)
                assert (bye["t"], bye["code"]) == ("bye", "bad_message")
                await wire.wait_closed()
                assert wire.close_code == 4000

    asyncio.run(work())


async def ended(call: Call, port: int, *, flood: bool) -> float:
    """Seconds that a console which reads nothing is kept."""
    before = consoles()
    cookie = await asyncio.to_thread(console_cookie, call.owner)
    quiet = await asyncio.to_thread(deaf, port, cookie, console_hello(call.centre))
    await until(lambda: consoles() == before + 1)
    began = time.monotonic()
    for number in range(100 if flood else 0):
        value = {"key": f"lump:{number}", "version": 1, "body": {"x": LUMP}}
        await asyncio.to_thread(publish.latest, call.centre.stream, [value])
    await until(lambda: consoles() == before)
    quiet.close()
    return time.monotonic() - began


def test_who_reads_nothing_is_cut_off_in_the_end(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "STUCK_AFTER_S", 1.0)

    async def work() -> float:
        async with serving() as port:
            return await ended(call, port, flood=True)

    assert 1.0 <= asyncio.run(work()) < 8


@pytest.mark.parametrize("flood", [True, False])
def test_who_answers_no_ping_is_cut_off(call: Call, flood: bool) -> None:
    async def work() -> float:
        async with serving(ws_ping_interval=0.5, ws_ping_timeout=0.5) as port:
            return await ended(call, port, flood=flood)

    assert asyncio.run(work()) < 8
