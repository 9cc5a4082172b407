"""Rows 3 to 6: Redis and PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable

import psycopg

from bench.chaos.caller import Caller
from bench.chaos.ground import Plan
from bench.chaos.people import Refused, Staff
from bench.chaos.row import Row, Stage

#: Without Redis a message comes with the next heartbeat: at most this late (fault matrix, row 3).
LATE = 5.0
#: A text is looked for each second by the workers themselves.
TEXT_WITHIN = 3.0
#: What people wait for at most before they are told that something does not work.
ANSWER_WITHIN = 5.0
END_OWN = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = 'sightline';"""


async def redis_killed(stage: Stage) -> None:
    """Away for a moment, for seconds, for half a minute; empty when it is back."""
    ground = stage.ground
    await stage.people()
    for away in (2.0,) if stage.short else (0.3, 2.0, 30.0):
        began = time.monotonic()
        async with stage.fault(f"away {away:g} s", from_end=True):
            ground.held.add("redis")
            await ground.kill("redis")
            if away >= 2:
                await _new_call(stage, f"away {away:g} s", text=away > TEXT_WITHIN)
            await asyncio.sleep(max(0.0, began + away - time.monotonic()))
            ground.held.discard("redis")
            await ground.do(ground.part("redis").start)
            await ground.until_ready("redis")
        await stage.until_late_at_most(f"away {away:g} s", LATE, began)


async def redis_in_trouble(stage: Stage) -> None:
    """Full, read-only, standing still, slow."""
    ground, hold = stage.ground, stage.choose(8, 3)

    async def full() -> None:
        await ground.redis_says("CONFIG", "SET", "maxmemory", "1")

    async def room() -> None:
        await ground.redis_says("CONFIG", "SET", "maxmemory", "0")

    async def reads() -> None:
        await ground.redis_says("REPLICAOF", "127.0.0.1", "1")

    async def writes() -> None:
        await ground.redis_says("REPLICAOF", "NO", "ONE")

    async def pauses() -> None:
        await ground.redis_says("CLIENT", "PAUSE", str(int(hold * 1000)), "ALL")

    async def goes_on() -> None:
        await asyncio.sleep(0)

    async def slow() -> None:
        ground.proxies["redis"].slow(0.2)

    async def quick() -> None:
        ground.proxies["redis"].heal()

    cases: list[tuple[str, Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]] = [
        ("full", full, room),
        ("read-only", reads, writes),
        ("paused", pauses, goes_on),
        ("200 ms each way", slow, quick),
    ]
    await stage.people()
    for name, break_it, mend in cases:
        began = time.monotonic()
        async with stage.fault(name, from_end=True):
            try:
                await break_it()
                await _new_call(stage, name, text=False)
                await _sign_in(stage, name)
                await asyncio.sleep(max(0.0, began + hold - time.monotonic()))
            finally:
                await mend()
        await stage.until_late_at_most(name, LATE, began)


async def postgres_restarted(stage: Stage) -> None:
    """An immediate restart, as after a crash; then all its sessions ended at once, three times."""
    ground = stage.ground
    await stage.people()
    async with stage.fault("immediate restart", from_end=True):
        ground.held.add("postgres")
        # What `pg_ctl restart -m immediate` sends; whoever keeps the parts starts it again.
        ground.signal("postgres", signal.SIGQUIT)
        gone = time.monotonic()
        while ground.part("postgres").alive:
            await asyncio.sleep(0.02)
        ground.held.discard("postgres")
        await asyncio.sleep(0.3)
        await ground.until_ready("postgres")
        stage.note(f"away {time.monotonic() - gone:.1f} s")
    for number in range(int(stage.choose(3, 0))):
        async with stage.fault(f"sessions ended {number + 1}"):
            ended = await ground.do(
                lambda: ground.database.ask(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE usename = 'sightline';"
                )
            )
            stage.note(f"{ended[-1]} sessions")


async def postgres_in_trouble(stage: Stage) -> None:
    """No session left; a table locked; no room on its disk."""
    hold = stage.choose(8, 3)
    await stage.people()

    async def beset(name: str, fault: contextlib.AbstractAsyncContextManager[None]) -> None:
        async with stage.fault(name, from_end=True):
            async with fault:
                answers = asyncio.create_task(_answers(stage, hold))
                await asyncio.sleep(hold)
                worst, codes = await answers
            stage.note(f"{name}: slowest answer {worst:.1f} s, {codes}")
            if worst > ANSWER_WITHIN:
                stage.outcome.fail(f"{name}: people waited {worst:.1f} s for an answer")

    await beset("no session left", _no_sessions(stage))
    await beset("calls locked", _locked(stage, "calls_call"))
    await beset("disk full", _full_disk(stage))


@contextlib.asynccontextmanager
async def _no_sessions(stage: Stage):  # type: ignore[no-untyped-def]
    """What it has is ended, and it gets no more: the server's error is that of a full house."""

    def ask(*lines: str) -> None:
        stage.ground.database.ask("\n".join(lines))

    try:
        limit = "ALTER ROLE sightline CONNECTION LIMIT 0;"
        await stage.ground.do(lambda: ask(limit, END_OWN))
        yield
    finally:
        await stage.ground.do(lambda: ask("ALTER ROLE sightline CONNECTION LIMIT -1;"))


@contextlib.asynccontextmanager
async def _locked(stage: Stage, table: str):  # type: ignore[no-untyped-def]
    connection = await psycopg.AsyncConnection.connect(_address(stage))
    try:
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _full_disk(stage: Stage):  # type: ignore[no-untyped-def]
    filler = stage.ground.database.home / "filler"

    def fill() -> None:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as out:
            while True:
                out.write(b"\0" * 65_536)

    try:
        await asyncio.to_thread(fill)
        yield
    finally:
        filler.unlink(missing_ok=True)


def _address(stage: Stage) -> str:
    url = stage.ground.direct["postgres"].replace("postgis://", "postgresql://")
    return f"{url}?application_name=chaos"


async def _answers(stage: Stage, seconds: float) -> tuple[float, dict[str, int]]:
    """Ask for the board again and again: the slowest answer, and how many of each kind."""
    end, worst = time.monotonic() + seconds, 0.0
    codes: dict[str, int] = {}
    while time.monotonic() < end:
        asked = time.monotonic()
        try:
            await stage.ground.staff.api("calls/?state=open", patience=15)
            code = "200"
        except Refused as why:
            code = f"{why.status or 'none'} {why.code}"
        worst = max(worst, time.monotonic() - asked)
        codes[code] = codes.get(code, 0) + 1
        await asyncio.sleep(0.2)
    return worst, codes


async def _new_call(stage: Stage, name: str, *, text: bool) -> None:
    """What must go on: a link sent, opened and tapped, and a fix stored; each in time."""
    ground, load = stage.ground, stage.load
    began = time.monotonic()
    try:
        call = await load.staff.open_call()
        link = await load.staff.link(call)
        caller = Caller(
            ground.http, ground.origin, name=f"new {call}", call=call, ledger=load.ledger
        )
        load.callers.append(caller)
        await caller.open(link)
        await caller.tap()
    except Refused as why:
        stage.outcome.fail(f"{name}: a new caller did not get in ({why})")
        return
    tapped = time.monotonic() - began
    item = caller.move()
    while item.acked is None and time.monotonic() - began < 2 * ANSWER_WITHIN:
        await asyncio.sleep(0.02)
    stored = time.monotonic() - began
    stage.note(f"{name}: link to tap {tapped:.1f} s, first fix {stored:.1f} s")
    if item.acked is None or stored > ANSWER_WITHIN:
        stage.outcome.fail(f"{name}: link, tap and fix took {stored:.1f} s")
    if text:
        await _text(stage, name, call, began)


async def _text(stage: Stage, name: str, call: str, began: float) -> None:
    while time.monotonic() - began < 10:
        with contextlib.suppress(Refused):
            found = await stage.load.staff.api(f"calls/{call}/")
            if found["texts"] and found["texts"][0]["state"] == "delivered":
                took = time.monotonic() - began
                stage.note(f"{name}: text {took:.1f} s")
                if took > TEXT_WITHIN:
                    stage.outcome.fail(f"{name}: the text took {took:.1f} s")
                return
        await asyncio.sleep(0.1)
    stage.outcome.fail(f"{name}: no text went out in 10 s")


async def _sign_in(stage: Stage, name: str) -> None:
    """A dispatcher whose shift begins now."""
    ground = stage.ground
    account = ground.stack.passwords["dispatcher"]
    other = Staff(
        ground.http,
        ground.origin,
        email=str(account["email"]),
        password=str(account["password"]),
        centre="demo",
    )
    try:
        await other.sign_in()
    except (Refused, AssertionError) as why:
        stage.outcome.fail(f"{name}: nobody can sign in ({why})")


ROWS = [
    Row("3", "Redis killed, empty on return", "after it is back", 5.0, redis_killed, screen=True),
    Row(
        "4",
        "Redis full, read-only, paused, slow",
        "after its end",
        5.0,
        redis_in_trouble,
        Plan(through=("redis",)),
    ),
    Row("5", "PostgreSQL restarted", "after it is back", 5.0, postgres_restarted, screen=True),
    Row(
        "6",
        "no session, lock, disk full",
        "after its end",
        10.0,
        postgres_in_trouble,
        Plan(
            postgres={
                "min_wal_size": "32MB",
                "max_wal_size": "64MB",
                "wal_recycle": "off",
            },
            memory_mb=420,
            env={"DATABASE_POOL": "8"},
        ),
    ),
]
