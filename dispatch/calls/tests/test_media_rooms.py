"""Rooms and the reconciler: what must be there is there, and nothing else, without webhooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from dispatch.calls import nodes, presence, rooms, seats, services, tasks
from dispatch.calls.models import Call, CallEvent, MediaNode, Participant, Room, WebhookReceipt
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.outbox.models import Item
from dispatch.tests import factories
from dispatch.tests.fakes import FakeLiveKit, _Room


@pytest.fixture
def call(node: MediaNode) -> Call:
    return factories.call(centre=factories.centre())


def rooms_of(call: Call) -> list[Room]:
    with scope(call.centre):
        return list(Room.objects.filter(call=call).order_by("generation"))


def page(call: Call, *, publishes: bool = True) -> Participant:
    who = factories.caller_page(call, session=uuid4())
    if publishes:
        with scope(call.centre):
            seats.publish(call=call, participant=who)
    return who


def now(who: Participant) -> Participant:
    with scope(who.centre):
        found: Participant = Participant.objects.get(pk=who.pk)
        return found


def names(fake: FakeLiveKit, node: MediaNode) -> set[str]:
    return set(fake.rooms.get(node.pk, {}))


def test_opening_makes_the_room_and_closing_deletes_it(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    (room,) = rooms_of(call)
    factories.carry_out(call.centre)
    assert names(livekit_fake, node) == {room.name}
    (room,) = rooms_of(call)
    assert room.made_at is not None
    with scope(call.centre):
        services.close(call, user=None)
    factories.carry_out(call.centre)
    assert names(livekit_fake, node) == set()
    (room,) = rooms_of(call)
    assert room.ended_at is not None
    assert room.deleted_at is not None


def test_undoing_the_close_takes_another_name(call: Call, livekit_fake: FakeLiveKit) -> None:
    with scope(call.centre):
        services.close(call, user=None)
    with scope(call.centre):
        again = services.undo_close(call, user=call.owner)
    old, new = rooms_of(again)
    assert (old.generation, new.generation) == (1, 2)
    assert old.name != new.name
    assert new.ended_at is None


def test_work_for_a_node_that_is_down_is_tried_again(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    livekit_fake.down.add(node.pk)
    factories.carry_out(call.centre, rooms.ENSURE)
    item = Item.objects.get(wall=call.centre_id, kind=rooms.ENSURE)
    assert (item.state, item.attempts) == (Item.State.PENDING, 1)
    node.refresh_from_db()
    assert node.up is False
    livekit_fake.down.clear()
    Item.objects.filter(pk=item.pk).update(due_at=timezone.now())
    factories.carry_out(call.centre, rooms.ENSURE)
    assert len(names(livekit_fake, node)) == 1
    node.refresh_from_db()
    assert node.up is True


def test_moving_renews_the_room_and_keeps_the_publisher(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    who = page(call)
    factories.carry_out(call.centre)
    with scope(call.centre):
        moved = rooms.move(call, "test")
    assert (moved.generation, moved.publisher_id) == (2, who.pk)
    factories.carry_out(call.centre)
    assert names(livekit_fake, node) == {rooms_of(call)[1].name}
    with scope(call.centre):
        assert CallEvent.objects.get(call=call, kind="room.moved").data["generation"] == 2
        services.close(call, user=None)
        assert rooms.move(call, "test").generation == 2, "a closed call stays as it is"


def test_the_emptiest_node_that_answers_takes_the_call(node: MediaNode) -> None:
    MediaNode.objects.filter(pk=node.pk).update(rooms=5)
    idle, draining, dead = (factories.node() for _ in range(3))
    MediaNode.objects.filter(pk=idle.pk).update(rooms=1)
    MediaNode.objects.filter(pk=draining.pk).update(state=MediaNode.State.DRAINING)
    nodes.mark_down(dead)
    assert nodes.pick() == idle
    nodes.mark_down(idle)
    assert nodes.pick() == node


def test_switching_a_node_off_is_heard_of(node: MediaNode) -> None:
    (before,) = nodes.latest_video("centre:1")
    assert before["body"]["state"] == "up"
    node.state = MediaNode.State.OFF
    node.save(update_fields=["state"])
    (after,) = nodes.latest_video("centre:1")
    assert after["body"]["state"] == "down"
    assert after["version"] > before["version"]


def test_a_restarted_node_gets_its_rooms_back(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    idle = factories.call(centre=factories.centre())
    for one in (call, idle):
        factories.carry_out(one.centre)
    who = page(call)
    seat = seats.seat(centre=call.centre, participant_id=who.pk)
    livekit_fake.restart(node)
    assert not livekit_fake.may_join(node, seat.token)
    tasks.reconcile()
    # Nobody is on the way into the other one: its seat will make it.
    assert names(livekit_fake, node) == {rooms_of(call)[0].name}
    assert livekit_fake.may_join(node, seat.token)


def test_what_calls_left_is_deleted_and_what_is_not_ours_stays(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    factories.carry_out(call.centre)
    current = rooms_of(call)[0].name
    closed = factories.call(centre=factories.centre())
    factories.carry_out(closed.centre)
    with scope(closed.centre):
        services.close(closed, user=None)
    old = datetime.now(UTC) - tasks.GRACE - timedelta(seconds=5)
    livekit_fake.rooms[node.pk] |= {
        "orphan": _Room(rooms.mark(), created_at=old),
        "young": _Room(rooms.mark()),
        "foreign": _Room("sightline:0000000000000000", created_at=old),
        "unmarked": _Room("", created_at=old),
    }
    tasks.reconcile()
    assert names(livekit_fake, node) == {current, "young", "foreign", "unmarked"}
    assert rooms_of(closed)[0].deleted_at is not None
    node.refresh_from_db()
    assert node.rooms == 6
    assert node.checked_at is not None


def test_a_node_that_forgot_a_left_room_confirms_its_end(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    with scope(call.centre):
        services.close(call, user=None)
    tasks.reconcile()
    assert rooms_of(call)[0].deleted_at is not None


def test_presence_is_repaired_both_ways_without_webhooks(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    who, staff = page(call), factories.staff_page(call)
    seen = {}
    for one in (who, staff):
        token = seats.seat(centre=call.centre, participant_id=one.pk).token
        seen[one.pk] = livekit_fake.enter(node, token)
    tasks.reconcile()
    assert now(who).sid == seen[who.pk].sid
    assert now(staff).sid == seen[staff.pk].sid
    again = livekit_fake.enter(node, seats.seat(centre=call.centre, participant_id=who.pk).token)
    livekit_fake.leave(node, seen[staff.pk])
    tasks.reconcile()
    assert now(who).sid == again.sid
    assert not now(staff).present
    livekit_fake.restart(node)
    tasks.reconcile()
    assert not now(who).present


def test_wrong_grants_are_repaired_without_webhooks(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    who = page(call, publishes=False)
    token = seats.seat(centre=call.centre, participant_id=who.pk).token
    with scope(call.centre):
        seats.publish(call=call, participant=who)
    factories.carry_out(call.centre, seats.PERMIT)  # it is not in the room yet
    livekit_fake.enter(node, token)
    tasks.reconcile()
    factories.carry_out(call.centre, seats.PERMIT)
    (seen,) = livekit_fake.rooms[node.pk][rooms_of(call)[0].name].inside.values()
    assert seen.can_subscribe is True


def test_one_dead_node_does_not_keep_the_others_waiting(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    dead = factories.node()
    livekit_fake.down.add(dead.pk)
    factories.carry_out(call.centre)
    tasks.reconcile()
    dead.refresh_from_db()
    assert dead.up is False
    node.refresh_from_db()
    assert (node.up, node.rooms) == (True, 1)


def test_one_call_in_trouble_leaves_the_others_repaired(
    node: MediaNode, livekit_fake: FakeLiveKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [factories.call(centre=factories.centre()) for _ in range(3)]
    pages = [page(call) for call in calls]
    for call, who in zip(calls, pages, strict=True):
        taken = seats.seat(centre=call.centre, participant_id=who.pk)
        livekit_fake.enter(node, taken.token)
    apply, trouble = presence.apply_join, calls[1].centre_id

    def joining(*, centre: Centre, **more: Any) -> None:
        if centre.pk == trouble:
            raise RuntimeError("this one")
        apply(centre=centre, **more)

    monkeypatch.setattr(presence, "apply_join", joining)
    tasks.reconcile()
    assert [now(who).present for who in pages] == [True, False, True]
    monkeypatch.setattr(presence, "apply_join", apply)
    tasks.reconcile()
    assert now(pages[1]).present


def test_old_receipts_go(node: MediaNode) -> None:
    old, new = (WebhookReceipt.objects.create(id=f"EV_{uuid4().hex}") for _ in range(2))
    WebhookReceipt.objects.filter(pk=old.pk).update(
        received_at=timezone.now() - tasks.RECEIPTS_KEPT - timedelta(seconds=1)
    )
    tasks.reconcile()
    assert not WebhookReceipt.objects.filter(pk=old.pk).exists()
    assert WebhookReceipt.objects.filter(pk=new.pk).exists()
