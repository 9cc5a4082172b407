"""Seats: who gets one, with which grants, and what happens while one is being taken."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.utils import timezone

from dispatch.calls import livekit, nodes, rooms, seats
from dispatch.calls.models import Call, MediaNode, Participant
from dispatch.calls.tests.acts import caller, close, fresh, room_of, take, tap
from dispatch.centres.access import scope
from dispatch.errors import Conflict, NotFound, Unavailable
from dispatch.feed.unit import InsideUnit
from dispatch.tests import factories
from dispatch.tests.caller import Phone, secret_of
from dispatch.tests.fakes import FakeLiveKit


@pytest.fixture
def call(node: MediaNode) -> Call:
    return factories.call(centre=factories.centre())


def claims(seat: seats.Seat) -> dict[str, Any]:
    ((key, secret),) = factories.NODE_KEYS.items()
    found: dict[str, Any] = jwt.decode(seat.token, secret, algorithms=["HS256"], issuer=key)
    return found


def test_least_grants_and_minutes_of_life(call: Call, livekit_fake: FakeLiveKit) -> None:
    warm = caller(call)
    seat = take(warm)
    assert (seat.identity, seat.generation) == (warm.identity, 1)
    assert seat.identity.startswith("caller-")
    told = claims(seat)
    assert told["sub"] == warm.identity
    assert time.time() < told["exp"] <= time.time() + 600
    assert told["video"] == {
        "roomJoin": True,
        "room": room_of(call).name,
        "canPublish": True,
        "canPublishSources": ["camera", "microphone"],
        "canPublishData": False,
        "canSubscribe": False,
        "canUpdateOwnMetadata": False,
        "hidden": False,
    }
    tap(call, warm)
    assert claims(take(warm))["video"]["canSubscribe"] is True
    staff = claims(take(factories.staff_page(call)))
    assert staff["sub"].startswith(seats.STAFF_PREFIX)
    assert staff["video"]["canPublishSources"] == ["microphone"]
    assert staff["video"]["canSubscribe"] is True
    assert staff["video"]["canPublishData"] is False


def test_the_token_is_not_in_the_representation(call: Call) -> None:
    seat = take(caller(call))
    assert seat.token not in repr(seat)
    assert set(seat.as_body()) == {"url", "token", "identity", "generation", "ice_servers"}


def test_one_page_is_one_participant(call: Call) -> None:
    session = uuid4()
    one = factories.caller_page(call, session=session, boot="b1")
    assert factories.caller_page(call, session=session, boot="b1") == one
    assert factories.caller_page(call, session=session, boot="b2") != one
    staff = factories.staff_page(call)
    assert staff.identity != one.identity


@pytest.mark.parametrize(
    ("url", "expected"), [("ws://127.0.0.1:7880", []), ("wss://media.example.org", None)]
)
def test_no_relay_is_looked_for_on_one_machine(
    node: MediaNode, url: str, expected: list[Any] | None
) -> None:
    node.url = url
    node.save()
    assert take(caller(factories.call(centre=factories.centre()))).ice_servers == expected


def test_a_closed_call_has_no_seats(call: Call, livekit_fake: FakeLiveKit) -> None:
    who = caller(call)
    close(call)
    with pytest.raises(Conflict, match="ended") as refused:
        take(who)
    assert refused.value.code == "call_closed"
    assert livekit_fake.asked == []
    with pytest.raises(Conflict):
        tap(call, who)


def at_hand(who: Participant) -> seats.Seat | None:
    with scope(who.centre):
        return seats.at_hand(who)


def test_a_seat_is_at_hand_in_a_room_made_lately_and_asks_nobody(
    call: Call, livekit_fake: FakeLiveKit
) -> None:
    who = caller(call)
    assert at_hand(who) is None, "in a room that nobody has made"
    proper = take(who)
    asked = list(livekit_fake.asked)
    quick = at_hand(who)
    assert quick is not None
    assert claims(quick)["video"] == claims(proper)["video"]
    assert livekit_fake.asked == asked

    room = room_of(call)
    with scope(call.centre):
        room.made_at = timezone.now() - seats.FRESH
        room.save()
    assert at_hand(who) is None, "in a room that may be gone"


@pytest.mark.parametrize("change", [{"up": False}, {"state": MediaNode.State.OFF}])
def test_no_seat_is_at_hand_on_a_node_in_trouble(
    call: Call, node: MediaNode, change: dict[str, Any]
) -> None:
    who = caller(call)
    take(who)
    for name, value in change.items():
        setattr(node, name, value)
    node.save()
    assert at_hand(who) is None


def test_no_seat_is_at_hand_where_none_is_given(call: Call, settings: Any) -> None:
    first, second = caller(call), caller(call)
    take(first)
    tap(call, first)
    tap(call, second)
    assert at_hand(first) is None, "for a page whose video another one took"
    keys, settings.LIVEKIT_KEYS = settings.LIVEKIT_KEYS, {}
    assert at_hand(second) is None, "without the node's key"
    settings.LIVEKIT_KEYS = keys
    assert at_hand(second) is not None
    close(call)
    assert at_hand(second) is None, "in a closed call"


def test_a_seat_comes_with_the_session_where_it_is_asked_for(call: Call) -> None:
    phone = Phone(secret_of(call))
    assert "seat" not in phone.open().json()
    assert phone.open(seat=True).json()["seat"] is None, "no room has been made"
    proper = phone.say("seat").json()
    given = phone.open(seat=True).json()["seat"]
    assert given.pop("token")
    assert given == {name: value for name, value in proper.items() if name != "token"}


def test_a_page_of_another_centre_is_not_found(call: Call) -> None:
    who = caller(call)
    with pytest.raises(NotFound):
        seats.seat(centre=factories.centre(), participant_id=who.pk)


def test_video_down_is_said_and_noticed(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    livekit_fake.down.add(node.pk)
    with pytest.raises(Unavailable, match="Video is down") as refused:
        take(caller(call))
    assert refused.value.code == "video_down"
    (value,) = nodes.latest_video(call.centre.stream)
    assert value["body"]["state"] == "down"
    livekit_fake.down.clear()
    take(caller(call))
    (again,) = nodes.latest_video(call.centre.stream)
    assert again["body"]["state"] == "up"
    assert again["version"] > value["version"]


def test_no_secret_for_the_node_is_video_down(call: Call, settings: Any) -> None:
    room = room_of(call)
    settings.LIVEKIT_KEYS = {}
    with pytest.raises(livekit.Unreachable):
        livekit.staff_token(node=room.node, room=room.name, identity="staff-1")


def test_no_node_at_all_is_video_down_until_there_is_one(
    node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    node.state = MediaNode.State.OFF
    node.save()
    call = factories.call(centre=factories.centre())
    who = caller(call)
    with pytest.raises(Unavailable):
        take(who)
    node.state = MediaNode.State.ACTIVE
    node.save()
    assert take(who).generation == 1


def test_a_room_nobody_was_in_goes_to_another_node(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    other = factories.node()
    livekit_fake.down.add(node.pk)
    seat = take(caller(call))
    assert (seat.url, seat.generation) == (other.url, 2)
    assert fresh(call).generation == 2


def test_a_room_people_may_be_in_stays_where_it_is(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    who = caller(call)
    take(who)
    factories.node()
    livekit_fake.down.add(node.pk)
    with pytest.raises(Unavailable):
        take(who)
    assert fresh(call).generation == 1


def test_a_node_switched_off_is_left(call: Call, node: MediaNode) -> None:
    take(caller(call))
    other = factories.node()
    node.state = MediaNode.State.OFF
    node.save()
    seat = take(caller(call))
    assert (seat.url, seat.generation) == (other.url, 2)


def test_a_call_that_moves_meanwhile_gets_a_seat_in_the_new_room(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    old = room_of(call).name

    def move_once(what: str, room: str) -> None:
        livekit_fake.before = lambda what, room: None
        with scope(call.centre):
            rooms.move(call, "test")
        factories.carry_out(call.centre, rooms.DELETE)  # before the old one is made

    livekit_fake.before = move_once
    seat = take(caller(call))
    assert seat.generation == 2
    assert claims(seat)["video"]["room"] == room_of(call).name != old
    assert set(livekit_fake.rooms[node.pk]) == {room_of(call).name}


def test_a_call_that_closes_meanwhile_leaves_no_room(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    def close_once(what: str, room: str) -> None:
        livekit_fake.before = lambda what, room: None
        close(call)
        factories.carry_out(call.centre, rooms.DELETE)

    livekit_fake.before = close_once
    with pytest.raises(Conflict) as refused:
        take(caller(call))
    assert refused.value.code == "call_closed"
    assert livekit_fake.rooms[node.pk] == {}


def test_a_seat_is_not_taken_inside_a_unit(call: Call) -> None:
    who = caller(call)
    with pytest.raises((InsideUnit, RuntimeError)), scope(call.centre):
        take(who)
