"""Boards and callers, made directly in the database; and how long a board's snapshot takes."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callers import fixes, links, track
from callers.models import CallerSession
from dispatch.calls import chat, events, services, stages
from dispatch.calls.models import Stage
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, Membership, User
from dispatch.console import snapshot
from dispatch.feed import replay

#: Calls made in one transaction.
AT_ONCE = 50


@dataclass(frozen=True)
class Caller:
    """One session of one call, and the cookie that proves it."""

    centre: Centre
    session: Any
    call: Any
    cookie: str


def centre(name: str) -> Centre:
    return Centre.objects.create(slug=f"b{secrets.token_hex(5)}", name=name)


def people(of: Centre, calls: int, *, lived: bool) -> list[Caller]:
    """Open calls with a session each. `lived`: with words, events, stages and a position too."""
    owner = User.objects.create_user(f"{of.slug}@bench.example", None, name="Bench")
    Membership.objects.create(user=owner, centre=of, role=Membership.Role.DISPATCHER)
    made: list[Caller] = []
    while len(made) < calls:
        with scope(of):
            few = range(len(made), min(len(made) + AT_ONCE, calls))
            made += [_caller(of, owner, number, lived) for number in few]
    now = timezone.now()
    if lived:
        fixes.store([fixes.Post(of, one.session, [_point(one.session, now)]) for one in made])
    return made


def _point(session: Any, now: datetime) -> track.Point:
    return track.Point(
        session, "bench-boot", 1, -72.9, 41.3, 12.5, None, None, None, now, now, None, False
    )


def _caller(of: Centre, owner: User, number: int, lived: bool) -> Caller:
    cookie = secrets.token_urlsafe(24)
    call, _ = services.open_call(
        centre=of, owner=owner, number=f"+1203555{number:04}", language="en", another=True
    )
    now = timezone.now()
    session = CallerSession.objects.create(
        centre=of,
        call=call,
        link=links.make(call),
        cookie_sha256=hashlib.sha256(cookie.encode()).hexdigest(),
        device="iPhone, Safari",
        language="en",
        opened_at=now,
    )
    if lived:
        for text in ("Can you hear me?", "Yes", "Show me the door", "Here"):
            chat.post(call, text=text, key=text, session=session.pk)
        for stage in (Stage.ACCEPTED, Stage.DELIVERED, Stage.OPENED, Stage.TAPPED):
            stages.reach(call, stage)
        for what in ("camera", "microphone", "position"):
            events.record(call, f"permission.{what}", data={"detail": "allowed"})
    return Caller(of, session.pk, call.pk, cookie)


@dataclass(frozen=True)
class Board:
    """A fresh snapshot of a board: what it holds, how many queries, and milliseconds, sorted."""

    calls: int
    items: int
    queries: int
    took_ms: list[float]


def measure(of: Centre, times: int = 7) -> Board:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        with scope(of, snapshot=True):
            found = replay.snapshot(of.stream, snapshot.items())
        took.append((time.perf_counter() - began) * 1000)
    with CaptureQueriesContext(connection) as seen, scope(of, snapshot=True):
        replay.snapshot(of.stream, snapshot.items())
    calls = sum(item["kind"] == "call" for item in found["items"])
    assert len(found["latest"]) >= calls, "a position of each call"
    return Board(calls, len(found["items"]), len(seen), sorted(took))
