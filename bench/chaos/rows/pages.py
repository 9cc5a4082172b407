"""Rows 13 and 14: the caller's network, and consoles that sleep or do not read."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from typing import Any

from websockets.asyncio.client import connect

from bench.chaos.caller import Caller
from bench.chaos.parts import resident_mb
from bench.chaos.people import ask
from bench.chaos.proxy import Proxy
from bench.chaos.row import Row, Stage

#: The matrix says 60 s and ten minutes; what is shown does not depend on the length, for the page
#: gives up nothing in between, and the socket's silence is noticed after 4.4 s.
OFFLINE, ASLEEP = 15.0, 20.0
#: What a console that never reads may cost the server's process, MB.
GROWTH = 40.0
#: What a page that floods may: each thread that reads a long post keeps the room for the next, so
#: it grows at first; what grows on and on is a leak.
WORKING = 80.0


async def caller_away(stage: Stage) -> None:
    """Callers offline, then with another address, then loading the page again."""
    ground = stage.ground
    relay = Proxy(ground.stack.ports["web"])
    try:
        load = await stage.people(callers_at=f"http://127.0.0.1:{relay.port}")
        async with stage.fault("offline", from_end=True):
            relay.silence()
            await asyncio.sleep(stage.choose(OFFLINE, 6))
            waited = max(caller.waiting for caller in load.callers)
            # What stood in the dead connections never arrives.
            relay.refuse()
            relay.heal()
            for caller in load.callers:
                caller.network_is_back()
        stage.note(f"up to {waited} items waited on a phone")
        async with stage.fault("another address"):
            relay.cut()
            for caller in load.callers:
                caller.network_is_back()
        async with stage.fault("reload"):
            for caller in load.callers:
                caller.write()
            await asyncio.gather(*(caller.reload() for caller in load.callers))
        await stage.judge()
    finally:
        relay.close()


async def console_away(stage: Stage) -> None:
    """A console asleep, and one that never reads what it is sent; the others go on."""
    load = await stage.people()
    began = time.monotonic()
    sleeper = load.consoles[0]
    awake = load.viewers - {sleeper.name}
    async with stage.fault("asleep", from_end=True):
        sleeper.feed.sleep()
        await asyncio.sleep(stage.choose(ASLEEP, 7))
        sleeper.feed.wake()
    slow = load.ledger.slowest(awake, since=began)
    if slow > 2:
        stage.outcome.fail(f"others waited {slow:.1f} s while one console slept")
    await _unread(stage)
    await _flood(stage)


async def _flood(stage: Stage) -> None:
    """A page that sends as fast as it is answered, far beyond its due, words and fixes."""
    ground, load = stage.ground, stage.load
    caller = await load.call_in(len(load.callers))  # none of those that are judged
    pids = [pid for name in ground.webs if (pid := ground.part(name).pid)]
    before = [resident_mb(pid) for pid in pids]
    halves: list[float] = []
    taken = refused = 0
    async with stage.fault("flooding page"):
        began = time.monotonic()
        lasts = stage.choose(12, 3)
        while (passed := time.monotonic() - began) < lasts:
            if not halves and passed > lasts / 2:
                halves = [resident_mb(pid) for pid in pids]
            for receipt in await asyncio.gather(*(_pour(caller) for _ in range(4))):
                taken += len(receipt["acked"])
                refused += len(receipt["refused"])
        slow = load.ledger.slowest(load.viewers, since=began)
    await caller.close()
    await load.staff.api(f"calls/{caller.call}/close/", {})
    after = [resident_mb(pid) for pid in pids]
    grown = max(now - was for now, was in zip(after, before, strict=True))
    later = max(now - was for now, was in zip(after, halves, strict=True))
    stage.note(
        f"flooding page: {taken + refused} items, {refused} refused; the server grew by"
        f" {grown:.0f} MB, of these {later:.0f} MB in the second half; others waited {slow:.1f} s"
        " at most"
    )
    if not refused:
        stage.outcome.fail("a page that flooded was refused nothing")
    if grown > WORKING or later > GROWTH / 2:
        stage.outcome.fail(
            f"a flooding page made the server grow by {grown:.0f} MB, {later:.0f} MB of these in"
            f" the second half (limits {WORKING:.0f} and {GROWTH / 2:.0f} MB)"
        )
    if slow > 2:
        stage.outcome.fail(f"others waited {slow:.1f} s while one page flooded")


async def _pour(caller: Caller) -> dict[str, Any]:
    """One post with as much as it may hold, by a page of its own."""
    now = time.time() * 1000
    place = {"lat": 41.3, "lon": -72.9, "accuracy": 12.0, "at": now, "sent_at": now}
    items = [{"kind": "fix", **place} for _ in range(400)]
    items += [{"kind": "chat", "text": "x" * 1_000} for _ in range(100)]
    body = {
        "boot": uuid.uuid4().hex,
        "items": [{**item, "client_seq": number + 1} for number, item in enumerate(items)],
    }
    answer, _ = await ask(
        caller.http,
        f"{caller.origin}/s/{caller.session}/items",
        body,
        headers=caller.headers(),
    )
    found: dict[str, Any] = answer
    return found


async def _unread(stage: Stage) -> None:
    """A socket that is never read, while much is said."""
    ground, load = stage.ground, stage.load
    pids = [pid for name in ground.webs if (pid := ground.part(name).pid)]
    before = [resident_mb(pid) for pid in pids]
    deaf = await _deaf_socket(stage)
    try:
        async with stage.fault("never read", from_end=True):
            began = time.monotonic()
            said = 0
            while time.monotonic() - began < stage.choose(20, 4):
                texts = [uuid.uuid4().hex * 60 for _ in range(8)]
                call = load.callers[said % len(load.callers)].call
                await asyncio.gather(
                    *(load.staff.write(call, text, uuid.uuid4()) for text in texts)
                )
                said += len(texts)
    finally:
        deaf.transport.abort()
    grown = max(resident_mb(pid) - was for pid, was in zip(pids, before, strict=True))
    stage.note(f"{said} messages of 2 kB unread, the server grew by {grown:.0f} MB")
    if grown > GROWTH:
        stage.outcome.fail(f"the server grew by {grown:.0f} MB (limit {GROWTH:.0f} MB)")


async def _deaf_socket(stage: Stage):  # type: ignore[no-untyped-def]
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    own.setblocking(False)
    await asyncio.get_running_loop().sock_connect(
        own, ("127.0.0.1", stage.ground.stack.ports["web"])
    )
    staff = stage.ground.staff
    deaf = await connect(
        f"{staff.origin.replace('http', 'ws', 1)}/ws/console/",
        sock=own,
        origin=staff.origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": staff.cookies},
        compression=None,
        ping_interval=None,
        max_queue=1,
        proxy=None,
    )
    hello = {"t": "hello", "stream": "centre", "centre": staff.centre, "boot": uuid.uuid4().hex}
    await deaf.send(json.dumps(hello))
    return deaf


ROWS = [
    Row("13", "callers offline, new address, reload", "after its end", 7.0, caller_away),
    Row("14", "console asleep, console that never reads", "after its end", 5.0, console_away),
]
