"""What people may do, in whatever order Hypothesis likes.

A few rules with many acts each: of many rules Hypothesis would leave most out of an example.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from dispatch.tests.machine import drawn
from dispatch.tests.machine.actors import Page
from dispatch.tests.machine.acts import Callers, Staff
from dispatch.tests.machine.air import Weather
from dispatch.tests.machine.expect import Case
from dispatch.tests.machine.ground import Ground
from dispatch.tests.machine.hooks import MediaServer
from dispatch.tests.machine.world import World

some = st.integers(0, 5)
who = st.integers(0, 1)

#: Acts, the telling ones more often.
STAFF = [
    *("write", "write", "write", "ask", "ask", "repeat", "repeat"),
    *("close", "undo", "undo", "revoke", "resend", "take_over", "send", "console"),
]
CALLERS = [
    "tap",
    "tap",
    "tap",
    "seen",
    "reload",
    "reload",
    "resume",
    "poll",
    "tab",
    "device",
    "link",
]


class People(RuleBasedStateMachine):
    """A centre with a call and a console, and what staff and callers do."""

    #: Set by whoever runs the machine; made once for many examples.
    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.world: World = self.ground.world()
        self.staff, self.callers = Staff(self.world), Callers(self.world)
        self.media = MediaServer(self.world)
        self.names: list[tuple[int, str]] = []  # call, identity of a page with a seat
        self.commands: list[tuple[str, str, str, str]] = []  # what, call, content, id
        self.kept: tuple[list[Case], list[int]] | None = None
        self.steps = 0

    @initialize(tapped=st.booleans(), weather=st.sampled_from(["clear", "still", "away"]))
    def begin(self, tapped: bool, weather: Weather) -> None:
        desk = self.world.desk()
        self.world.console(desk, 0)
        self._order(0, 0)
        self._device(0)
        if tapped:
            self.callers.seen(self.world.pages[0])
            self.callers.tap(self.world.pages[0])
        self.world.air.weather = weather

    def case(self, which: int) -> Case:
        return self.world.cases[which % len(self.world.cases)]

    def page(self, which: int) -> Page | None:
        """A page whose link works, or worked until now."""
        living = [page for page in self.world.pages if not self.world.dead(page)]
        return living[which % len(living)] if living else None

    # Staff.

    @rule(what=st.sampled_from(STAFF), which=some, who=who, text=drawn.texts, of=drawn.requests)
    def dispatcher(self, what: str, which: int, who: int, text: str, of: str) -> None:
        case, command = self.case(which), str(uuid.uuid4())
        if what == "write":
            self.commands.append((what, case.id, text, command))
            self.staff.write(case, who, text, command)
        elif what == "ask":
            self.commands.append((what, case.id, of, command))
            self.staff.ask(case, who, of, command)
        elif what == "repeat":
            self._repeat(which, who)
        elif what == "send":
            self._send(which, who)
        elif what == "console":
            if len(self.world.consoles) < 3:
                self.world.console(self.world.desks[which % len(self.world.desks)], who)
        elif what == "undo":
            # One that left the boards by the clock is not compared: see World.step_the_clock.
            if not case.off_board:
                self.staff.undo(case, who)
        else:
            {
                "close": self.staff.close,
                "revoke": self.staff.revoke,
                "resend": self.staff.resend,
                "take_over": self.staff.take_over,
            }[what](case, who)

    def _repeat(self, which: int, who: int) -> None:
        """The answer to a command was lost, so the console sends it again."""
        for name, of, content, command in self.commands[which:] or self.commands[:1]:
            for case in self.world.cases:
                if case.id == of and name == "send":
                    self.staff.send_again(case, who, command)
                elif case.id == of:
                    act = self.staff.write if name == "write" else self.staff.ask
                    act(case, who, content, command)
            return

    def _send(self, which: int, who: int) -> None:
        """Another call, sometimes in another centre."""
        if len(self.world.cases) == 3:
            return
        if which % 2 and len(self.world.desks) < 2:
            self.world.console(self.world.desk(), who)
        self._order(which % len(self.world.desks), who)

    def _order(self, desk: int, who: int) -> None:
        command = str(uuid.uuid4())
        case = self.staff.send(desk, who, command)
        self.commands.append(("send", case.id, "", command))

    # Callers.

    @rule(what=st.sampled_from(CALLERS), which=some)
    def caller(self, what: str, which: int) -> None:
        page = self.page(which)
        if what == "device":
            self._device(which)
        elif what == "link":
            if self.world.pages:
                self.callers.renew(self.world.pages[which % len(self.world.pages)])
        elif page is None:
            return
        elif what in ("tap", "resume"):
            self.callers.tap(page, resume=what == "resume")
        elif what == "seen":
            self.callers.seen(page)
        elif what == "poll":
            if not page.live:
                self.callers.poll(page)
        elif what == "tab":
            self._tab(page)
        else:
            page.drop()
            page.load()
            if self.callers.open(page) and which % 2:
                page.join()

    def _device(self, which: int) -> None:
        """Somebody opens the link on a phone."""
        if len(self.world.pages) < 5:
            page = self.world.page(self.world.browser(which % len(self.world.cases)))
            if self.callers.open(page):
                page.join()

    def _tab(self, page: Page) -> None:
        """The link is opened once more in the same browser."""
        if len(self.world.pages) < 5:
            second = self.world.page(page.browser)
            if self.callers.open(second):
                second.join()

    @rule(which=some, items=st.lists(drawn.items, min_size=1, max_size=3), later=st.booleans())
    def items(self, which: int, items: list[dict[str, Any]], later: bool) -> None:
        """A page has something to say; it goes out now, or with what goes out next."""
        page = self.page(which)
        if page is None:
            return
        for item in items:
            page.write(self._whole(page, item))
        if not later:
            fresh = [item for _, item in page.written[-len(items) :]]
            self.callers.post(page, page.boot, fresh, by_socket=which % 2 == 0)

    @rule(which=some, picks=st.lists(some, min_size=1, max_size=3), by_socket=st.booleans())
    def items_again(self, which: int, picks: list[int], by_socket: bool) -> None:
        """Acknowledgements were lost: what was sent before is sent again, in any order."""
        page = self.page(which)
        if page is None or not page.written:
            return
        count = len(page.written)
        by_boot: dict[str, list[dict[str, Any]]] = {}
        for place in dict.fromkeys(-1 - pick % count for pick in picks):
            boot, item = page.written[place]
            by_boot.setdefault(boot, []).append(item)
        for boot, items in by_boot.items():
            self.callers.post(page, boot, items, by_socket=by_socket)

    def _whole(self, page: Page, item: dict[str, Any]) -> dict[str, Any]:
        """An answer names a request of the page's call, if there is one."""
        if item["kind"] != "answer":
            return item
        asked = list(self.world.case_of(page).requests)
        request = asked[item["request"] % len(asked)] if asked else str(uuid.uuid4())
        return {**item, "request": request}
