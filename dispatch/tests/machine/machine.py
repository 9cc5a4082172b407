"""What may happen to it all: to sockets, hints, rooms, clocks and the database."""

from __future__ import annotations

import sys
import uuid
from copy import deepcopy
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from dispatch.calls.models import WebhookReceipt
from dispatch.feed.models import Entry
from dispatch.tests import factories
from dispatch.tests.machine import backup, drawn, hold
from dispatch.tests.machine.actors import Reader
from dispatch.tests.machine.expect import Case
from dispatch.tests.machine.hooks import Way
from dispatch.tests.machine.rules import People, some

LINES = ["drop", "join", "join", "meanwhile", "meanwhile"]
AIR = [
    *("still", "still", "away", "clear"),
    *("lose", "lose", "disorder", "disorder", "twice", "deliver"),
]
MEDIA = ["seat", "seat", "enter", "enter", "leave", "finish"]
TROUBLE = ["cut", "prune", "heartbeat", "work", "rest"]
HISTORY = ["set aside", "restore", "restore", "restore"]


class Machine(People):
    """One example: what people do, what goes wrong meanwhile, and what must hold after it."""

    # Sockets and hints.

    @rule(what=st.sampled_from(LINES), which=some)
    def line(self, what: str, which: int) -> None:
        """A socket goes, or comes back; something may happen while it does."""
        if what == "drop":
            readers = self.world.readers()
            if readers:
                readers[which % len(readers)].drop()
            return
        away: list[Reader] = [one for one in self.world.consoles if not one.live]
        away += [one for one in self.world.pages if not (one.live or self.world.dead(one))]
        if not away and what == "meanwhile":
            away = self.world.readers()
        if not away:
            return
        if what == "meanwhile":
            case, command = self.case(which), str(uuid.uuid4())
            self.world.doorway.meanwhile = lambda: self.staff.write(case, 0, "meanwhile", command)
        away[which % len(away)].join()
        self.world.doorway.finish()

    @rule(what=st.sampled_from(AIR), which=st.integers(0, 99))
    def air(self, what: Any, which: int) -> None:
        """`still`: hints wait to be delivered. `away`: there is no Redis for a while."""
        air = self.world.air
        if what in ("still", "away", "clear"):
            air.weather = what
        elif what == "lose":
            air.lose(which)
        else:
            disorder = None if what == "deliver" else which
            air.deliver(disorder=disorder, twice=what == "twice")

    # Media.

    @rule(what=st.sampled_from(MEDIA), which=some)
    def media_server(self, what: str, which: int) -> None:
        """A page gets its place in the room; its connection begins, ends; the room ends."""
        page = self.page(which)
        if what == "seat" and page is not None and (identity := self.callers.seat(page)):
            self.world.look_at_room(self.world.case_of(page))
            self.names.append((page.browser.case, identity))
        if not self.names:
            return
        index, identity = self.names[which % len(self.names)]
        if what in ("seat", "enter"):
            self.media.enter(index, identity)
            if which % 2:
                self.media.deliver(-1, "as it is")
        elif what == "leave":
            self.media.leave(which)
        else:
            self.media.finish(index)

    @rule(which=some, way=st.sampled_from(["as it is", "as it is", "again", "forged"]))
    def webhook(self, which: int, way: Way) -> None:
        """Any webhook there ever was comes in: late, again, or from somebody else."""
        self.media.deliver(-1 - which, way)

    @rule(which=some, order=st.permutations(range(4)), heard=st.integers(2, 4))
    def connections(self, which: int, order: list[int], heard: int) -> None:
        """A page's connection ends, and so does the next: told in any order, and not all of it."""
        page = self.page(which)
        if page is None or not (identity := self.callers.seat(page)):
            return
        index, first = page.browser.case, len(self.media.hooks)
        self.world.look_at_room(self.world.case_of(page))
        self.names.append((index, identity))
        for _ in range(2):
            self.media.enter(index, identity)
            self.media.leave(-1)
        for place in order[:heard]:
            self.media.deliver(first + place, "as it is")

    # Clocks, pruning, a restored database.

    @rule(off=drawn.clock_errors)
    def step_the_clock(self, off: timedelta) -> None:
        self.world.step_the_clock(off)

    @rule(what=st.sampled_from(TROUBLE), which=some)
    def trouble(self, what: str, which: int) -> None:
        if what == "cut":
            self.world.cut()
        elif what == "prune":
            self._prune(keep=which)
        elif what == "heartbeat":
            self.world.heartbeat()
        elif what == "work":
            factories.carry_out(self.world.desks[0].centre)
        else:
            self._rest()

    @rule(what=st.sampled_from(HISTORY), how=some)
    def history(self, what: str, how: int) -> None:
        """The database is set aside, or what was set aside is put in its place."""
        if what == "set aside" or self.kept is None or self.kept[1] != self.world.walls:
            backup.set_aside(self.world.walls)
            self.kept = (deepcopy(self.world.cases), self.world.walls)
        else:
            self._restore(*self.kept, how=how)

    def _prune(self, *, keep: int) -> None:
        """Entries that every live socket has had go, except the newest few."""
        self.world.settle()
        for desk in self.world.desks:
            for name in [desk.centre.stream, *self.world.callers_streams(desk)]:
                found = Entry.objects.filter(stream_id=name).order_by("-seq")[keep : keep + 1]
                for entry in found:
                    Entry.objects.filter(stream_id=name, seq__lte=entry.seq).delete()

    def _restore(self, cases: list[Case], walls: list[int], *, how: int) -> None:
        """An older database takes the place of this one: a restore, or a standby that lagged.

        Everyone loads their page again, or (`how` divides by three) no socket noticed. In between
        as much may have been written as was lost, so that numbers alone tell nothing, or a link
        revoked.
        """
        self._rest()
        unnoticed = how % 3 == 0
        if not unnoticed:
            self.world.leave()
        backup.put_back(walls)
        self.world.cases = deepcopy(cases)
        known = {event for case in self.world.cases for event in case.receipts}
        told = {hook.event for hook in self.media.hooks}
        WebhookReceipt.objects.filter(id__in=told - known).delete()
        there = len(self.world.cases)
        self.media.hooks = [hook for hook in self.media.hooks if hook.case < there]
        self.names = [name for name in self.names if name[0] < there]
        if how % 2:
            self._write_as_much()
        elif unnoticed and cases:
            # Its entry has a number that its page has passed already.
            self.staff.revoke(self.world.cases[0], 0)
        if unnoticed:
            self.world.carry_on()
        else:
            self.world.come_back(self.callers.open)
        self._rest()  # before a heartbeat makes up for what joining should have found

    def _write_as_much(self) -> None:
        """Until the streams are as long as those that the pages read, if that is not far."""
        for case in self.world.cases:
            for _ in range(12):
                if not self.world.behind(case):
                    break
                self.staff.write(case, 0, "after", str(uuid.uuid4()))

    # What must hold.

    def _rest(self) -> None:
        self.world.settle()
        hold.everything(self.world)

    @invariant()
    def after_each_step(self) -> None:
        """Where nothing is held back, what was committed is on every page before anything else."""
        self.steps += 1
        air = self.world.air
        if air.weather == "clear" and not air.hints and not air.lossy and self.world.desks:
            self.world.settle()

    def teardown(self) -> None:
        """At the end of an example: rest once more, unless it has failed already."""
        held = False
        try:
            if self.world.desks and sys.exc_info()[0] is None:
                self._rest()
                self.world.leave()
                self.ground.count(self.steps)
                held = True
        finally:
            if not held:
                self.ground.renew()
