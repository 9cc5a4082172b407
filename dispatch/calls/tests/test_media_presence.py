"""Presence: the outcome does not depend on the order, or the number, of the reports."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dispatch.calls import presence, rooms, seats
from dispatch.calls.livekit import Seen
from dispatch.calls.models import Call, CallEvent, MediaNode, Participant, Room
from dispatch.centres.access import scope
from dispatch.outbox.models import Item
from dispatch.tests import factories

START = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def call(node: MediaNode) -> Call:
    return factories.call(centre=factories.centre())


def room_of(call: Call) -> Room:
    with scope(call.centre):
        found: Room = Room.objects.get(call=call, ended_at=None)
        return found


def page(call: Call, *, publishes: bool = False) -> Participant:
    made = factories.caller_page(call, session=uuid4())
    if publishes:
        with scope(call.centre):
            seats.publish(call=call, participant=made)
    return made


def reload(who: Participant) -> Participant:
    with scope(who.centre):
        found: Participant = Participant.objects.get(pk=who.pk)
        return found


def kinds(call: Call) -> list[str]:
    with scope(call.centre):
        found = CallEvent.objects.filter(call=call, kind__startswith="room.").order_by("pk")
        return list(found.values_list("kind", flat=True))


def join(call: Call, seen: Seen) -> Callable[[], None]:
    name = room_of(call).name
    return lambda: presence.apply_join(centre=call.centre, room_name=name, seen=seen)


def left(call: Call, seen: Seen) -> Callable[[], None]:
    name = room_of(call).name
    return lambda: presence.apply_left(centre=call.centre, room_name=name, seen=seen)


def connection(who: Participant, number: int) -> Seen:
    # Ids are random, so their order must not happen to be that of the connections.
    return Seen(who.identity, f"PA_{9 - number}", START + timedelta(milliseconds=number))


@pytest.mark.parametrize("ended", [(), (1,), (1, 2)])
def test_any_order_and_any_number_of_reports(call: Call, ended: tuple[int, ...]) -> None:
    expected = "" if 2 in ended else "PA_7"
    pattern = [("join", 1), ("join", 2), *(("left", number) for number in ended)]
    for order in itertools.permutations(pattern):
        who = page(call)
        report = {"join": join, "left": left}
        steps = [report[what](call, connection(who, number)) for what, number in order]
        with scope(call.centre):  # one commit for all of them
            for step in steps:
                step()
        assert reload(who).sid == expected, order
    with scope(call.centre):
        for step in [*steps, *reversed(steps), *steps]:
            step()
    assert reload(who).sid == expected, "reports that came again"


def test_only_the_publisher_is_news(call: Call) -> None:
    warm, publisher = page(call), page(call, publishes=True)
    join(call, connection(warm, 1))()
    assert kinds(call) == []
    join(call, connection(publisher, 1))()
    join(call, connection(publisher, 2))()  # came again before the end of the first
    left(call, connection(publisher, 1))()
    assert kinds(call) == ["room.joined"]
    left(call, connection(publisher, 2))()
    left(call, connection(warm, 1))()
    assert kinds(call) == ["room.joined", "room.left"]


def test_a_dispatcher_is_said_to_watch_once(call: Call) -> None:
    who = factories.staff_page(call)
    for number in (1, 2):
        join(call, connection(who, number))()
        left(call, connection(who, number))()
    with scope(call.centre):
        rooms.move(call, "test")
    join(call, connection(who, 0))()
    assert kinds(call) == ["room.watching", "room.moved"]
    with scope(call.centre):
        event = CallEvent.objects.get(call=call, kind="room.watching")
        assert event.user_id == call.owner_id


def test_rooms_the_call_left_say_nothing_and_clocks_start_anew(call: Call) -> None:
    who = page(call, publishes=True)
    join(call, connection(who, 5))()
    late = [join(call, connection(who, 6)), left(call, connection(who, 5))]
    with scope(call.centre):
        moved = rooms.move(call, "test")
    assert not reload(who).present
    for step in late:
        step()
    assert not reload(who).present
    # The new room is on a node whose clock is behind.
    join(moved, connection(who, 1))()
    assert reload(who).sid == "PA_8"


def test_lost_only_if_still_the_same_connection(call: Call) -> None:
    who, name = page(call, publishes=True), room_of(call).name
    join(call, connection(who, 1))()
    join(call, connection(who, 2))()
    for sid, present in (("PA_8", True), ("PA_7", False)):
        presence.apply_lost(centre=call.centre, room_name=name, identity=who.identity, sid=sid)
        assert reload(who).present is present
    join(call, connection(who, 2))()
    assert not reload(who).present, "a late report of a lost connection"


def test_a_finished_room_is_empty_but_not_a_newer_one(call: Call) -> None:
    early, late = page(call, publishes=True), page(call)
    join(call, connection(early, 0))()
    join(call, Seen(late.identity, "PA_0", START + timedelta(seconds=1)))()
    presence.apply_finished(
        centre=call.centre, room_name=room_of(call).name, at=START + timedelta(seconds=1)
    )
    assert not reload(early).present
    assert reload(late).present


@pytest.mark.parametrize(
    ("publishes", "can_subscribe", "repaired"),
    [(True, False, 1), (True, True, 0), (False, True, 1), (False, False, 0), (False, None, 0)],
)
def test_wrong_grants_are_repaired(
    call: Call, publishes: bool, can_subscribe: bool | None, repaired: int
) -> None:
    who = page(call, publishes=publishes)
    before = Item.objects.filter(wall=call.centre_id, kind=seats.PERMIT).count()
    join(call, Seen(who.identity, "PA_1", START, can_subscribe=can_subscribe))()
    after = Item.objects.filter(wall=call.centre_id, kind=seats.PERMIT).count()
    assert after - before == repaired


def test_another_centre_sees_no_room(call: Call) -> None:
    who = page(call)
    name = room_of(call).name
    presence.apply_join(centre=factories.centre(), room_name=name, seen=connection(who, 1))
    assert not reload(who).present
