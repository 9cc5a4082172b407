"""Whether a page is heard from, and what it says is not as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callers import consumers, intake, sessions, tasks
from callers.models import CallerSession
from dispatch.calls import cards, requests
from dispatch.calls.models import Call, CallerRequest, CallEvent, Participant
from dispatch.centres.access import scope
from dispatch.console import snapshot
from dispatch.feed import replay
from dispatch.tests import factories
from dispatch.tests.caller import Phone, secret_of
from dispatch.tests.sockets import Socket, run


@pytest.fixture
def call() -> Call:
    return factories.call(centre=factories.centre())


@pytest.fixture
def phone(call: Call) -> Phone:
    browser = Phone(secret_of(call))
    assert browser.open().status_code == 200
    assert browser.say("seen").status_code == 204
    return browser


def session(call: Call) -> CallerSession:
    with scope(call.centre):
        found: CallerSession = CallerSession.objects.get(call=call)
        return found


def heard(call: Call, by: str) -> None:
    with scope(call.centre):
        sessions.heard(CallerSession.objects.get(call=call).pk, by=by)


def silent(call: Call, by: str) -> None:
    with scope(call.centre):
        sessions.silent(session(call).pk, by=by)


def test_the_newest_way_decides(call: Call, phone: Phone) -> None:
    heard(call, "first-socket")
    heard(call, "second-socket")
    silent(call, "first-socket")
    assert session(call).online, "an older socket's end says nothing"
    silent(call, "second-socket")
    assert not session(call).online
    assert session(call).online_at is not None


def test_a_poll_overtaken_by_its_pages_socket_makes_no_living_page_lapse(
    call: Call, phone: Phone
) -> None:
    phone.say("poll")
    heard(call, "socket")
    phone.say("poll")  # was on its way when the socket came
    assert session(call).polled_at is None
    silent(call, "socket")
    phone.say("poll")
    assert session(call).online, "and where the socket ended again, polls count"


def test_a_poll_tells_what_the_socket_would_and_counts_as_a_sign_of_life(
    call: Call, phone: Phone
) -> None:
    first = phone.say("poll").json()
    assert first["t"] == "snapshot"
    assert session(call).online
    assert session(call).polled_at is not None
    with scope(call.centre):
        asked = requests.ask(call, what="camera", command=uuid4(), user=call.owner)
    known = {"epoch": first["epoch"], "last_seq": first["seq"]}
    second = phone.say("poll", **known).json()
    assert second["t"] == "entries"
    assert [(one["kind"], one["id"]) for one in second["entries"]] == [("request", str(asked.pk))]
    assert "name" not in second["entries"][0]["body"]


def test_pages_that_stop_asking_lapse(call: Call, phone: Phone) -> None:
    phone.say("poll")
    tasks.lapse()
    assert session(call).online
    with scope(call.centre):
        CallerSession.objects.filter(call=call).update(
            polled_at=timezone.now() - timedelta(seconds=9)
        )
    assert tasks.lapse() >= 1
    assert not session(call).online


def present(call: Call) -> bool:
    with scope(call.centre):
        now = Call.objects.select_related("owner", "publisher", "centre").get(pk=call.pk)
        return bool(cards.centre_card(now)["present"])


def test_a_publisher_that_is_not_heard_is_not_present(call: Call, phone: Phone) -> None:
    """LiveKit lists a phone that died for some 20 s more."""
    heard(call, "socket")
    phone.say("tap")
    with scope(call.centre):
        who = Participant.objects.get(call=call, boot=phone.boot)
        Participant.objects.filter(pk=who.pk).update(sid="PA_1")
    assert present(call)
    silent(call, "an older socket")
    assert present(call)
    head = replay.head(call.centre.stream)
    silent(call, "socket")
    assert not present(call)
    with scope(call.centre):
        assert Participant.objects.get(pk=who.pk).sid == "PA_1", "LiveKit has its own truth"
    told = [one["body"] for one in replay.entries_after(call.centre.stream, head)]
    assert [body["present"] for body in told if "present" in body] == [False]
    phone.say("poll")
    assert present(call)
    tasks.lapse()
    assert present(call)
    with scope(call.centre):
        CallerSession.objects.filter(call=call).update(
            polled_at=timezone.now() - timedelta(seconds=9)
        )
    tasks.lapse()
    assert not present(call)
    heard(call, "another socket")
    assert present(call)


def item(phone: Phone, kind: str, **fields: Any) -> Any:
    return phone.items({"kind": kind, **fields})


def test_conditions_are_facts_with_a_beginning_and_an_end(call: Call, phone: Phone) -> None:
    item(phone, "conditions", names=["hidden", "tcp", "of-a-newer-page"])
    assert session(call).conditions == ["hidden", "tcp"]
    item(phone, "conditions", names=["tcp"])
    assert session(call).conditions == ["tcp"]
    with scope(call.centre):
        told = CallEvent.objects.filter(call=call, kind__startswith="condition.")
        kinds = list(told.order_by("at", "pk").values_list("kind", flat=True))
    assert kinds == ["condition.hidden", "condition.tcp", "condition.hidden.over"]


def test_an_answer_reaches_the_request(call: Call, phone: Phone) -> None:
    with scope(call.centre):
        asked = requests.ask(call, what="camera", command=uuid4(), user=call.owner)
    item(phone, "answer", request=str(asked.pk), outcome="declined")
    with scope(call.centre):
        assert CallerRequest.objects.get(pk=asked.pk).answer == "declined"
    assert item(phone, "answer", request="no-uuid", outcome="done")["refused"]


def test_a_persons_tap_is_not_ended_by_an_order_to_the_page_before(
    call: Call, phone: Phone
) -> None:
    phone.say("tap")
    with scope(call.centre):
        stop = requests.ask(call, what="stop", command=uuid4(), user=None)
        mute = requests.ask(call, what="mute", command=uuid4(), user=call.owner)
    phone.load()
    phone.say("tap", resume=True)
    with scope(call.centre):
        waiting = {one.pk for one in requests.open_ones(call)}
    assert waiting == {stop.pk, mute.pk}, "a reload goes on as it was: it obeys"
    phone.load()
    phone.say("tap")
    with scope(call.centre):
        assert [one.pk for one in requests.open_ones(call)] == [mute.pk]
    stranger = Phone(secret_of(call))
    stranger.open()
    stranger.say("tap")
    with scope(call.centre):
        assert requests.open_ones(call) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_calls_row_is_locked_before_the_sessions(
    call: Call, phone: Phone, language: str
) -> None:
    """A page that is loaded again posts the last one's items at the very same moment."""

    def locked(work: Callable[[], Any]) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            work()
        said = [one["sql"] for one in queries.captured_queries]
        return [
            "call" if '"calls_call"' in sql else "session"
            for sql in said
            if sql.startswith('UPDATE "callers_callersession"')
            or ("FOR NO KEY UPDATE" in sql and '"calls_call"' in sql)
        ]

    phone.load()
    order = locked(lambda: phone.open(seat=True, language=language))
    assert order[0] == "call"
    assert "session" in order
    order = locked(lambda: item(phone, "language", language="ar"))
    assert order[0] == "call"
    assert order[-1] == "session"


def told(call: Call) -> list[dict[str, Any]]:
    """What the consoles were told of sessions, oldest first."""
    found = replay.entries_after(call.centre.stream, 0)
    return [entry["body"] for entry in found if entry["kind"] == "session"]


def test_a_tap_that_overtakes_the_first_look_opens_the_session_too(call: Call) -> None:
    browser = Phone(secret_of(call))
    browser.open()
    items = [{"client_seq": 1, "kind": "conditions", "names": ["hidden"]}]
    assert browser.say("items", items=items).json()["acked"] == [1]
    assert told(call) == []  # it stands in no snapshot either
    assert browser.say("tap").status_code == 200
    with scope(call.centre, snapshot=True):
        shown = [item["body"] for item in snapshot.items() if item["kind"] == "session"]
    assert shown == told(call)[-1:]
    assert shown[0]["opened_at"] is not None
    assert browser.say("seen").status_code == 204
    with scope(call.centre):
        assert CallEvent.objects.filter(call=call, kind="session.opened").count() == 1


def test_a_socket_whose_process_was_killed_lapses(call: Call, phone: Phone) -> None:
    heard(call, "socket")
    tasks.lapse()
    assert session(call).online
    with scope(call.centre):
        CallerSession.objects.filter(call=call).update(
            heard_at=timezone.now() - timedelta(seconds=61)
        )
    assert sessions.confirm({session(call).pk}) == set()
    tasks.lapse()
    assert session(call).online, "its process has just found it alive"
    with scope(call.centre):
        CallerSession.objects.filter(call=call).update(
            heard_at=timezone.now() - timedelta(seconds=61)
        )
    tasks.lapse()
    assert not session(call).online
    assert sessions.confirm({session(call).pk}) == {session(call).pk}, "it lives after all"


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("what was waited for did not come")


async def _joined(phone: Phone) -> Socket:
    socket = await asyncio.to_thread(phone.socket)
    assert await socket.open()
    await socket.until(lambda model, message: message["t"] == "beat")
    return socket


def test_the_tab_that_stays_is_still_there(call: Call, phone: Phone) -> None:
    async def work() -> None:
        first, second = await _joined(phone), await _joined(phone)
        newest = await asyncio.to_thread(lambda: session(call).online_by)
        await second.close()
        await _until(lambda: session(call).online and session(call).online_by != newest)
        await first.close()
        await _until(lambda: not session(call).online)

    run(work())


def test_a_page_that_answers_no_heartbeat_is_gone(
    call: Call, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "SILENT_AFTER_S", 0.3)

    async def work() -> None:
        socket = await _joined(phone)
        await _until(lambda: not session(call).online)
        await socket.say({"t": "beat"})
        await _until(lambda: session(call).online)
        await socket.close()

    run(work())


def test_a_page_whose_words_are_being_stored_is_not_gone(
    call: Call, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "SILENT_AFTER_S", 0.2)
    slowly, gone = intake.apply_soon, []

    async def apply_soon(**post: Any) -> Any:
        await asyncio.sleep(1)
        return await slowly(**post)

    monkeypatch.setattr(intake, "apply_soon", apply_soon)
    monkeypatch.setattr(sessions, "silent", lambda *args, **how: gone.append(how))

    async def work() -> None:
        socket = await _joined(phone)
        words = [{"client_seq": 1, "kind": "chat", "text": "slow"}]
        await socket.say({"t": "items", "boot": phone.boot, "items": words})
        await socket.until(lambda model, message: message["t"] == "ack")
        assert gone == []
        await socket.close()

    run(work())
