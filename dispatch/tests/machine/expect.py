"""What must be so, kept by the machine itself: it follows what the server has acknowledged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: Requests that a tap ends: on the device that sends already, and on another one.
ENDED_BY_TAP = {False: {"stop"}, True: {"stop", "mute", "microphone", "flip"}}
#: Answered without a line in the timeline.
SILENT = {"mute", "stop"}

Where = tuple[str, str]  # session and boot: one page load
Key = tuple[str, str, int]  # session, boot, client_seq: one item


@dataclass
class Asked:
    """One request to the caller's page."""

    what: str
    answer: str = "open"


@dataclass
class Known:
    """One caller session."""

    boot: str = ""  # its newest page load
    permissions: dict[str, tuple[str, str]] = field(default_factory=dict)  # → outcome, boot
    conditions: set[str] = field(default_factory=set)
    opened: bool = False
    dead: bool = False  # its link was revoked


@dataclass
class Seat:
    """What webhooks have told of one participant of the present room."""

    seen: dict[str, int] = field(default_factory=dict)  # connection → when it began, ms
    left: set[str] = field(default_factory=set)

    @property
    def newest(self) -> str:
        return max(self.seen, key=lambda sid: (self.seen[sid], sid))

    @property
    def present(self) -> bool:
        return bool(self.seen) and self.newest not in self.left


@dataclass
class Case:
    """One call, as it must be in the database and on every page."""

    id: str
    desk: int
    number: str
    open: bool = True
    closed_at: datetime | None = None
    #: It left the boards by the clock: what is compared there begins anew.
    off_board: bool = False
    link: bool = True
    chat: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → side, text
    fixes: set[Key] = field(default_factory=set)
    applied: set[Key] = field(default_factory=set)
    sessions: dict[str, Known] = field(default_factory=dict)
    requests: dict[str, Asked] = field(default_factory=dict)
    publisher: Where | None = None
    media: tuple[str, bool, bool] = ("none", False, False)
    #: How often things of these kinds are in the timeline.
    events: Counter[str] = field(default_factory=Counter)
    #: When each stage was first seen as reached.
    stages: dict[str, str] = field(default_factory=dict)
    room: str = ""
    seats: dict[str, Seat] = field(default_factory=dict)
    receipts: set[str] = field(default_factory=set)

    def wrote(self, *, key: str, side: str, text: str) -> None:
        """A message was taken; the second time changes nothing."""
        if key not in self.chat:
            self.chat[key] = (side, text)
            self.events[f"chat.{side}"] += 1

    def asked(self, *, request: str, what: str) -> None:
        """A request was taken."""
        if request in self.requests:
            return
        self._replace({what})
        self.requests[request] = Asked(what)
        self.events[f"request.{what}"] += 1

    def closed(self) -> None:
        if self.open:
            self.open = False
            self.events["call.closed"] += 1
            self._forget_publisher()
            self.seats = {}
            self._replace({asked.what for asked in self.requests.values()})

    def reopened(self) -> None:
        if not self.open:
            self.open = True
            self.events["call.reopened"] += 1

    def revoked(self) -> None:
        if self.link:
            self.link = False
            self.events["link.revoked"] += 1
            self._forget_publisher()
            self.seats = {}
            for known in self.sessions.values():
                known.dead = True

    def opened(self, session: str) -> None:
        """A page of this session is visible."""
        if self.open and not self.sessions[session].opened:
            self.sessions[session].opened = True
            self.events["session.opened"] += 1

    def tapped(self, page: Where, *, resume: bool) -> None:
        """A tap was taken."""
        if self.publisher == page:
            return
        another = self.publisher is None or self.publisher[0] != page[0]
        self._forget_publisher()
        self.publisher = page
        self.opened(page[0])
        if not resume:
            self._replace(ENDED_BY_TAP[another])
            self.events["session.tapped"] += 1

    def took(self, session: str, boot: str, item: dict[str, Any]) -> None:
        """An item was acknowledged."""
        key = (session, boot, item["client_seq"])
        if key in self.applied:
            return
        self.applied.add(key)
        kind, known = item["kind"], self.sessions[session]
        if kind == "fix":
            self.fixes.add(key)
        elif kind == "chat":
            whole = f"{session}:{boot}:{item['client_seq']}"
            self.wrote(key=whole, side="caller", text=item["text"])
        elif kind == "permission":
            before, of = known.permissions.get(item["what"], ("", boot))
            if of == boot or self._speaks(session, boot):
                known.permissions[item["what"]] = (item["outcome"], boot)
                self.events[f"permission.{item['what']}"] += before != item["outcome"]
        elif kind == "conditions" and self._speaks(session, boot):
            names = set(item["names"])
            self.events.update(f"condition.{name}" for name in names - known.conditions)
            self.events.update(f"condition.{name}.over" for name in known.conditions - names)
            known.conditions = names
        elif kind == "media":
            if self.publisher == (session, boot):
                self.media = (item["state"], item["camera"], item["microphone"])
        elif kind == "answer":
            self._answered(session, item)

    def _speaks(self, session: str, boot: str) -> bool:
        """Whether this page load tells how things are now, or is an earlier one."""
        return self.publisher == (session, boot) or self.sessions[session].boot in ("", boot)

    def _answered(self, session: str, item: dict[str, Any]) -> None:
        asked = self.requests.get(item["request"])
        if asked is None or asked.answer != "open":
            return
        if asked.what != "camera" and (self.publisher is None or self.publisher[0] != session):
            return
        asked.answer = item["outcome"]
        if asked.what not in SILENT:
            self.events[f"request.{item['outcome']}"] += 1

    def hooked(self, name: str, *, event: str, room: str, who: str, sid: str, at: int) -> None:
        """A signed webhook was taken in; `at` is when its connection began, or the end (ms)."""
        if event in self.receipts:
            return
        self.receipts.add(event)
        if room != self.room or not self.open:
            return
        if name == "room_finished":
            for seat in self.seats.values():
                # Whole seconds on the wire.
                if seat.present and seat.seen[seat.newest] < at // 1000 * 1000:
                    seat.left.add(seat.newest)
            return
        seat = self.seats.setdefault(who, Seat())
        seat.seen[sid] = at
        if name == "participant_left":
            seat.left.add(sid)

    def _forget_publisher(self) -> None:
        self.publisher, self.media = None, ("none", False, False)

    def _replace(self, whats: set[str]) -> None:
        for asked in self.requests.values():
            if asked.answer == "open" and asked.what in whats:
                asked.answer = "replaced"
