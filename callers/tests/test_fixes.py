"""Position intake: many posts in one transaction, each fix once, nobody told before the commit."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import redis
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from callers import fixes, intake, links, throttles, track
from callers.models import CallerSession, Fix, LastPosition
from dispatch.calls import services
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.errors import Conflict, NotFound
from dispatch.feed import publish
from dispatch.tests import factories
from dispatch.tests.caller import fix


def session_of(call: Call) -> CallerSession:
    """A browser that opened the call's link."""
    with scope(call.centre):
        made: CallerSession = CallerSession.objects.create(
            centre_id=call.centre_id,
            call=call,
            link=links.make(call),
            cookie_sha256=secrets.token_hex(32),
        )
    return made


def point(session: CallerSession, seq: int, **fields: Any) -> track.Point:
    now = timezone.now()
    values: dict[str, Any] = {
        "session_id": session.pk,
        "boot": "boot-one",
        "client_seq": seq,
        "lat": 41.3,
        "lon": -72.9,
        "accuracy": 12.0,
        "altitude": None,
        "heading": None,
        "speed": None,
        "at": now,
        "received_at": now,
        "device_at": None,
        "corrected": False,
    }
    return track.Point(**(values | fields))


def post(session: CallerSession, *points: track.Point) -> fixes.Post:
    return fixes.Post(session.call.centre, session.pk, list(points))


def stored(call: Call) -> list[int]:
    with scope(call.centre):
        return list(
            Fix.objects.filter(call=call)
            .order_by("client_seq")
            .values_list("client_seq", flat=True)
        )


def last(call: Call) -> LastPosition:
    with scope(call.centre):
        found: LastPosition = LastPosition.objects.get(call=call)
    return found


@pytest.fixture
def session() -> CallerSession:
    return session_of(factories.call(centre=factories.centre()))


@contextmanager
def held(call: Call) -> Iterator[None]:
    """Somebody else writes to the call's last position and has not committed yet."""
    with scope(call.centre):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM callers_lastposition WHERE call_id = %s FOR UPDATE", [call.pk]
            )
        yield


def until(what: Callable[[], Any], within: float = 5) -> Any:
    deadline = time.monotonic() + within
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)
    return found


def writer_waits() -> int | None:
    """The database process in which a batch waits for us, once there is one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def test_nobody_is_told_before_the_commit_and_what_waits_is_written_together(
    session: CallerSession,
) -> None:
    call, queue = session.call, fixes.Intake()
    queue.put(post(session, point(session, 1))).result(5)
    client: Any = redis.Redis.from_url(settings.REDIS_URL)
    listening = client.pubsub(ignore_subscribe_messages=True)
    listening.subscribe(publish.channel(call.centre.stream))
    listening.get_message(timeout=1)
    others = [session_of(factories.call(centre=call.centre)) for _ in range(20)]
    with held(call):
        first = queue.put(post(session, point(session, 2)))
        until(writer_waits)
        rest = [queue.put(post(one, point(one, 1))) for one in others]
        time.sleep(0.1)
        assert not first.done()
        assert not any(future.done() for future in rest)
        assert queue.waiting == 21
        assert [stored(call), stored(others[0].call)] == [[1], []]
    for future in (first, *rest):
        future.result(5)
    until(lambda: queue.waiting == 0)
    assert stored(call) == [1, 2]
    assert all(stored(one.call) == [1] for one in others)
    assert queue.stored == 22
    heard = iter(lambda: listening.get_message(timeout=1), None)
    pushed = [msgspec.json.decode(message["data"]).get("latest") for message in heard]
    # One publish for each batch: the one that was held, and one for the twenty that waited.
    assert [len(values) for values in pushed if values] == [1, 20]
    listening.close()
    client.close()


def test_each_fix_is_there_once_whatever_way_and_however_often_it_comes() -> None:
    calls = [factories.call(centre=factories.centre()) for _ in range(3)]
    sessions = [session_of(call) for call in calls]
    queues = [fixes.Intake(), fixes.Intake()]  # two processes

    def send(number: int) -> None:
        session = sessions[number % 3]
        points = [point(session, 1 + (number + step) % 40) for step in range(20)]
        queues[number % 2].put(post(session, *points)).result(20)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, range(240)))
    for call in calls:
        assert stored(call) == list(range(1, 41))
        with scope(call.centre):
            assert set(Fix.objects.filter(call=call).values_list("centre_id", flat=True)) == {
                call.centre_id
            }
            newest = Fix.objects.filter(call=call).order_by("-at").first()
        assert last(call).at == newest.at
        assert last(call).version <= 40


def test_only_a_newer_fix_moves_the_last_position(session: CallerSession) -> None:
    call, queue, now = session.call, fixes.Intake(), timezone.now()

    def send(seq: int, seconds: float, lat: float) -> tuple[int, float]:
        at = now + timedelta(seconds=seconds)
        queue.put(post(session, point(session, seq, at=at, lat=lat))).result(5)
        found = last(call)
        return found.version, found.point.y

    assert send(1, 0, 41.0) == (1, 41.0)
    assert send(2, 5, 42.0) == (2, 42.0)
    assert send(3, 2, 43.0) == (2, 42.0), "an older one came late"
    assert send(2, 9, 44.0) == (2, 42.0), "the same one came again, its age measured anew"
    assert send(4, 9, 45.0) == (3, 45.0)
    assert stored(call) == [1, 2, 3, 4]


def test_what_the_database_does_not_take_costs_only_itself(session: CallerSession) -> None:
    call, queue = session.call, fixes.Intake()
    queue.put(post(session, point(session, 1))).result(5)
    other = session_of(factories.call(centre=call.centre))
    with held(call):
        queue.put(post(session, point(session, 2)))
        until(writer_waits)
        good = [queue.put(post(one, point(one, 3))) for one in (session, other)]
        bad = queue.put(post(other, point(other, 4, boot="x" * 60)))
    for future in good:
        future.result(5)
    assert bad.exception(5) is not None
    assert (stored(call), stored(other.call)) == ([1, 2, 3], [3])


def test_a_connection_that_dies_costs_nobody_a_fix(session: CallerSession) -> None:
    call, queue = session.call, fixes.Intake()
    queue.put(post(session, point(session, 1))).result(5)
    with held(call):
        waiting = queue.put(post(session, point(session, 2)))
        pid = until(writer_waits)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    waiting.result(5)
    assert stored(call) == [1, 2]
    assert last(call).version == 2


def test_each_post_hears_of_its_own_call_and_link(session: CallerSession) -> None:
    call, queue = session.call, fixes.Intake()
    ended, revoked, elsewhere = (
        session_of(factories.call(centre=centre))
        for centre in (call.centre, call.centre, factories.centre())
    )
    with scope(call.centre):
        services.close(ended.call, user=ended.call.owner)
        links.revoke(revoked.call, user=revoked.call.owner)
    foreign = fixes.Post(call.centre, elsewhere.pk, [point(elsewhere, 1)])
    futures = [
        queue.put(one)
        for one in (
            *(post(s, point(s, 1)) for s in (session, ended, revoked)),
            foreign,
        )
    ]
    futures[0].result(5)
    with pytest.raises(Conflict, match="ended"):
        futures[1].result(5)
    with pytest.raises(links.LinkDead):
        futures[2].result(5)
    with pytest.raises(NotFound):
        futures[3].result(5)
    assert [stored(s.call) for s in (session, ended, revoked, elsewhere)] == [[1], [], [], []]


def test_a_centre_that_floods_is_turned_away_and_the_others_are_served(
    session: CallerSession,
) -> None:
    call = session.call
    queue = fixes.Intake(waiting_rows=30, centre_rows=20)
    queue.put(post(session, point(session, 1))).result(5)
    quiet = session_of(factories.call(centre=factories.centre()))
    with held(call):
        queue.put(post(session, point(session, 2)))
        until(writer_waits)
        pending = [queue.put(post(session, point(session, 10 + n))) for n in range(19)]
        for number in range(1_000):
            with pytest.raises(fixes.Busy):
                queue.put(post(session, point(session, 100 + number)))
        queue.put(post(quiet, point(quiet, 1))).result(5)  # while the other one's batch is stuck
        assert queue.waiting <= 30
    for future in pending:
        future.result(5)
    assert queue.turned_away == 1_000
    assert stored(call) == [1, 2, *range(10, 29)]
    assert stored(quiet.call) == [1]


def test_what_finds_no_room_is_neither_acked_nor_refused(
    session: CallerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = session.call
    items = [{"client_seq": 1, **fix()}, {"client_seq": 2, "kind": "chat", "text": "hello"}]

    def apply() -> Any:
        return intake.apply(
            centre=call.centre, session_id=session.pk, boot="boot-one", raw_items=items
        )

    monkeypatch.setitem(throttles.LIMITS, "fix", 2)
    with monkeypatch.context() as full:
        full.setattr(fixes, "intake", lambda: fixes.Intake(waiting_rows=0))
        for _ in range(5):  # nor does it cost the page anything
            assert apply() == {"acked": [2], "refused": []}
    assert stored(call) == []
    assert apply() == {"acked": [1, 2], "refused": []}
    assert stored(call) == [1]


def test_an_item_on_two_ways_at_once_does_not_come_back_after_a_later_one(
    session: CallerSession,
) -> None:
    """The socket dies with an item in it, HTTP brings it and the next; then the first arrives."""
    call = session.call
    one = {"client_seq": 1, "kind": "conditions", "names": ["hidden"]}
    two = {"client_seq": 2, "kind": "conditions", "names": []}

    def apply(*items: dict[str, Any]) -> None:
        intake.apply(
            centre=call.centre, session_id=session.pk, boot="boot-one", raw_items=list(items)
        )

    def late() -> None:
        try:
            apply(one)
        finally:
            connections.close_all()

    thread = threading.Thread(target=late)
    with scope(call.centre):
        apply(one, two)
        thread.start()
        time.sleep(0.3)  # it is as far as it can come
        assert thread.is_alive()
    thread.join(5)
    with scope(call.centre):
        assert CallerSession.objects.get(pk=session.pk).conditions == []


def test_old_fixes_are_erased_centre_by_centre_in_pieces(
    session: CallerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, queue, now = session.call, fixes.Intake(), timezone.now()
    other = session_of(factories.call(centre=factories.centre()))
    for one in (session, other):
        for seq in range(1, 8):
            received = now - timedelta(days=seq)
            queue.put(post(one, point(one, seq, at=received, received_at=received))).result(5)
    monkeypatch.setattr(track, "ERASE_ROWS", 2)
    erased: list[int] = []
    while not erased or erased[-1]:
        with scope(call.centre):
            erased.append(track.erase(call.centre_id, before=now - timedelta(days=3, hours=1)))
    assert erased == [2, 2, 0]
    assert stored(call) == [1, 2, 3]
    assert stored(other.call) == list(range(1, 8))
    assert last(call).point.y == 41.3, "the last position does not depend on the track"
