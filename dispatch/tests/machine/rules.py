"""What people may do, in whatever order Hypothesis likes."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from dispatch.tests.machine import drawn
from dispatch.tests.machine.actors import Page
from dispatch.tests.machine.acts import Callers, Staff
from dispatch.tests.machine.expect import Case
from dispatch.tests.machine.ground import Ground
from dispatch.tests.machine.hooks import MediaServer
from dispatch.tests.machine.world import World

some = st.integers(0, 5)
who = st.integers(0, 1)


def someone(machine: Any) -> bool:
    """Whether there is a page that works."""
    return any(not machine.world.dead(page) for page in machine.world.pages)


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

    @initialize()
    def begin(self) -> None:
        desk = self.world.desk()
        self.world.console(desk, 0)
        self.staff.send(0, 0)
        self.device(0)

    # Helpers.

    def case(self, which: int) -> Case:
        return self.world.cases[which % len(self.world.cases)]

    def page(self, which: int) -> Page:
        """A page whose link works, or worked until now."""
        living = [page for page in self.world.pages if not self.world.dead(page)]
        return living[which % len(living)]

    # Staff.

    @precondition(lambda self: len(self.world.cases) < 3)
    @rule(who=who, elsewhere=st.booleans())
    def send(self, who: int, elsewhere: bool) -> None:
        if elsewhere and len(self.world.desks) < 2:
            self.world.console(self.world.desk(), who)
        self.staff.send(len(self.world.desks) - 1 if elsewhere else 0, who)

    @rule(which=some, who=who)
    def resend(self, which: int, who: int) -> None:
        self.staff.resend(self.case(which), who)

    @rule(which=some, who=who, text=drawn.texts)
    def write(self, which: int, who: int, text: str) -> None:
        case, command = self.case(which), str(uuid.uuid4())
        self.commands.append(("write", case.id, text, command))
        self.staff.write(case, who, text, command)

    @rule(which=some, who=who, what=drawn.requests)
    def ask(self, which: int, who: int, what: str) -> None:
        case, command = self.case(which), str(uuid.uuid4())
        self.commands.append(("ask", case.id, what, command))
        self.staff.ask(case, who, what, command)

    @precondition(lambda self: self.commands)
    @rule(which=some, who=who)
    def repeat_command(self, which: int, who: int) -> None:
        """The answer to a command was lost, so the console sends it again."""
        name, of, content, command = self.commands[which % len(self.commands)]
        for case in self.world.cases:
            if case.id == of and name == "write":
                self.staff.write(case, who, content, command)
            elif case.id == of:
                self.staff.ask(case, who, content, command)

    @rule(which=some, who=who)
    def take_over(self, which: int, who: int) -> None:
        self.staff.take_over(self.case(which), who)

    @rule(which=some, who=who)
    def close(self, which: int, who: int) -> None:
        self.staff.close(self.case(which), who)

    @rule(which=some, who=who)
    def undo(self, which: int, who: int) -> None:
        if not self.case(which).off_board:
            self.staff.undo(self.case(which), who)

    @rule(which=some, who=who)
    def revoke(self, which: int, who: int) -> None:
        self.staff.revoke(self.case(which), who)

    @precondition(lambda self: len(self.world.consoles) < 3)
    @rule(which=some, who=who)
    def another_console(self, which: int, who: int) -> None:
        self.world.console(self.world.desks[which % len(self.world.desks)], who)

    # Callers.

    @precondition(lambda self: len(self.world.pages) < 5)
    @rule(which=some)
    def device(self, which: int) -> None:
        """Somebody opens the link on a phone."""
        index = which % len(self.world.cases)
        page = self.world.page(self.world.browser(index))
        if self.callers.open(page):
            page.join()

    @precondition(lambda self: len(self.world.pages) < 5 and someone(self))
    @rule(which=some)
    def second_tab(self, which: int) -> None:
        page = self.world.page(self.page(which).browser)
        if self.callers.open(page):
            page.join()

    @precondition(someone)
    @rule(which=some, joins=st.booleans())
    def reload(self, which: int, joins: bool) -> None:
        page = self.page(which)
        page.drop()
        page.load()
        if self.callers.open(page) and joins:
            page.join()

    @rule(which=some)
    def new_link(self, which: int) -> None:
        if self.world.pages:
            self.callers.renew(self.world.pages[which % len(self.world.pages)])

    @precondition(someone)
    @rule(which=some)
    def seen(self, which: int) -> None:
        self.callers.seen(self.page(which))

    @precondition(someone)
    @rule(which=some, resume=st.booleans())
    def tap(self, which: int, resume: bool) -> None:
        self.callers.tap(self.page(which), resume=resume)

    @precondition(someone)
    @rule(which=some)
    def poll(self, which: int) -> None:
        page = self.page(which)
        if not page.live:
            self.callers.poll(page)

    @precondition(someone)
    @rule(which=some, items=st.lists(drawn.items, min_size=1, max_size=3), later=st.booleans())
    def items(self, which: int, items: list[dict[str, Any]], later: bool) -> None:
        """A page has something to say; it goes out now, or with what goes out next."""
        page = self.page(which)
        for item in items:
            page.write(self._whole(page, item))
        if not later:
            fresh = [item for boot, item in page.written[-len(items) :] if boot == page.boot]
            self.callers.post(page, page.boot, fresh, by_socket=which % 2 == 0)

    @precondition(lambda self: any(page.written for page in self.world.pages))
    @rule(which=some, picks=st.lists(some, min_size=1, max_size=3), by_socket=st.booleans())
    def items_again(self, which: int, picks: list[int], by_socket: bool) -> None:
        """Acknowledgements were lost: what was sent before is sent again, in any order."""
        page = self.world.pages[which % len(self.world.pages)]
        if self.world.dead(page) or not page.written:
            return
        chosen = {
            pick % len(page.written): page.written[pick % len(page.written)] for pick in picks
        }
        by_boot: dict[str, list[dict[str, Any]]] = {}
        for boot, item in chosen.values():
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
