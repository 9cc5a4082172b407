"""A media server that tells late, twice, in disorder, and somebody who pretends to be it."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from django.test import Client

from dispatch.calls.livekit import Seen
from dispatch.calls.models import Participant
from dispatch.centres.access import scope
from dispatch.tests import factories, fakes
from dispatch.tests.machine.actors import lean
from dispatch.tests.machine.expect import Case
from dispatch.tests.machine.world import World

((KEY, SECRET),) = factories.NODE_KEYS.items()
_numbers = itertools.count(1)

#: As it was sent; signed by somebody else; or sent anew with the same contents.
Way = Literal["as it is", "forged", "again"]


@dataclass(frozen=True)
class Hook:
    """One webhook. `at`: when its connection began, or the room ended (ms, the node's clock)."""

    name: str
    event: str
    case: int
    room: str
    who: str
    sid: str
    at: int


class MediaServer:
    """Makes webhooks of what happens in rooms; any of them may be delivered at any time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hooks: list[Hook] = []
        self._now = int(time.time() * 1000)
        self._http = lean(Client(HTTP_HOST="localhost"))

    def enter(self, index: int, who: str) -> None:
        """A page's connection begins."""
        sid, room = f"PA_{next(_numbers)}", self.world.cases[index].room
        self.hooks.append(self._hook("participant_joined", index, room, who, sid))

    def leave(self, which: int) -> None:
        """A connection ends, or that of another page if `which` is of no connection."""
        joined = [hook for hook in self.hooks if hook.name == "participant_joined"]
        if joined:
            one = joined[which % len(joined)]
            self.hooks.append(replace(one, name="participant_left", event=_event()))

    def finish(self, index: int) -> None:
        """The server closes a room."""
        room = self.world.cases[index].room
        self.hooks.append(self._hook("room_finished", index, room, "", ""))

    def deliver(self, which: int, way: Way) -> None:
        """One webhook, of however long ago, comes in through the real door."""
        if not self.hooks:
            return
        hook = self.hooks[which % len(self.hooks)]
        if way == "again":
            hook = replace(hook, event=_event())
        answer = self._post(hook, secret="x" * 40 if way == "forged" else SECRET)
        if way == "forged":
            assert answer == 401, f"a forged webhook was answered with {answer}"
            return
        assert answer == 200, f"a webhook was answered with {answer}"
        if hook.who and not self._known(hook):
            return  # it got its place in a database that is no more
        self._case(hook).hooked(
            hook.name, event=hook.event, room=hook.room, who=hook.who, sid=hook.sid, at=hook.at
        )

    def _known(self, hook: Hook) -> bool:
        with scope(self.world.desks[self._case(hook).desk].centre):
            return bool(Participant.objects.filter(identity=hook.who).exists())

    def _case(self, hook: Hook) -> Case:
        return self.world.cases[hook.case]

    def _hook(self, name: str, index: int, room: str, who: str, sid: str) -> Hook:
        self._now += 1_500
        return Hook(name, _event(), index, room, who, sid, self._now)

    def _post(self, hook: Hook, *, secret: str) -> int:
        at = datetime.fromtimestamp(hook.at / 1000, UTC)
        seen = Seen(hook.who, hook.sid, at) if hook.sid else None
        body, authorization = fakes.webhook(
            hook.name, hook.room, seen, key=KEY, secret=secret, event_id=hook.event, at=at
        )
        answer = self._http.post(
            "/lk/webhook",
            body,
            content_type="application/webhook+json",
            headers={"Authorization": authorization},
        )
        return answer.status_code


def _event() -> str:
    return f"EV_machine_{time.time_ns()}_{next(_numbers)}"
