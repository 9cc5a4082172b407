"""A row of the fault matrix: what it needs, what it does, what it is held to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.chaos.ground import Ground, Plan
from bench.chaos.judge import Verdict, judge
from bench.chaos.load import LASTS_SHORT, Load
from bench.chaos.plant import plant
from bench.chaos.screen import FINE, Screen

#: Of the calm before the fault, seconds.
CALM, CALM_SHORT = 2.0, 0.5
#: In short: fewer people, who write a little more often and are believed sooner.
FEWER: dict[str, Any] = {"callers": 6, "consoles": 3, "lasts": LASTS_SHORT, "rate": 1.5}
USUAL = Plan()


@dataclass(frozen=True)
class Row:
    """`limit`: seconds to heal after each fault (or after its end, as `what` says)."""

    number: str
    title: str
    what: str
    limit: float
    act: Callable[[Stage], Awaitable[None]]
    plan: Plan = USUAL
    #: The words on a real console's screen matter.
    screen: bool = False
    callers: int = 12
    consoles: int = 4
    #: Of the whole row, seconds.
    longest: float = 150.0


@dataclass
class Outcome:
    """What one row came to. `state`: passed, failed or skipped; `why` of the last two."""

    row: Row
    state: str = "passed"
    why: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    heal: float = 0.0
    shown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    took: float = 0.0

    def fail(self, why: str) -> None:
        self.state = "failed"
        self.why.append(why)


class Stage:
    """What a row works with: the ground, its load, and where it writes down what it saw."""

    def __init__(
        self, ground: Ground, outcome: Outcome, *, short: bool, minutes: float, plant: str = ""
    ) -> None:
        self.ground = ground
        self.outcome = outcome
        self.short = short
        self.minutes = minutes
        self.plant = plant
        self._open = AsyncExitStack()
        self._load: Load | None = None
        self._judged = False
        self._screen: Screen | None = None

    @property
    def load(self) -> Load:
        assert self._load
        return self._load

    async def __aenter__(self) -> Stage:
        row = self.outcome.row
        if row.screen and not self.short:
            self._screen = await self._open.enter_async_context(Screen(self.ground))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    async def people(self, **options: Any) -> Load:
        """Start the load, and let it run in peace for a moment."""
        row = self.outcome.row
        known: dict[str, Any] = {"callers": row.callers, "consoles": row.consoles}
        load = Load(self.ground, **(known | (FEWER if self.short else {}) | options))
        self._load = await self._open.enter_async_context(load)
        await asyncio.sleep(self.choose(CALM, CALM_SHORT))
        # A machine that is busy with something else is let off, and it is written down.
        load.ledger.prompt *= 4
        if not await load.until_calm(15, since=load.began):
            self.outcome.fail("the system was not calm before the fault")
        slow = load.ledger.learn(load.viewers, since=load.began)
        self.note(f"before: slowest message {slow:.2f} s")
        return load

    def note(self, text: str) -> None:
        self.outcome.notes.append(text)

    def choose(self, whole: float, short: float) -> float:
        """A length of time, or a count."""
        return short if self.short else whole

    @asynccontextmanager
    async def fault(
        self, name: str, *, from_end: bool = False, limit: float = 0
    ) -> AsyncIterator[None]:
        """The block injects a fault (and ends it, where it does not end by itself). Afterwards:
        wait until all is calm again by itself, and write down how long it took, from the
        beginning or from the end of the block; more than the row's limit is a failure."""
        row, load = self.outcome.row, self.load
        limit = limit or row.limit
        began, wall = time.monotonic(), time.time()
        yield
        ended = time.monotonic()
        calm = await load.until_calm(limit + 20, since=began)
        since = ended if from_end else began
        until = time.monotonic()
        took = load.ledger.late(load.viewers, since=since, until=until)
        back = [_back(console.feed.log, since) for console in load.consoles]
        took = max([took, *back])
        self.outcome.heal = max(self.outcome.heal, took)
        slow = load.ledger.slowest(load.viewers, since=began)
        self.note(f"{name}: healed {took:.1f} s, slowest message {slow:.1f} s")
        self.outcome.shown.append(f"{name}: {self._statuses(began)}")
        held = sum(item.throttled > 0 for item in load.ledger.spoken() if item.made > began - 60)
        if held:
            self.note(f"{name}: {held} messages were told to come again later (throttled)")
        if not calm:
            missing = [item.mark for item in load.ledger.open()][:3]
            self.outcome.fail(f"{name}: not healed after {until - ended:.0f} s {missing or ''}")
        elif took > limit:
            self.outcome.fail(f"{name}: healed after {took:.1f} s (limit {limit:g} s)")
        await self._read_screen(name, wall)

    async def until_late_at_most(self, name: str, limit: float, since: float) -> None:
        """Every message made since then was on every console within the limit."""
        slow = self.load.ledger.slowest(self.load.viewers, since=since)
        if slow > limit:
            self.outcome.fail(f"{name}: a message took {slow:.1f} s (limit {limit:g} s)")

    async def judge(self) -> None:
        """Compare everything, once; what is lost, doubled, different or stuck fails the row."""
        if self._load is None or self._judged:
            return
        self._judged = True
        if self.plant:
            planted = await plant(self.ground, self._load, self.plant)
            self.note(f"planted, {self.plant}: {', '.join(planted)}")
        verdict = await judge(self._load)
        outcome = self.outcome
        outcome.verdict.add(verdict)
        for name in ("lost", "doubled", "unequal", "stuck"):
            found = getattr(verdict, name)
            if found:
                outcome.fail(f"{len(found)} {name}: {'; '.join(found[:4])}")
        if not verdict.acked:
            outcome.fail("nothing was acknowledged, so nothing was shown")

    def _statuses(self, began: float) -> str:
        """When consoles changed what they say of the connection: earliest and latest of each."""
        times: dict[str, list[float]] = {}
        for console in self.load.consoles:
            for at, status in console.feed.log:
                if at >= began:
                    times.setdefault(status, []).append(at - began)
        if not times:
            return "live throughout"
        return ", ".join(f"{name} {_span(found)}" for name, found in times.items())

    async def _read_screen(self, name: str, wall: float) -> None:
        if self._screen is None:
            return
        deadline = time.monotonic() + 8
        while True:
            said = await self._screen.said(wall)
            if said and FINE.search(said[-1][1]):
                break
            if time.monotonic() > deadline:
                self.outcome.fail(f"{name}: the screen still says “{said[-1][1][:60]}”")
                break
            await asyncio.sleep(0.3)
        for at, text in said:
            if at >= 0:
                self.outcome.shown.append(f"screen {at:.1f} s: “{text[:70]}”")


def _back(log: list[tuple[float, str]], since: float) -> float:
    """When a console was live again, in seconds after `since`; 0 where it always was."""
    at, status = log[-1]
    return max(0.0, at - since) if status == "live" else time.monotonic() - since


def _span(times: list[float]) -> str:
    low, high = min(times), max(times)
    return f"{low:.1f} s" if high - low < 0.15 else f"{low:.1f} to {high:.1f} s"
