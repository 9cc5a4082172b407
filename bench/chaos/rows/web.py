"""Rows 1, 2, 16 and 17: the web processes."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import time
from dataclasses import dataclass

from bench.chaos.console import Console
from bench.chaos.ledger import Ledger
from bench.chaos.parts import cpu_seconds
from bench.chaos.row import Row, Stage
from bench.figures import percentile

#: Row 2: a frozen process is noticed by the client's own clock, 5 s after the last beat.
FROZEN, FROZEN_SHORT = 30.0, 8.0
STORM = 1_000
#: Seconds from a storm's beginning in which the database's transactions are counted.
WATCHED = 16.0


async def killed(stage: Stage) -> None:
    """Kill the busier web process in the middle of a broadcast, again and again."""
    ground = stage.ground
    await stage.people()
    kills = int(stage.choose(8, 1))
    end = time.monotonic() + stage.minutes * 60
    number = 0
    while number < kills or time.monotonic() < end:
        number += 1
        victim = ground.busiest()
        await asyncio.sleep(random.random())
        async with stage.fault(f"kill {number}"):
            await ground.kill(victim)
        await ground.until_ready(victim)
    stage.note(f"{number} kills")


async def frozen(stage: Stage) -> None:
    """Stop the busier web process where it stands, without closing anything."""
    ground = stage.ground
    load = await stage.people()
    victim = ground.busiest()
    frozen_for = stage.choose(FROZEN, FROZEN_SHORT)
    began = time.monotonic()

    async def thaw() -> None:
        await asyncio.sleep(frozen_for)
        ground.signal(victim, signal.SIGCONT)

    ground.signal(victim, signal.SIGSTOP)
    thawing = asyncio.create_task(thaw())
    try:
        async with stage.fault("frozen"):
            pass
    finally:
        await thawing
    stage.note(f"frozen for {frozen_for:.0f} s")
    thawed = time.monotonic()
    await asyncio.sleep(stage.choose(3, 1))  # what it had in hand comes late, and must do no harm
    slow = load.ledger.late(load.viewers, since=thawed, until=time.monotonic())
    stage.note(f"late after the thaw: {slow:.1f} s")
    assert time.monotonic() - began > frozen_for


async def deployed(stage: Stage) -> None:
    """A deploy in mid-call: each web process gets SIGTERM, goes, and a new one comes."""
    ground = stage.ground
    load = await stage.people()
    began = time.monotonic()
    feeds = [console.feed for console in load.consoles]
    feeds += [caller.feed for caller in load.callers if caller.feed]
    joined = {id(feed): feed.joined for feed in feeds}
    for name in ground.webs:
        part = ground.part(name)
        ground.held.add(name)
        async with stage.fault(f"deploy of {name}"):
            left = time.monotonic()
            await ground.do(part.stop)
            gone = time.monotonic() - left
            await ground.do(part.start)
            ground.held.discard(name)
        stage.note(
            f"gone after {gone:.1f} s, new one ready {await ground.until_ready(name):.1f} s on"
        )
    byes = [bye for feed in feeds for bye in feed.byes]
    afters = sorted(after for feed in feeds for after in feed.afters)
    stage.note(
        f"farewells heard by {len(feeds)} sockets: {len(byes)} {sorted(set(byes))}, to come back"
        f" after {afters[0]:.2f} to {afters[-1]:.2f} s"
        if afters
        else "no farewell was heard"
    )
    # Each was on one of the two, so each was told at least once, and whenever it went.
    untold = [
        feed.wire.hello["stream"]
        for feed in feeds
        if not feed.byes or feed.byes.count("restart") != feed.joined - joined[id(feed)]
    ]
    if untold:
        stage.outcome.fail(f"{len(untold)} sockets were cut off without “restart”: {untold[:4]}")
    if len(set(afters)) <= len(afters) / 2:
        stage.outcome.fail("sockets were asked to come back all at once, without jitter")
    lost = [at for feed in feeds for at, said in feed.log if said == "lost" and at > began]
    if lost or any("Connection lost" in line for line in stage.outcome.shown):
        stage.outcome.fail("a page said “Connection lost” during a deploy")


async def stormed(stage: Stage) -> None:
    """A thousand sockets lose their server in one moment and come back without jitter."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * STORM:
        stage.outcome.notes.append(f"few descriptors: {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8 * STORM)), hard))
    await stage.people()
    # What the rest of the system does meanwhile is not these sockets' doing.
    none = await _storm(stage, 0)
    few = await _storm(stage, STORM // 10)
    many = await _storm(stage, STORM)
    stage.outcome.heal = max(stage.outcome.heal, many.p99)
    limit = stage.outcome.row.limit
    if many.p99 > limit:
        stage.outcome.fail(f"p99 back after {many.p99:.1f} s (limit {limit:g} s)")
    # Flat: a socket costs the database the same, however many come at once.
    of_few = (few.transactions - none.transactions) / (STORM // 10)
    of_many = (many.transactions - none.transactions) / STORM
    stage.note(f"{of_many:.1f} transactions a socket, {of_few:.1f} with a tenth of them")
    if of_many > max(1.5 * of_few, 3.0):
        stage.outcome.fail(
            f"{of_many:.1f} transactions a socket, {of_few:.1f} with a tenth of them"
        )
    if not await stage.load.until_calm(20, since=time.monotonic()):
        stage.outcome.fail("not calm after the storm")


@dataclass(frozen=True)
class _Came:
    """p99 of coming back (s), and the database's transactions in the WATCHED seconds of it."""

    p99: float
    transactions: int


async def _storm(stage: Stage, count: int) -> _Came:
    ground = stage.ground
    ledger = Ledger()
    crowd = [Console(ground.staff, name=f"s{n}", ledger=ledger, jitter=False) for n in range(count)]
    try:
        for first in range(0, count, 100):
            for console in crowd[first : first + 100]:
                console.feed.start()
            await _until_live(crowd[: first + 100], 60)
        await asyncio.sleep(3)
        before, at = await ground.do(lambda: _transactions(stage)), time.monotonic()
        marks = {console.name: len(console.feed.log) for console in crowd}
        spent = cpu_seconds(os.getpid())
        # Both at once: nobody is spared.
        for name in ground.webs:
            ground.held.add(name)
        for name in ground.webs:
            await ground.kill(name)
        for name in ground.webs:
            ground.held.discard(name)
            await ground.do(ground.part(name).start)
        up = max([await ground.until_ready(name) for name in ground.webs])
        ready = time.monotonic()
        await _until_live(crowd, 60)
        spent = cpu_seconds(os.getpid()) - spent
        webs = sum(cpu_seconds(pid) for name in ground.webs if (pid := ground.part(name).pid))
        await asyncio.sleep(max(0.0, at + WATCHED - time.monotonic()))
        transactions = await ground.do(lambda: _transactions(stage)) - before
        back = []
        for console in crowd:
            log = console.feed.log[marks[console.name] :]
            came = [when for when, status in log if status == "live"]
            back.append((came[-1] if came else time.monotonic()) - ready)
        p50, p99 = (max(0.0, percentile(back, part)) if back else 0.0 for part in (0.5, 0.99))
        stage.note(
            f"{count} sockets: p50 {p50:.1f} s, p99 {p99:.1f} s after the server was up"
            f" ({up:.1f} s); processor: servers {webs:.1f} s since they began, these clients"
            f" {spent:.1f} s"
        )
        return _Came(p99, transactions)
    finally:
        await asyncio.gather(*(console.feed.stop() for console in crowd))


async def _until_live(crowd: list[Console], within: float) -> None:
    end = time.monotonic() + within
    while not all(console.feed.live for console in crowd) and time.monotonic() < end:
        await asyncio.sleep(0.1)


def _transactions(stage: Stage) -> int:
    sql = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'sightline';"
    return int(stage.ground.database.ask(sql)[-1])


ROWS = [
    Row("1", "web process killed", "after the kill", 2.0, killed),
    Row("2", "web process frozen", "after it froze", 8.0, frozen, screen=True),
    Row("16", "deploy in mid-call", "after SIGTERM", 5.0, deployed, screen=True),
    Row(
        "17",
        "reconnect storm, 1,000 sockets",
        "p99 after the server is up",
        5.0,
        stormed,
        callers=4,
        consoles=2,
        longest=240,
    ),
]
