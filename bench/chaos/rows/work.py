"""Rows 7 and 8: the worker and beat."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import random
import sys
import time

from bench.chaos.ground import Plan
from bench.chaos.parts import SecondBeat
from bench.chaos.people import Refused
from bench.chaos.row import Row, Stage
from scripts.sightline.paths import ROOT

#: States in which a text may stay: it arrived, or the dispatcher is told that it may not have.
SETTLED = {"delivered", "accepted", "failed", "unknown"}
#: A worker's claim lapses, and its text is told as unknown, after 30 s (dispatch.outbox.carry).
LAPSE = 30.0
TEXT_WITHIN = 3.0
#: A canary shows a deaf worker (fault matrix, row 8); and one that hears again: two seconds
#: between its tries, four between its canaries, two to the heartbeat, and ten that a connection
#: which was silent is believed in.
CANARY_WITHIN, HEARS_WITHIN = 30.0, 20.0


async def worker_killed(stage: Stage) -> None:
    """Kill the worker at any moment while texts go out; then at every crash point there is."""
    ground = stage.ground
    load = await stage.people()
    for number in range(int(stage.choose(4, 1))):
        calls = []
        async with stage.fault(f"kill {number + 1}"):
            calls = [await load.staff.open_call() for _ in range(3)]
            await asyncio.sleep(random.random() * 0.05)
            await ground.kill("worker")
        back = await ground.until_ready("worker")
        took, states = await _settled(stage, calls, LAPSE + 15)
        stage.note(f"texts {states} {took:.1f} s after the worker was back ({back:.1f} s)")
    if not stage.short:
        await stage.judge()  # and nobody says anything while the next system is killed
        await _crash_points(stage)


async def _settled(stage: Stage, calls: list[str], within: float) -> tuple[float, list[str]]:
    """Seconds until each call's text has an end state that the dispatcher sees, and these."""
    began = time.monotonic()
    while True:
        states: list[str] = []
        for call in calls:
            with contextlib.suppress(Refused):
                found = await stage.load.staff.api(f"calls/{call}/")
                states += [text["state"] for text in found["texts"]]
        took = time.monotonic() - began
        if len(states) >= len(calls) and set(states) <= SETTLED:
            break
        if took > within:
            stage.outcome.fail(f"texts stayed {states} for {took:.0f} s")
            break
        await asyncio.sleep(0.2)
    for call in calls:
        await stage.load.staff.api(f"calls/{call}/close/", {})
    return took, states


async def _crash_points(stage: Stage) -> None:
    """200 seeded kills at every boundary, with a provider that counts: a run of their own."""
    if importlib.util.find_spec("bench.chaos.crash_points") is None:
        stage.note("crash points: not in this tree")
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.chaos.crash_points",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    last = said.decode(errors="replace").strip().splitlines()[-3:]
    for line in last:
        stage.note(f"crash points: {line}")
    if process.returncode != 0:
        stage.outcome.fail(f"crash points: exit code {process.returncode}")


async def worker_deaf(stage: Stage) -> None:
    """The worker lives and hears nothing of the broker; then two beats for one system."""
    ground, load = stage.ground, await stage.people()
    for how, break_it in (
        ("silent", ground.proxies["broker"].silence),
        ("cut", ground.proxies["broker"].refuse),
    ):
        async with stage.fault(f"broker {how}", from_end=True):
            broken = time.monotonic()
            break_it()
            slowest = 0.0
            for _ in range(int(stage.choose(4, 1))):
                slowest = max(slowest, await _text_time(stage))
                await asyncio.sleep(1)
            await _told(stage, "deaf", since=broken, within=CANARY_WITHIN)
            ground.proxies["broker"].heal()
            over = asyncio.create_task(
                _told(stage, "hears again", since=time.monotonic(), within=HEARS_WITHIN)
            )
        await over
        stage.note(f"broker {how}: slowest text {slowest:.1f} s")
        if slowest > TEXT_WITHIN:
            stage.outcome.fail(
                f"broker {how}: a text took {slowest:.1f} s (limit {TEXT_WITHIN:g} s)"
            )
    stack = ground.stack
    second = SecondBeat(base=stack.root, env=stack.env, port=0, log_dir=stack.log_dir)
    async with stage.fault("two beats", from_end=True):
        await ground.do(second.start)
        try:
            await asyncio.sleep(stage.choose(22, 3))  # two rounds of the slowest job of seconds
        finally:
            await ground.do(second.stop)
    assert load.calls


async def _told(stage: Stage, what: str, *, since: float, within: float) -> None:
    """Every console is told with a heartbeat whether the worker hears its broker."""
    while True:
        healths = [console.feed.model.latest.get("health") for console in stage.load.consoles]
        said = {health[1]["parts"].get("tasks") if health else None for health in healths}
        took = time.monotonic() - since
        if said == {what != "deaf"}:
            stage.note(f"consoles told “{what}” after {took:.1f} s")
            return
        if took > within:
            stage.outcome.fail(f"consoles not told “{what}” in {within:g} s, but {said}")
            return
        await asyncio.sleep(0.1)


async def _text_time(stage: Stage) -> float:
    staff, began = stage.load.staff, time.monotonic()
    call = await staff.open_call()
    while time.monotonic() - began < 15:
        found = await staff.api(f"calls/{call}/")
        if found["texts"][0]["state"] in SETTLED:
            break
        await asyncio.sleep(0.05)
    took = time.monotonic() - began
    await staff.api(f"calls/{call}/close/", {})
    return took


ROWS = [
    Row("7", "worker killed in mid-task", "after the kill", 2.0, worker_killed, longest=600),
    Row(
        "8",
        "worker deaf, two beats",
        "after its end",
        2.0,
        worker_deaf,
        Plan(through=("broker",)),
        longest=240,
    ),
]
