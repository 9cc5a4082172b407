"""What people do, through the real doors; what the server acknowledges is then expected."""

from __future__ import annotations

import json
import uuid
from typing import Any

from dispatch.tests import factories
from dispatch.tests.machine import guard
from dispatch.tests.machine.actors import Page
from dispatch.tests.machine.expect import Case, Known
from dispatch.tests.machine.world import World

#: Answers that say no for a reason; anything else is a defect.
REFUSED = (404, 409, 429)


class Unexpected(AssertionError):
    """The server answered with something that is neither yes nor a reasoned no."""


def settled(answer: Any, *fine: int) -> bool:
    """Whether it was done. Raises Unexpected for an answer nobody should get."""
    if answer.status_code in fine:
        return True
    if answer.status_code in REFUSED:
        return False
    raise Unexpected(f"{answer.status_code}: {answer.content[:300]!r}")


class Staff:
    """What dispatchers do."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _do(self, case: Case, who: int, what: str, body: Any = None, *fine: int) -> bool:
        desk = self.world.desks[case.desk]
        return settled(desk.post(who, f"calls/{case.id}/{what}/", body), *(fine or (200,)))

    def send(self, desk_index: int, who: int, command: str) -> Case:
        """Open a call and send its link."""
        number = factories.number()
        case = Case(self._send(desk_index, who, number, command), desk_index, number)
        case.events["call.opened"] += 1
        self.world.cases.append(case)
        self.world.look_at_room(case)
        return case

    def send_again(self, case: Case, who: int, command: str) -> None:
        """The same order once more: the call there is, and no second text."""
        found = self._send(case.desk, who, case.number, command)
        assert found == case.id, "an order that came twice opened two calls"

    def _send(self, desk_index: int, who: int, number: str, command: str) -> str:
        order = {"number": number, "command": command, "new": True}
        answer = self.world.desks[desk_index].post(who, "calls/", order)
        if answer.status_code != 201:
            raise Unexpected(f"{answer.status_code}: {answer.content[:300]!r}")
        return str(answer.json()["call"]["id"])

    def resend(self, case: Case, who: int) -> None:
        if self._do(case, who, "resend"):
            case.link = True

    def write(self, case: Case, who: int, text: str, command: str) -> None:
        if self._do(case, who, "chat", {"text": text, "command": command}, 201):
            case.wrote(key=command, side="staff", text=text)

    def ask(self, case: Case, who: int, what: str, command: str) -> None:
        if self._do(case, who, "ask", {"what": what, "command": command}, 201):
            case.asked(request=str(uuid.UUID(command)), what=what)

    def take_over(self, case: Case, who: int) -> None:
        self._do(case, who, "take-over")

    def close(self, case: Case, who: int) -> None:
        if self._do(case, who, "close"):
            case.closed()
            case.closed_at = self.world.clock()

    def undo(self, case: Case, who: int) -> None:
        if self._do(case, who, "undo-close"):
            case.reopened()
            self.world.look_at_room(case)

    def revoke(self, case: Case, who: int) -> None:
        if self._do(case, who, "revoke-link"):
            case.revoked()
            self.world.look_at_room(case)


class Callers:
    """What callers and their phones do."""

    def __init__(self, world: World) -> None:
        self.world = world

    def open(self, page: Page) -> bool:
        """Trade the link for a session: a first load, or a reload that knows its session."""
        case = self.world.case_of(page)
        body = {"secret": page.browser.secret, "boot": page.boot}
        if page.session:
            body["session"] = page.session
        answer = page.browser.post("/s/", body)
        if not settled(answer, 200):
            return False
        found = answer.json()
        if found["session"] not in case.sessions:
            case.sessions[found["session"]] = Known()
        case.sessions[found["session"]].boot = page.boot
        page.browser.session = found.pop("session")
        self._private(page, json.dumps({**found, "ws": ""}))
        return True

    def seen(self, page: Page) -> None:
        if settled(page.ask("seen"), 204):
            self.world.case_of(page).opened(page.session)

    def tap(self, page: Page, *, resume: bool = False) -> None:
        answer = page.ask("tap", resume=resume)
        if settled(answer, 200):
            assert answer.json()["publisher"] == page.boot
            self._private(page, answer.content.decode())
            self.world.case_of(page).tapped((page.session, page.boot), resume=resume)

    def seat(self, page: Page) -> str | None:
        """The page's name in the room, if it may have one."""
        answer = page.ask("seat")
        return str(answer.json()["identity"]) if settled(answer, 200) else None

    def poll(self, page: Page) -> None:
        """Ask for what the socket would have said."""
        model = page.model
        answer = page.ask("poll", epoch=model.epoch, last_seq=model.seq)
        if settled(answer, 200):
            text = answer.content.decode()
            page.browser.guard(text)
            page.model.apply(json.loads(text))

    def post(self, page: Page, boot: str, items: list[dict[str, Any]], *, by_socket: bool) -> None:
        """Send items, in whatever order. What comes back as acknowledged is expected from now."""
        if by_socket and page.live and page.line is not None:
            line, count = page.line, len(page.line.other)
            line.say({"t": "items", "boot": boot, "items": items})
            self.world.loop.wait(lambda: len(line.other) > count or line.closed, "an ack")
            outcome = line.other[-1] if line.other and line.other[-1]["t"] == "ack" else None
        else:
            answer = page.ask("items", boot=boot, items=items)
            outcome = answer.json() if settled(answer, 200) else None
        if outcome is None:
            return
        by_seq = {item["client_seq"]: item for item in items}
        answered = [*outcome["acked"], *(one["client_seq"] for one in outcome["refused"])]
        assert sorted(answered) == sorted(item["client_seq"] for item in items)
        codes = {one["code"] for one in outcome["refused"]}
        assert codes <= {"call_closed", "throttled"}, codes
        for item in items:
            if item["client_seq"] in outcome["acked"]:
                self.world.case_of(page).took(page.session, boot, by_seq[item["client_seq"]])

    def renew(self, page: Page) -> None:
        """The person was given a new link after the old one died."""
        case = self.world.case_of(page)
        if case.link and self.world.dead(page):
            page.drop()
            page.browser.secret, page.browser.session = self.world.secret(case), ""
            page.written = []
            page.load()
            self.open(page)

    def _private(self, page: Page, text: str) -> None:
        guard.check_text(text, secrets=self.world.secrets(self.world.case_of(page)))
