"""Rooms: one for each generation of a call, on one node, under a name that is never reused."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import structlog
from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from dispatch.calls import cards, events, livekit, nodes
from dispatch.calls.access import lock
from dispatch.calls.models import Call, MediaNode, Participant, Room
from dispatch.centres.access import centre_by_wall, scope
from dispatch.centres.models import Centre
from dispatch.logging import about
from dispatch.outbox import carry as outbox
from dispatch.outbox import handlers

log = structlog.get_logger(__name__)

ENSURE = "calls.room.ensure"
DELETE = "calls.room.delete"

events.WORDS.update({"room.moved": "Video connection renewed"})


def mark() -> str:
    """Metadata of our rooms, so that the sweep never deletes another installation's."""
    digest = hashlib.sha256(settings.PUBLIC_ORIGIN.encode()).hexdigest()
    return f"sightline:{digest[:16]}"


def want(call: Call) -> Room | None:
    """The room of the call's generation, made soon. Inside a unit that holds the call's lock.

    Where no node answers it is put on one that may be back; None where there is no node,
    and then the seat asks again.
    """
    node = nodes.choose()
    if node is None:
        return None
    room, fresh = Room.objects.get_or_create(
        call=call,
        generation=call.generation,
        defaults={"centre_id": call.centre_id, "node": node},
    )
    if fresh:
        outbox.put(ENSURE, {"room": room.pk})
    return cast(Room, room)


def end(call: Call, reason: str) -> None:
    """Leave the call's rooms for good. Inside a unit that holds the call's lock."""
    now = timezone.now()
    for room in Room.objects.filter(call=call, ended_at=None):
        room.ended_at = now
        room.save(update_fields=["ended_at"])
        outbox.put(DELETE, {"room": room.pk})
        log.info("room_ended", generation=room.generation, reason=reason)
    # Nobody is in a room that was left. The next generation may be on a node with another
    # clock, so its connections are not compared with these.
    Participant.objects.filter(call=call).exclude(sid="").update(
        left_sid=F("sid"), sid="", left_at=now
    )
    Participant.objects.filter(call=call).update(joined_at=None)


def move(call: Call, reason: str) -> Call:
    """Go on in a new room under the next generation; the publisher stays. Inside a unit.

    Everyone is told the new generation and asks for a seat; the old room is deleted. A
    closed call stays as it is. Returns the call as it is now.
    """
    call = lock(call)
    if not call.is_open:
        return call
    end(call, reason)
    call.generation += 1
    call.save(update_fields=["generation"])
    want(call)
    events.record(call, "room.moved", data={"reason": reason, "generation": call.generation})
    cards.changed(call)
    return call


def usable(call: Call) -> tuple[Call, Room]:
    """The room to take a seat in, moving the call where its own cannot be used any more.

    Inside a unit that holds the call's lock, for an open call. Raises Unavailable
    (video_down) where there is no node at all.
    """
    room = _rooms().filter(call=call, generation=call.generation).first()
    if room is not None and (room.ended_at or room.node.state == MediaNode.State.OFF):
        call = move(call, "node_off" if room.ended_at is None else "room_ended")
        room = None
    room = room or want(call)
    if room is None:
        raise nodes.video_down()
    return call, room


def ensure(*, centre: Centre, room_id: int) -> Room | None:
    """Make the room on its node, unless the call has left it. Outside any unit; repeatable.

    The call is read again afterwards: a room that was left meanwhile, perhaps deleted before
    it was made, is deleted. None then. Raises livekit.Problem.
    """
    with scope(centre):
        room = _current(room_id)
    if room is None:
        return None
    about(room.call_id)
    with nodes.watched(room.node):
        livekit.ensure_room(node=room.node, name=room.name, metadata=mark())
    with scope(centre):
        if still := _current(room_id):
            if still.made_at is None:
                still.made_at = timezone.now()
                still.save(update_fields=["made_at"])
            return still
    with nodes.watched(room.node):
        livekit.delete_room(node=room.node, name=room.name)
    return None


def delete(*, centre: Centre, room_id: int) -> None:
    """Delete a room that was left. Outside any unit; repeatable. Raises livekit.Problem."""
    with scope(centre):
        room = _rooms().exclude(ended_at=None).filter(pk=room_id).first()
    if room is None:
        return
    about(room.call_id)
    with nodes.watched(room.node):
        livekit.delete_room(node=room.node, name=room.name)
    confirm_deleted(centre=centre, room_ids=[room_id])


def confirm_deleted(*, centre: Centre, room_ids: list[int]) -> None:
    """The node no longer has these rooms."""
    with scope(centre):
        Room.objects.filter(pk__in=room_ids, deleted_at=None).update(deleted_at=timezone.now())


def current_of(call: Call) -> Room | None:
    """The room an open call is in, if it has one. Inside a scope."""
    return _now().filter(call=call).first()


def current_by_name(room_name: str) -> Room | None:
    """The room of this name, if its call is open and in it now. Inside a scope."""
    return _now().filter(name=room_name).first()


def _rooms() -> QuerySet[Room]:
    found: QuerySet[Room] = Room.objects.select_related("node", "call")
    return found


def _now() -> QuerySet[Room]:
    return _rooms().filter(
        ended_at=None, call__state=Call.State.OPEN, generation=F("call__generation")
    )


def _current(room_id: int) -> Room | None:
    return _now().filter(pk=room_id).first()


def _carry_ensure(wall: int, args: dict[str, Any]) -> None:
    try:
        ensure(centre=centre_by_wall(wall), room_id=args["room"])
    except livekit.Unreachable as problem:
        raise handlers.TryAgain(problem.code) from None


def _carry_delete(wall: int, args: dict[str, Any]) -> None:
    try:
        delete(centre=centre_by_wall(wall), room_id=args["room"])
    except livekit.Unreachable as problem:
        raise handlers.TryAgain(problem.code) from None


def register() -> None:
    """Name the outbox handlers of rooms; called from AppConfig.ready."""
    # What is still undone after the attempts (a minute) is the reconciler's, or the next seat's.
    handlers.register(ENSURE, handlers.Handler(_carry_ensure, repeatable=True))
    handlers.register(DELETE, handlers.Handler(_carry_delete, repeatable=True))
