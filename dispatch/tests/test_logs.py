"""The log of the main job, at its most talkative: which call it is about, and nothing of anyone."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import structlog
from django.db import DataError, connection
from django.test import Client

from callers import links
from callers.models import TextMessage
from callers.sms import gateway
from dispatch.calls import livekit, rooms
from dispatch.calls import tasks as media
from dispatch.calls.livekit import Seen
from dispatch.calls.models import Call, MediaNode, Room
from dispatch.centres.access import scope
from dispatch.logging import TALKATIVE, about, configure, own_context
from dispatch.tests import factories, fakes, sockets
from dispatch.tests.caller import Phone, fix, secret_of
from dispatch.tests.fakes import FakeLiveKit

#: Not to be in any line. The number is one of those kept for fiction.
NUMBER = "+12035550147"
SAID = ("the-words-of-the-dispatcher", "the-words-of-the-caller")
LAT, LON = 41.268912, -72.915134


class Captured(io.StringIO):
    """What is written, as text and as lines."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextmanager
def everything() -> Iterator[Captured]:
    """All loggers as an operator gets them with LOG_LEVEL=DEBUG, through the real formatter."""
    root = logging.getLogger()
    before, handlers = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict)}
    configure({"level": "DEBUG"})
    (own,) = (one for one in root.handlers if type(one) is logging.StreamHandler)
    out = Captured()
    own.setStream(out)
    try:
        yield out
    finally:
        root.handlers, root.level = handlers, before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[MediaNode]:
    settings.LIVEKIT_KEYS = factories.NODE_KEYS
    settings.DEVELOPMENT = True
    settings.SMS_PROVIDER = "demo"
    MediaNode.objects.update(state=MediaNode.State.OFF)
    yield factories.node()
    MediaNode.objects.update(state=MediaNode.State.OFF)


def api(staff: Client, centre: Any, path: str, body: dict[str, Any] | None = None) -> Any:
    return staff.post(
        f"/api/v1/centres/{centre.slug}/{path}",
        body or {},
        content_type="application/json",
        HTTP_ORIGIN="http://localhost",
    )


def drive(node: MediaNode, fake: FakeLiveKit) -> tuple[Call, set[str]]:
    """The main job from the number to the end, and all that must not be told of it."""
    centre = factories.centre()
    owner = factories.user(centre=centre, password="a-password-of-twelve")
    staff = sockets.client_of(owner)
    made = api(staff, centre, "calls/", {"number": NUMBER, "language": "en"})
    assert made.status_code == 201, made.content
    with scope(centre):
        call: Call = Call.objects.get(pk=made.json()["call"]["id"])
    factories.carry_out(centre)
    with scope(centre):
        assert TextMessage.objects.get(call=call).state == TextMessage.State.DELIVERED
    secret = secret_of(call)
    phone = Phone(secret)
    assert phone.open(seat=True).status_code == 200
    phone.say("seen")
    taken = phone.say("seat").json()
    assert phone.say("tap").status_code == 200
    outcome = phone.items(
        {"kind": "permission", "what": "camera", "outcome": "granted"},
        fix(lat=LAT, lon=LON),
        {"kind": "chat", "text": SAID[1]},
        {"kind": "media", "state": "live", "camera": True, "microphone": True},
        {"kind": "chat"},
    )
    assert len(outcome["acked"]) == 4
    seen = fake.enter(node, taken["token"])
    with scope(centre):
        room = Room.objects.get(call=call, ended_at=None).name
    key, sign = next(iter(factories.NODE_KEYS.items()))
    told = fakes.webhook("participant_joined", room, seen, key=key, secret=sign)
    lie = Seen(seen.identity, "PA_lie", datetime.now(UTC))
    forged = fakes.webhook("participant_left", room, lie, key=key, secret="z" * 40)
    for (body, authorization), status in ((told, 200), (forged, 401)):
        answer = Client().post(
            "/lk/webhook",
            body,
            content_type="application/webhook+json",
            headers={"Authorization": authorization},
        )
        assert answer.status_code == status
    api(staff, centre, f"calls/{call.pk}/chat/", {"text": SAID[0], "command": str(uuid4())})
    api(staff, centre, f"calls/{call.pk}/show-link/")
    staff_seat = api(staff, centre, f"calls/{call.pk}/seat/", {"boot": "b" * 12}).json()
    talk_on_sockets(call, owner, phone)
    media.reconcile()
    return call, {
        *SAID,
        NUMBER,
        NUMBER[1:],
        quote(NUMBER),
        NUMBER[-7:],
        str(LAT),
        str(LON),
        secret,
        links.fingerprint(secret),
        phone.http.cookies["sl_session"].value,
        staff.cookies["sessionid"].value,
        taken["token"],
        staff_seat["token"],
        told[1],
        forged[1],
        "relay-password",
        owner.email,
    }


def talk_on_sockets(call: Call, owner: Any, phone: Phone) -> None:
    console, page = sockets.console(owner, call.centre), phone.socket()

    async def work() -> None:
        for one in (console, page):
            assert await one.open()
            await one.until(lambda model, message: message["t"] == "beat")
        item = {"client_seq": 90, "kind": "chat", "text": SAID[1]}
        await page.say({"t": "items", "boot": phone.boot, "items": [item]})
        await page.until(lambda model, message: page.other)
        await asyncio.gather(console.close(), page.close())

    sockets.run(work())


def trouble(call: Call, node: MediaNode, fake: FakeLiveKit, patch: pytest.MonkeyPatch) -> None:
    """What fails on the way: a node, a provider, a page that somebody mistyped, a bug."""
    staff = sockets.client_of(call.owner)
    assert Client().get(f"/no/such/page/?number={quote(NUMBER)}").status_code == 404
    staff.get(f"/console/?centre=none&number={quote(NUMBER)}")
    fake.down = {node.pk}
    answer = api(staff, call.centre, f"calls/{call.pk}/seat/", {"boot": "c" * 12})
    assert answer.status_code == 503
    media.reconcile()
    with scope(call.centre):
        rooms.move(Call.objects.get(pk=call.pk), "test")
    factories.carry_out(call.centre)
    fake.down = set()

    def refuse(*_: Any, **__: Any) -> Any:
        # As a database quotes what it was given.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (%s || ' ' || ST_SetSRID(ST_MakePoint(%s, %s), 4326)::text)::int",
                [NUMBER, LON, LAT],
            )

    with patch.context() as broken:
        broken.setattr(gateway, "get", refuse)
        api(staff, call.centre, f"calls/{call.pk}/resend/")
        factories.carry_out(call.centre, "callers.text")
        broken.setattr("callers.invites.resend", refuse)
        with pytest.raises(DataError):
            api(staff, call.centre, f"calls/{call.pk}/resend/")
        staff.raise_request_exception = False
        assert api(staff, call.centre, f"calls/{call.pk}/resend/").status_code == 500
    api(staff, call.centre, f"calls/{call.pk}/close/")
    factories.carry_out(call.centre)


def test_nothing_of_anyone_and_always_the_call(
    node: MediaNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeLiveKit().install(monkeypatch)
    with everything() as out:
        call, secrets = drive(node, fake)
        trouble(call, node, fake, monkeypatch)
    said, lines = out.getvalue(), out.lines()
    found = {secret for secret in secrets if secret in said}
    assert not found, [line for line in said.splitlines() if any(one in line for one in found)][:3]

    # Lines about a call carry it, whichever part wrote them; the others carry none.
    events: dict[str, set[Any]] = {}
    for line in lines:
        events.setdefault(str(line["event"]), set()).add(line.get("call"))
    for event in (
        "seat_without_video",
        "media_node_unreachable",
        "room_ended",
        "outbox_carry_failed",
    ):
        assert str(call.pk) in events[event], (event, sorted(events))
    for event in ("seat_without_video", "room_ended", "outbox_carry_failed"):
        assert None not in events[event], event
    failed = [line for line in lines if line["event"].startswith("Internal Server Error")]
    assert failed, sorted(events)
    assert {line.get("call") for line in failed} == {str(call.pk)}
    assert "[redacted]" in failed[0]["exception"], "the database quoted the row"
    assert events["Not Found: /no/such/page/"] == {None}
    assert events["webhook_bad_signature"] == {None}


def test_the_search_would_find_what_a_careless_line_tells() -> None:
    with everything() as out:
        logging.getLogger("careless").debug("asked at %s by %s", LAT, SAID[0])
    assert str(LAT) in out.getvalue()
    assert SAID[0] in out.getvalue()


def test_what_libraries_hand_over_is_plain_and_redacted() -> None:
    shown = livekit.WebhookEvent  # any object at all
    with everything() as out:
        log = logging.getLogger("library")
        log.warning("to %s", NUMBER, extra={"request": shown, "status_code": 404})
        log.warning("at POINT(%s %s)", LON, LAT)
        log.warning("DETAIL:  Key (number)=(x) exists.\nnext", extra={"many": [LAT]})
        log.warning("took 12.345 s, id 0123456789abcdef")
    first, second, third, fourth = out.lines()
    assert first["event"] == "to [redacted]"
    assert (first["request"], first["status_code"]) == ("type", 404)
    assert second["event"] == "at [redacted]"
    assert third["event"] == "DETAIL:[redacted]\nnext"
    assert third["many"] == "list"
    assert fourth["event"] == "took 12.345 s, id 0123456789abcdef"


def test_what_prints_all_that_passes_is_not_let_down_to_debug() -> None:
    with everything():
        assert logging.getLogger("dispatch.calls").isEnabledFor(logging.DEBUG)
        for name in (*TALKATIVE, "websockets.server", "aiohttp.client"):
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG), name


def test_a_door_keeps_its_lines_to_itself() -> None:
    with own_context():
        about("another request's")
        assert Client().get("/health/live").status_code == 200
        assert structlog.contextvars.get_contextvars() == {}
        about("outer")
        with own_context():
            assert structlog.contextvars.get_contextvars() == {}
            about("inner")
        assert structlog.contextvars.get_contextvars() == {"call": "outer"}


def test_the_threads_of_the_feed_carry_nothing_over() -> None:
    from dispatch.feed import threads

    def job(number: int) -> dict[str, Any]:
        before = dict(structlog.contextvars.get_contextvars())
        about(number)
        return before

    async def work() -> list[dict[str, Any]]:
        return await asyncio.gather(*(threads.in_thread(job, number) for number in range(40)))

    assert all(found == {} for found in sockets.run(work()))
