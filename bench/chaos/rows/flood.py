"""Row 19: one centre floods, the other works."""

from __future__ import annotations

import asyncio
import time

from bench.chaos.load import Load
from bench.chaos.row import Row, Stage
from bench.figures import percentile

TIMES = 10
#: Seconds of the 99th percentile, from a caller's message to every console of the other centre.
P99 = 1.0


async def flooded(stage: Stage) -> None:
    """Another centre's callers say ten times as much as this one's."""
    ground = stage.ground
    load = await stage.people()
    calm_from = time.monotonic()
    await asyncio.sleep(stage.choose(8, 3))
    calm = percentile(
        load.ledger.times(load.viewers, since=calm_from, until=time.monotonic()), 0.99
    )
    other = await ground.other_centre()
    # As many pages as here, each ten times as busy: beyond what one page may send in a minute,
    # and a few of the other centre's consoles to tell.
    async with Load(
        ground, staff=other, callers=len(load.callers), consoles=4, rate=TIMES
    ) as crowd:
        flood_from = time.monotonic()
        await asyncio.sleep(stage.choose(20, 5))
        until = time.monotonic()
        made = len(crowd.ledger.items) / (until - flood_from)
        acked = sum(1 for i in crowd.ledger.acked if i.acked and i.acked < until)
        during = percentile(load.ledger.times(load.viewers, since=flood_from, until=until), 0.99)
    stage.note(f"p99 {calm * 1000:.0f} ms calm, {during * 1000:.0f} ms in the flood")
    stage.note(f"flood: {made:.0f} items a second made, {acked / (until - flood_from):.0f} taken")
    stage.outcome.heal = during
    if during > max(P99, 2 * calm):
        stage.outcome.fail(
            f"p99 of the other centre {during:.2f} s (limit {max(P99, 2 * calm):.2f} s)"
        )


ROWS = [Row("19", "one centre floods tenfold", "p99 of the other", P99, flooded)]
