"""The machine's world: real centres, calls and pages, and how it is let come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

from django.db import connections

from callers import links
from callers.models import Link
from dispatch.calls.models import Room
from dispatch.calls.models.call import UNDO_CLOSE_FOR
from dispatch.centres.access import scope
from dispatch.feed import replay
from dispatch.tests.machine import guard
from dispatch.tests.machine.actors import Browser, Console, Desk, Page, Reader
from dispatch.tests.machine.air import Air
from dispatch.tests.machine.clocks import PATIENCE_S, Loop, WallClock
from dispatch.tests.machine.expect import Case

#: This passes until the next heartbeat (every 2 s), in seconds of the sockets' loop.
BEAT_S = 2.05


class Doorway:
    """Lets something happen while a socket joins: after its state was read, before it has it."""

    def __init__(self) -> None:
        self._real = replay.catch_up
        self.meanwhile: Callable[[], None] | None = None
        self.problem: BaseException | None = None

    def install(self, patch: Any) -> Doorway:
        """Stand in the door until the patch is undone."""
        patch.setattr(replay, "catch_up", self)
        return self

    def __call__(self, stream: str, **how: Any) -> dict[str, Any]:
        answer = self._real(stream, **how)
        work, self.meanwhile = self.meanwhile, None
        if work is not None:
            # Another process: it has its own connection and waits for nothing here.
            other = Thread(target=self._run, args=(work,))
            other.start()
            other.join(PATIENCE_S)
        return answer

    def finish(self) -> None:
        """Raise what went wrong meanwhile; what did not happen will not happen later."""
        self.meanwhile = None
        problem, self.problem = self.problem, None
        if problem is not None:
            raise problem

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 (raised again by the machine)
            self.problem = problem
        finally:
            connections.close_all()


class World:
    """Everyone and everything of one example, in centres of its own."""

    def __init__(self, *, loop: Loop, air: Air, clock: WallClock, doorway: Doorway) -> None:
        self.loop, self.air, self.clock, self.doorway = loop, air, clock, doorway
        self.desks: list[Desk] = []
        self.cases: list[Case] = []
        self.consoles: list[Console] = []
        self.pages: list[Page] = []
        #: The wall clock was put back, so that times do not order what was written.
        self.disordered = False

    @property
    def walls(self) -> list[int]:
        """The walls of this world's centres."""
        return [desk.centre.pk for desk in self.desks]

    # Who is there.

    def desk(self) -> Desk:
        """Open a centre."""
        desk = Desk(len(self.desks))
        self.desks.append(desk)
        return desk

    def console(self, desk: Desk, who: int) -> Console:
        """Open a console window."""
        console = Console(desk, who, self.loop)
        self.consoles.append(console)
        console.join()
        return console

    def page(self, browser: Browser) -> Page:
        """Open a tab."""
        page = Page(browser, self.loop)
        self.pages.append(page)
        return page

    def browser(self, index: int) -> Browser:
        """The browser of somebody who got this call's link."""
        return Browser(self.secret(self.cases[index]), index, lambda text: self.allow(index, text))

    def secret(self, case: Case) -> str:
        """What stands in the call's newest link."""
        with scope(self.desks[case.desk].centre):
            link = Link.objects.filter(call_id=case.id).order_by("-created_at", "-state").first()
        return links.derive(link.pk, link.version)

    def case_of(self, page: Page) -> Case:
        return self.cases[page.browser.case]

    def look_at_room(self, case: Case) -> None:
        """Which room the call is in now: webhooks name it."""
        with scope(self.desks[case.desk].centre):
            room = Room.objects.filter(call_id=case.id, ended_at=None).order_by("-pk").first()
        case.room = room.name if room else ""

    def dead(self, page: Page) -> bool:
        """Whether the page's link was revoked, or it has none yet."""
        known = self.case_of(page).sessions.get(page.session)
        return known is None or known.dead

    def allow(self, index: int, text: str) -> None:
        """Raise Leak for what a page of this call must not be told."""
        guard.check_message(text, secrets=self.secrets(self.cases[index]))

    def secrets(self, case: Case) -> list[str]:
        """What no page of the caller's side may read: numbers, names, who else is there."""
        others = [one.id for one in self.cases if one is not case]
        people = [user.name for user in self.desks[case.desk].users]
        # Without the country code, which could begin anything.
        return [case.number[2:], *people, *others, *case.sessions]

    # Coming to rest.

    def readers(self) -> list[Reader]:
        """Pages and consoles whose socket is there."""
        every: list[Reader] = [*self.consoles, *self.pages]
        return [reader for reader in every if reader.live]

    def stream(self, reader: Reader) -> str:
        """The name of the stream that it reads."""
        if isinstance(reader, Console):
            return reader.desk.centre.stream
        assert isinstance(reader, Page)
        return f"caller:{self.case_of(reader).id}"

    def callers_streams(self, desk: Desk) -> list[str]:
        """The streams of the caller's side of this centre's calls."""
        return [f"caller:{case.id}" for case in self.cases if case.desk == desk.index]

    def heartbeat(self) -> None:
        """Let a heartbeat pass, and wait until every live socket has heard it."""
        # One that is under way may have looked at the database too early to tell of it.
        self.loop.wait(lambda: self.loop.idle, "the last heartbeat to be over")
        self.loop.pass_time()  # answers to it are taken in first
        lines = [reader.line for reader in self.readers() if reader.line]
        before = [line.beats for line in lines]
        self.loop.pass_time(BEAT_S)

        def heard() -> bool:
            pairs = zip(lines, before, strict=True)
            return all(line.closed or line.beats > count for line, count in pairs)

        self.loop.wait(heard, "a heartbeat")

    def settle(self) -> None:
        """Everything on its way arrives. What was lost, the next heartbeat tells of."""
        self.air.weather = "clear"
        self.air.deliver()
        if self.air.lossy:
            self.heartbeat()
            self.air.lossy = False
        readers = self.readers()
        heads = replay.heads({self.stream(reader) for reader in readers})
        for reader in readers:
            self._reach(reader, heads[self.stream(reader)])
        for page in self.pages:
            if self.dead(page):
                self._put_out(page)

    def _put_out(self, page: Page) -> None:
        self.loop.wait(lambda: not page.live, "a page with a revoked link to be put out")

    def _reach(self, reader: Reader, head: int) -> None:
        name, at = type(reader).__name__, reader.model.seq
        self.loop.wait(
            lambda: not reader.live or reader.model.seq == head, f"{name} at {at} to reach {head}"
        )

    # What happens to all.

    def cut(self) -> None:
        """Redis drops its listeners. They are there again before anything else happens."""
        before = self.air.cut()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self.loop.linger()
            if self.air.listeners() - before:
                return
            self.loop.pass_time(0.05)
        raise AssertionError("nobody listens to Redis any more")

    def step_the_clock(self, off: timedelta) -> None:
        """The server's wall clock is off by so much from now on."""
        self.disordered |= off < self.clock.off
        self.clock.off = off
        for case in self.cases:
            if case.closed_at and not case.open:
                case.off_board |= self.clock() - case.closed_at > UNDO_CLOSE_FOR

    def come_back(self, open_again: Callable[[Page], bool]) -> None:
        """After a restore everyone loads their page again; who is not known there is gone."""
        self.step_the_clock(self.clock.off)
        for console in self.consoles:
            console.join()
        self.pages = [page for page in self.pages if self.known(page)]
        for page in self.pages:
            if open_again(page):
                page.join()

    def carry_on(self) -> None:
        """After a restore that no socket noticed; who is not known there is put out."""
        self.step_the_clock(self.clock.off)
        self.heartbeat()
        for page in self.pages:
            if not self.known(page):
                self._put_out(page)
                page.drop()
        self.pages = [page for page in self.pages if self.known(page)]

    def known(self, page: Page) -> bool:
        """Whether the server knows this page's session."""
        return page.browser.case < len(self.cases) and page.session in self.case_of(page).sessions

    def behind(self, case: Case) -> bool:
        """Whether somebody has read further on this call's streams than they are long."""
        wanted = {self.desks[case.desk].centre.stream, f"caller:{case.id}"}
        every: list[Reader] = [*self.consoles, *(page for page in self.pages if self.known(page))]
        heads = replay.heads(wanted)
        return any(one.model.seq > heads.get(self.stream(one), one.model.seq) for one in every)

    def leave(self) -> None:
        """Everyone closes their pages."""
        for reader in [*self.consoles, *self.pages]:
            reader.drop()
