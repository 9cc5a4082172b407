"""Row 11: LiveKit's webhooks lost, doubled, out of order, forged, an hour late."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

from bench.chaos.caller import Caller
from bench.chaos.row import Row, Stage

#: The reconciler asks every 10 s.
REPAIRED_WITHIN = 20.0


@dataclass(frozen=True)
class Room:
    call: str
    name: str
    identity: str


async def tampered(stage: Stage) -> None:
    """Every order of one story, each event twice, ends the same; then the reconciler repairs."""
    ground = stage.ground
    load = await stage.people(callers=8)
    # It asks the real LiveKit, where nobody is: it would mend what is sent here.
    ground.held.add("beat")
    await ground.kill("beat")
    async with stage.fault("out of order and twice", from_end=True):
        now = int(time.time())
        rooms = [await _room(stage, caller) for caller in load.callers[:7]]
        story = [
            ("participant_joined", "PA_1", now),
            ("participant_left", "PA_1", now),
            ("participant_joined", "PA_2", now + 1),
        ]
        for room, order in zip(rooms, itertools.permutations(story), strict=False):
            events = [_event(room, *what) for what in order for _ in range(2)]
            statuses = [await _post(stage, event) for event in (*events, *events[:2])]
            if set(statuses) != {200}:
                stage.outcome.fail(f"a real event was answered {sorted(set(statuses))}")
        ends = [await _present(stage, room) for room in rooms[:6]]
        if ends != [True] * 6:
            stage.outcome.fail(f"the same events ended in {ends}")
    async with stage.fault("forged and an hour late", from_end=True):
        await _forged(stage, rooms[6], rooms[0])
    async with stage.fault("lost", from_end=True):
        ground.held.discard("beat")
        await ground.do(ground.part("beat").start)
        began = time.monotonic()
        # Nobody told that these people are not in their rooms: the reconciler sees it.
        while any([await _present(stage, room) for room in rooms[:6]]):
            if time.monotonic() - began > REPAIRED_WITHIN:
                stage.outcome.fail("the reconciler repaired nothing in 20 s")
                break
            await asyncio.sleep(0.5)
        stage.note(f"lost events repaired {time.monotonic() - began:.1f} s after beat was back")


async def _forged(stage: Stage, absent: Room, present: Room) -> None:
    now = int(time.time())
    event = _event(absent, "participant_joined", "PA_9", now)
    late = _event(present, "participant_left", "PA_1", now - 3600)
    hour_ago = now - 3600
    tries = {
        "no signature": await _post(stage, event, token=""),
        "another key": await _post(stage, event, secret="x" * 43),
        "another body": await _post(stage, event, sent=event + b" "),
        "signed an hour ago": await _post(stage, late, at=hour_ago),
    }
    wrong = {name: status for name, status in tries.items() if status != 401}
    if wrong:
        stage.outcome.fail(f"not refused with 401: {wrong}")
    # Signed now, about an hour ago: taken, and it changes nothing.
    if await _post(stage, late) != 200:
        stage.outcome.fail("a late event was not taken")
    if await _present(stage, absent) or not await _present(stage, present):
        stage.outcome.fail("a forged or late event changed something")


async def _room(stage: Stage, caller: Caller) -> Room:
    """The room of a caller who has tapped."""
    await caller.tap()
    found = await stage.load.staff.api(f"calls/{caller.call}/")
    identity = str(found["call"]["publisher"]["identity"])
    sql = f"SELECT name FROM calls_room WHERE call_id = '{caller.call}' ORDER BY id DESC LIMIT 1;"  # noqa: S608
    names = await stage.ground.do(lambda: stage.ground.database.ask(sql))
    return Room(caller.call, names[-1], identity)


async def _present(stage: Stage, room: Room) -> bool:
    found = await stage.load.staff.api(f"calls/{room.call}/")
    return bool(found["call"]["present"])


def _event(room: Room, name: str, sid: str, joined: int) -> bytes:
    event: dict[str, Any] = {
        "event": name,
        "id": f"EV_{secrets.token_hex(8)}",
        "createdAt": str(joined),
        "room": {"sid": "RM_1", "name": room.name},
        "participant": {
            "sid": sid,
            "identity": room.identity,
            "state": "ACTIVE",
            "joinedAt": str(joined),
            "joinedAtMs": str(joined * 1000),
            "permission": {"canSubscribe": True, "canPublish": True},
        },
    }
    return json.dumps(event).encode()


async def _post(
    stage: Stage,
    event: bytes,
    *,
    token: str | None = None,
    secret: str = "",
    sent: bytes = b"",
    at: int = 0,
) -> int:
    """The status of an event as LiveKit posts it, but for what is given."""
    key, _, real = stage.ground.stack.env["LIVEKIT_KEYS"].split(",")[0].partition(":")
    now = at or int(time.time())
    digest = base64.b64encode(hashlib.sha256(event).digest()).decode()
    claims = {"iss": key, "nbf": now, "exp": now + 300, "sha256": digest}
    signed = jwt.encode(claims, secret or real, algorithm="HS256") if token is None else token
    headers = {"Authorization": signed, "Content-Type": "application/webhook+json"}
    url = f"{stage.ground.origin}/lk/webhook"
    async with stage.ground.http.post(url, data=sent or event, headers=headers) as answer:
        return answer.status


ROWS = [
    Row("11", "webhooks lost, twice, out of order, forged, late", "after its end", 2.0, tampered)
]
