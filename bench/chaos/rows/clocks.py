"""Row 15: parts of one system whose clocks are minutes apart."""

from __future__ import annotations

import asyncio

from bench.chaos.ground import Plan
from bench.chaos.row import Row, Stage


async def skewed(stage: Stage) -> None:
    """One web process five minutes ahead, the other five behind, the worker with the right time."""
    load = await stage.people()
    await asyncio.sleep(stage.choose(8, 3))
    for _ in stage.ground.webs:
        # Whoever was with the one is now with the other, ten minutes earlier or later; then back.
        name = stage.ground.busiest()
        async with stage.fault(f"from {name} to the other clock"):
            await stage.ground.kill(name)
        await stage.ground.until_ready(name)
    call = await load.staff.open_call()
    await asyncio.sleep(3)
    found = await load.staff.api(f"calls/{call}/")
    states = [text["state"] for text in found["texts"]]
    if states != ["delivered"]:
        stage.outcome.fail(f"a text was {states} after 3 s")
    stage.note("leap second: not injected (the kernel's clock is not ours); DST: all parts use UTC")


ROWS = [
    Row(
        "15",
        "clocks five minutes apart",
        "throughout",
        5.0,
        skewed,
        Plan(clocks={"web": 300, "web-2": -300}),
    ),
]
