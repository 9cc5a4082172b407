"""The publisher: the newest tap wins, and only it may hear; warm seats make way."""

from __future__ import annotations

from uuid import uuid4

import pytest

from dispatch.calls import seats
from dispatch.calls.models import Call, CallEvent, MediaNode
from dispatch.calls.tests.acts import caller, fresh, room_of, take, tap
from dispatch.centres.access import scope
from dispatch.errors import Conflict
from dispatch.tests import factories
from dispatch.tests.fakes import FakeLiveKit


@pytest.fixture
def call(node: MediaNode) -> Call:
    return factories.call(centre=factories.centre())


def test_the_newest_tap_wins_and_the_older_page_is_told(call: Call) -> None:
    first, second, warm = caller(call), caller(call), caller(call)
    tap(call, first)
    assert tap(call, first).publisher == first, "again: no change"
    since = fresh(call).publisher_since
    assert tap(call, first).publisher_since == since
    assert tap(call, second).publisher == second
    with pytest.raises(Conflict) as refused:
        take(first)
    assert refused.value.code == "taken_over"
    take(warm)  # never tapped, so nothing was taken from it
    assert tap(call, first).publisher == first, "its person taps again"
    take(first)
    with scope(call.centre):
        kinds = CallEvent.objects.filter(call=call, kind="publisher.changed").count()
    assert kinds == 2


def test_a_reload_of_the_same_session_is_no_other_device(call: Call) -> None:
    session = uuid4()
    tap(call, factories.caller_page(call, session=session))
    tap(call, factories.caller_page(call, session=session))
    with scope(call.centre):
        assert not CallEvent.objects.filter(call=call, kind="publisher.changed").exists()


def test_what_the_older_page_sent_says_nothing_about_the_newer(call: Call) -> None:
    tap(call, caller(call))
    with scope(call.centre):
        Call.objects.update(media=Call.Media.LIVE, camera=True, microphone=True)
    now = tap(call, caller(call))
    assert (now.media, now.camera, now.microphone) == (Call.Media.NONE, False, False)


def inside(fake: FakeLiveKit, node: MediaNode, call: Call) -> set[str]:
    return set(fake.rooms[node.pk][room_of(call).name].inside)


def test_only_the_two_newest_warm_seats_stay(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    publisher, *warm = [caller(call) for _ in range(4)]
    tap(call, publisher)
    staff = factories.staff_page(call)
    for who in (staff, publisher, *warm):
        livekit_fake.enter(node, take(who).token)
    factories.carry_out(call.centre, seats.REMOVE)
    expected = {publisher.identity, staff.identity, warm[1].identity, warm[2].identity}
    assert inside(livekit_fake, node, call) == expected
    # The one that was put out may ask again, and then is the newest.
    livekit_fake.enter(node, take(warm[0]).token)
    factories.carry_out(call.centre, seats.REMOVE)
    expected = {publisher.identity, staff.identity, warm[0].identity, warm[2].identity}
    assert inside(livekit_fake, node, call) == expected


def test_a_tap_saves_a_page_from_being_put_out(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    warm = [caller(call) for _ in range(3)]
    for who in warm:
        livekit_fake.enter(node, take(who).token)
    warm[0].refresh_from_db()
    assert warm[0].put_out_at is not None
    tap(call, warm[0])
    factories.carry_out(call.centre, seats.REMOVE)
    assert warm[0].identity in inside(livekit_fake, node, call)


def test_the_tap_lets_the_publisher_and_no_other_caller_hear(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    one, two = caller(call), caller(call)
    staff = factories.staff_page(call)
    for who in (one, two, staff):
        livekit_fake.enter(node, take(who).token)

    def may_hear() -> set[str]:
        there = livekit_fake.rooms[node.pk][room_of(call).name].inside
        return {identity for identity, seen in there.items() if seen.can_subscribe}

    assert may_hear() == {staff.identity}
    tap(call, one)
    factories.carry_out(call.centre, seats.PERMIT)
    assert may_hear() == {staff.identity, one.identity}
    tap(call, two)
    factories.carry_out(call.centre, seats.PERMIT)
    assert may_hear() == {staff.identity, two.identity}

    # A tap in the very moment of permitting: the last word is the newest publisher's.
    def another_tap(what: str, room: str) -> None:
        if what == "set_can_subscribe":
            livekit_fake.before = lambda what, room: None
            tap(call, two)

    tap(call, one)
    livekit_fake.before = another_tap
    seats.permit(centre=call.centre, call_id=call.pk)
    assert may_hear() == {staff.identity, two.identity}
