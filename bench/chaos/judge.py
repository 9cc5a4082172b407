"""What became of everything that was acknowledged: in the database, and on every console."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.chaos import people
from bench.chaos.ledger import Item
from bench.chaos.load import Load

#: Seconds that consoles have to become equal to a fresh snapshot once nothing new is said:
#: a lost hint costs one heartbeat (2 s), a missed entry two.
SETTLE = 8.0


@dataclass
class Verdict:
    """`lost`, `doubled` and `stuck` (never acknowledged) name items, `unequal` what differs."""

    acked: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.unequal or self.stuck)

    def add(self, other: Verdict) -> None:
        self.acked += other.acked
        self.refused += other.refused
        for name in ("lost", "doubled", "unequal", "stuck"):
            getattr(self, name).extend(getattr(other, name))


async def judge(load: Load) -> Verdict:
    """Quieten the load and compare its ledger with the database, the consoles and the pages."""
    stuck = await load.quiet()
    acked = load.ledger.acked
    verdict = Verdict(
        acked=len(acked),
        refused=sum(bool(item.refused) for item in load.ledger.items.values()),
        stuck=[f"{item.kind} {item.mark}" for item in stuck],
    )
    verdict.unequal += await _until_equal(load)
    for call in sorted(load.calls):
        stored = await _stored(load, call)
        for item in acked:
            if item.call == call:
                _look(verdict, item, stored[item.kind][item.mark], "the database")
    for console in load.consoles:
        shown = Counter(body["text"] for body in console.feed.model.of("chat").values())
        for item in acked:
            if item.kind == "chat":
                _look(verdict, item, shown[item.mark], console.name)
    verdict.unequal += await _pages(load)
    return verdict


def _look(verdict: Verdict, item: Item, count: int, where: str) -> None:
    if count != 1:
        (verdict.doubled if count else verdict.lost).append(f"{item.kind} {item.mark}: {where}")


async def _until_equal(load: Load) -> list[str]:
    """What is different on the consoles after SETTLE; nothing once all are equal."""
    end = time.monotonic() + SETTLE
    while True:
        fresh = await people.persist(load.staff.snapshot)
        found = [
            f"{console.name}: {what}"
            for console in load.consoles
            for what in console.differs(fresh, load.calls)[:3]
        ]
        if not found or time.monotonic() > end:
            return found
        await asyncio.sleep(0.25)


async def _stored(load: Load, call: str) -> dict[str, Counter[str]]:
    """How often each of the call's messages and fixes is in the database, by kind and mark."""
    whole = await people.persist(lambda: load.staff.api(f"calls/{call}/"))
    track = await people.persist(lambda: load.staff.api(f"calls/{call}/track/"))
    return {
        "chat": Counter(one["text"] for one in whole["chat"]),
        "fix": Counter(f"{call} {fix['accuracy']:.0f}" for fix in track["fixes"]),
    }


async def _pages(load: Load) -> list[str]:
    """Callers' pages against their stream's state by asking. It makes their pages known as ones
    that ask, which the consoles are told: so it comes last."""

    async def one(caller: Any) -> list[str]:
        end = time.monotonic() + SETTLE
        while True:
            fresh = await people.persist(caller.asked)
            right = {(item["kind"], item["id"]): item["body"] for item in fresh["items"]}
            if caller.feed.model.items == right:
                return []
            if time.monotonic() > end:
                differs = [k for k in right if caller.feed.model.items.get(k) != right[k]]
                return [f"{caller.name}'s page: {differs[:3]}"]
            await asyncio.sleep(1)

    found = await asyncio.gather(*(one(caller) for caller in load.callers))
    return [line for lines in found for line in lines]
