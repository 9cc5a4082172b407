"""What may happen to it all: to sockets, hints, rooms, clocks and the database."""

from __future__ import annotations

import sys
import uuid
from copy import deepcopy
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from dispatch.calls.models import WebhookReceipt
from dispatch.feed.models import Entry
from dispatch.tests import factories
from dispatch.tests.machine import backup, drawn, hold
from dispatch.tests.machine.hooks import Way
from dispatch.tests.machine.rules import People, some, someone


class Machine(People):
    """One example: what people do, what goes wrong meanwhile, and what must hold after it."""

    # Sockets and hints.

    @rule(which=some)
    def drop(self, which: int) -> None:
        readers = self.world.readers()
        if readers:
            readers[which % len(readers)].drop()

    @rule(which=some, meanwhile=st.booleans())
    def join(self, which: int, meanwhile: bool) -> None:
        """A socket comes back; something may happen while it does."""
        away = [one for one in self.world.consoles if not one.live]
        pages = [one for one in self.world.pages if not one.live and not self.world.dead(one)]
        readers = [*away, *pages]
        if not readers:
            return
        reader = readers[which % len(readers)]
        if meanwhile:
            case, command = self.case(which), str(uuid.uuid4())
            self.world.doorway.meanwhile = lambda: self.staff.write(case, 0, "meanwhile", command)
        reader.join()
        self.world.doorway.finish()

    @rule(weather=st.sampled_from(["clear", "still", "still", "away"]))
    def weather(self, weather: Any) -> None:
        """`still`: hints wait to be delivered. `away`: there is no Redis for a while."""
        self.world.air.weather = weather

    @precondition(lambda self: self.world.air.hints)
    @rule(which=some)
    def lose(self, which: int) -> None:
        self.world.air.lose(which)

    @precondition(lambda self: self.world.air.hints)
    @rule(disorder=st.none() | st.integers(0, 99), twice=st.booleans())
    def deliver(self, disorder: int | None, twice: bool) -> None:
        self.world.air.deliver(disorder=disorder, twice=twice)

    @rule()
    def cut(self) -> None:
        """Redis starts anew: whoever listened has to come again."""
        self.world.cut()

    @rule()
    def heartbeat(self) -> None:
        self.world.heartbeat()

    # Media.

    @precondition(someone)
    @rule(which=some)
    def seat(self, which: int) -> None:
        page = self.page(which)
        if identity := self.callers.seat(page):
            self.world.look_at_room(self.world.case_of(page))
            self.names.append((page.browser.case, identity))

    @precondition(lambda self: self.names)
    @rule(which=some, then=st.sampled_from(["enter", "leave", "finish"]))
    def media_server(self, which: int, then: str) -> None:
        index, identity = self.names[which % len(self.names)]
        if then == "enter":
            self.media.enter(index, identity)
            if which % 2:
                self.media.deliver(-1, "as it is")
        elif then == "leave":
            self.media.leave(which)
        else:
            self.media.finish(index)

    @precondition(lambda self: self.media.hooks)
    @rule(which=some, way=st.sampled_from(["as it is", "as it is", "again", "forged"]))
    def webhook(self, which: int, way: Way) -> None:
        self.media.deliver(-1 - which, way)

    @rule()
    def work(self) -> None:
        """A worker carries out what waits: texts, rooms."""
        factories.carry_out(self.world.desks[0].centre)

    # Clocks, pruning, a restored database.

    @rule(off=drawn.clock_errors)
    def step_the_clock(self, off: timedelta) -> None:
        self.world.step_the_clock(off)

    @rule(keep=st.integers(0, 4))
    def prune(self, keep: int) -> None:
        """Entries that every live socket has had go, except the newest few."""
        self.world.settle()
        for desk in self.world.desks:
            for name in [desk.centre.stream, *self.world.callers_streams(desk)]:
                found = Entry.objects.filter(stream_id=name).order_by("-seq")[keep : keep + 1]
                for entry in found:
                    Entry.objects.filter(stream_id=name, seq__lte=entry.seq).delete()

    @rule()
    def set_aside(self) -> None:
        backup.set_aside(self.world.walls)
        self.kept = (deepcopy(self.world.cases), self.world.walls)

    @precondition(lambda self: self.kept is not None and self.kept[1] == self.world.walls)
    @rule()
    def restore(self) -> None:
        """The system stops, an older database is put in, everyone comes back."""
        assert self.kept is not None
        self.world.settle()
        hold.everything(self.world)
        self.world.leave()
        backup.put_back(self.world.walls)
        self.world.cases = deepcopy(self.kept[0])
        known = {event for case in self.world.cases for event in case.receipts}
        told = {hook.event for hook in self.media.hooks}
        WebhookReceipt.objects.filter(id__in=told - known).delete()
        there = len(self.world.cases)
        self.media.hooks = [hook for hook in self.media.hooks if hook.case < there]
        self.names = [name for name in self.names if name[0] < there]
        self.world.come_back(self.callers.open)

    # What must hold.

    @rule()
    def rest(self) -> None:
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
                self.rest()
                self.world.leave()
                self.ground.count(self.steps)
                held = True
        finally:
            if not held:
                self.ground.renew()
