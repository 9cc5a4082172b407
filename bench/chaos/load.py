"""The background of a row: callers that move and write, a dispatcher that answers, consoles."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
import uuid
from collections.abc import Callable
from typing import Any, Self

from bench.chaos import people
from bench.chaos.caller import Caller
from bench.chaos.console import Console
from bench.chaos.ground import Ground
from bench.chaos.ledger import Item, Ledger
from bench.chaos.people import Refused, Staff

#: Seconds between a caller's fixes and between its messages (a page may send 30 a minute), and
#: between a dispatcher's messages.
FIX_EVERY, WORDS_EVERY, STAFF_EVERY = 1.0, 4.0, 1.0
#: Calm that lasts so long is no accident: every caller has said something in it (seconds).
LASTS, LASTS_SHORT = 2.5, 1.5
_names = itertools.count(1)


class Load:
    """An asynchronous context: all are live when it opens, and gone when it closes."""

    def __init__(
        self,
        ground: Ground,
        *,
        callers: int = 12,
        consoles: int = 4,
        staff: Staff | None = None,
        callers_at: str = "",
        consoles_at: str = "",
        rate: float = 1.0,
        lasts: float = LASTS,
    ) -> None:
        """`callers_at`, `consoles_at`: another origin, a relay's. `rate`: times the usual one.
        `lasts`: seconds of calm that are believed."""
        self._lasts = lasts
        self.ground = ground
        self.staff = staff or ground.staff
        self.ledger = Ledger()
        self.callers: list[Caller] = []
        self.consoles: list[Console] = []
        self._counts = (callers, consoles)
        self._origins = (callers_at or ground.origin, consoles_at)
        self._rate = rate
        self._name = f"r{next(_names)}"
        self._busy: set[asyncio.Task[None]] = set()
        self._presses: set[asyncio.Task[None]] = set()
        self.began = 0.0

    async def __aenter__(self) -> Self:
        callers, consoles = self._counts
        try:
            self.consoles = [
                Console(self.staff, name=f"k{n}", ledger=self.ledger, origin=self._origins[1])
                for n in range(consoles)
            ]
            for console in self.consoles:
                console.feed.start()
            for first in range(0, callers, 8):
                more = range(first, min(first + 8, callers))
                self.callers += await asyncio.gather(*(self.call_in(n) for n in more))
            await self.until(self.live, "everyone live", within=20)
        except BaseException:
            await self.close()
            raise
        self.began = time.monotonic()
        for caller in self.callers:
            self._begin(self._every(FIX_EVERY, caller.move))
            self._begin(self._every(WORDS_EVERY, caller.write))
        self._begin(self._every(STAFF_EVERY, self._answer))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def call_in(self, n: int) -> Caller:
        """A call of its own: link sent, opened, seen."""
        call = await people.persist(self.staff.open_call)
        link = await people.persist(lambda: self.staff.link(call))
        name = f"{self._name}c{n}"
        origin = self._origins[0]
        caller = Caller(self.ground.http, origin, name=name, call=call, ledger=self.ledger)
        await caller.open(link)
        return caller

    @property
    def calls(self) -> set[str]:
        return {caller.call for caller in self.callers}

    @property
    def viewers(self) -> set[str]:
        return {console.name for console in self.consoles}

    def live(self) -> bool:
        """Every console and every page hears the server."""
        feeds = [console.feed for console in self.consoles]
        feeds += [caller.feed for caller in self.callers if caller.feed]
        return all(feed.live for feed in feeds)

    def calm(self) -> bool:
        """All are live, and what was written reaches all consoles at once again."""
        if not self.live():
            return False
        now = time.monotonic()
        due = [item for item in self.ledger.spoken() if item.made < now - self.ledger.prompt]
        there = all(item.seen.keys() >= self.viewers for item in due if not item.refused)
        return there and not [
            item for item in self.ledger.open() if item.made < now - 2 * self.ledger.prompt
        ]

    async def until_calm(self, within: float, *, since: float) -> bool:
        """Whether calm came back by itself and lasted, in this time, after something that may
        have happened at `since`: messages written since then have come to all consoles."""
        end, calm_from = time.monotonic() + within, 0.0
        while time.monotonic() < end:
            await asyncio.sleep(0.05)
            if not self.calm():
                calm_from = 0.0
            elif not calm_from:
                calm_from = time.monotonic()
            elif time.monotonic() - calm_from > self._lasts and self._heard_since(since) >= 3:
                return True
        return False

    def _heard_since(self, since: float) -> int:
        """How many messages written since then every console has."""
        spoken = self.ledger.spoken()
        return sum(item.made > since and item.seen.keys() >= self.viewers for item in spoken)

    async def until(self, wanted: Callable[[], bool], what: str, *, within: float) -> None:
        """Raises TimeoutError, with what did not come."""
        end = time.monotonic() + within
        while not wanted():
            if time.monotonic() > end:
                raise TimeoutError(f"{what} did not come within {within:.0f} s")
            await asyncio.sleep(0.05)

    async def quiet(self, within: float = 30.0) -> list[Item]:
        """Say nothing new; what is still not acknowledged after this time."""
        writers, self._busy = self._busy, set()
        for task in writers:
            task.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        end = time.monotonic() + within
        while self.ledger.open() and time.monotonic() < end:
            await asyncio.sleep(0.05)
        return self.ledger.open()

    async def close(self) -> None:
        for task in (*self._busy, *self._presses):
            task.cancel()
        everyone: list[Any] = [caller.close() for caller in self.callers]
        everyone += [console.feed.stop() for console in self.consoles]
        await asyncio.gather(*everyone, *self._busy, *self._presses, return_exceptions=True)
        for call in self.calls:
            with contextlib.suppress(Refused):
                await self.staff.api(f"calls/{call}/close/", {})

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def _every(self, seconds: float, act: Callable[[], object]) -> None:
        pause = seconds / self._rate
        await asyncio.sleep(random.random() * pause)
        due = time.monotonic()
        while True:
            act()
            due += pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _answer(self) -> None:
        """A dispatcher writes; where that fails, presses again until it is taken."""
        caller = random.choice(self.callers)
        number = len(self.ledger.items)
        mark = f"{self._name} staff {number}"
        item = self.ledger.make("chat", mark=mark, call=caller.call, by="staff")
        command = uuid.uuid4()

        async def press() -> None:
            while item.acked is None and not item.refused:
                try:
                    await self.staff.write(item.call, item.mark, command)
                except Refused as why:
                    if not why.passing:
                        item.refused = why.code
                    await asyncio.sleep(1)
                else:
                    item.acked = time.monotonic()

        task = asyncio.create_task(press())
        self._presses.add(task)
        task.add_done_callback(self._presses.discard)
