"""Who is in a call's room: told by webhooks, corrected by the reconciler, in any order.

Of a participant's connections only the newest counts (by its beginning, on its node's
clock), and of that one only whether it has ended. So whatever arrives late, twice or the
wrong way round, the outcome is the same. Rooms that the call has left say nothing.

LiveKit takes some 20 s to notice a phone that died; its page is missed sooner (`heard`).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from dispatch.calls import cards, events, rooms, seats
from dispatch.calls.access import lock
from dispatch.calls.livekit import Seen
from dispatch.calls.models import Call, CallEvent, Participant, Room
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.outbox import carry as outbox

events.WORDS.update(
    {
        "room.joined": "Caller joined the room",
        "room.left": "Caller left the room",
        "room.watching": "Dispatcher is watching",
    }
)


def apply_join(*, centre: Centre, room_name: str, seen: Seen) -> None:
    """A participant's connection is in the room. Changes nothing if a newer one is known."""
    with scope(centre):
        found = _find(room_name, seen.identity)
        if found is None:
            return
        call, room, who = found
        _check_grants(call, room, who, seen)
        if not _is_newest(who, seen) or seen.sid in (who.sid, who.left_sid):
            return
        absent, first = not who.present, who.joined_at is None and who.left_at is None
        who.sid, who.joined_at = seen.sid, seen.joined_at
        who.save(update_fields=["sid", "joined_at"])
        if who.kind == Participant.Kind.STAFF:
            if first:
                events.record(call, "room.watching", actor=CallEvent.Actor.STAFF, user=who.user)
        elif call.publisher_id == who.pk and absent:
            events.record(call, "room.joined", actor=CallEvent.Actor.CALLER)
            cards.changed(call)


def apply_left(*, centre: Centre, room_name: str, seen: Seen) -> None:
    """A participant's connection has ended. Changes nothing if a newer one is known."""
    with scope(centre):
        found = _find(room_name, seen.identity)
        if found is None:
            return
        call, _, who = found
        if _is_newest(who, seen) and seen.sid != who.left_sid:
            _leave(call, who, seen.sid, joined_at=seen.joined_at)


def apply_lost(*, centre: Centre, room_name: str, identity: str, sid: str) -> None:
    """The node does not list a connection that we had as present before asking it."""
    with scope(centre):
        found = _find(room_name, identity)
        if found is None:
            return
        call, _, who = found
        if who.sid == sid:
            _leave(call, who, sid, joined_at=who.joined_at)


def apply_finished(*, centre: Centre, room_name: str, at: datetime) -> None:
    """LiveKit closed the room although the call goes on: nobody is in it.

    `at` has whole seconds, and the room may have been made again in the same one: whoever
    joined since is left to the reconciler. A seat makes the room again.
    """
    with scope(centre):
        found = _room(room_name)
        if found is None:
            return
        call, _ = found
        inside = Participant.objects.filter(call=call, joined_at__lt=at).exclude(sid="")
        for who in inside.order_by("pk"):
            _leave(call, who, who.sid, joined_at=who.joined_at)


def heard(call: Call, *, session: UUID, heard: bool) -> None:
    """Whether the pages of this session answer. Inside a scope, with the call's lock.

    A publisher whose page does not is not present on the cards, whatever LiveKit lists.
    """
    pages = Participant.objects.filter(call=call, kind=Participant.Kind.CALLER, session=session)
    changed = pages.exclude(heard=heard).update(heard=heard)
    if changed and call.publisher is not None and call.publisher.session == session:
        cards.changed(call)


def _leave(call: Call, who: Participant, sid: str, *, joined_at: datetime | None) -> None:
    was_present = who.present
    who.sid, who.left_sid = "", sid
    who.joined_at, who.left_at = joined_at, timezone.now()
    who.save(update_fields=["sid", "left_sid", "joined_at", "left_at"])
    if was_present and call.publisher_id == who.pk:
        events.record(call, "room.left", actor=CallEvent.Actor.CALLER)
        cards.changed(call)


def _is_newest(who: Participant, seen: Seen) -> bool:
    """Whether this is the newest connection known, or newer. The sid settles a draw."""
    if who.joined_at is None:
        return True
    return (seen.joined_at, seen.sid) >= (who.joined_at, who.sid or who.left_sid)


def _check_grants(call: Call, room: Room, who: Participant, seen: Seen) -> None:
    """A page may come in with an older token: with grants it should not have, or at all."""
    if who.kind != Participant.Kind.CALLER:
        return
    if seen.can_subscribe not in (None, call.publisher_id == who.pk):
        outbox.put(seats.PERMIT, {"call": str(call.pk)})
    if who.put_out_at is not None:
        seats.put_out(who, room, at=who.put_out_at)


def _room(room_name: str) -> tuple[Call, Room] | None:
    """The call that is in this room now, locked."""
    seen = rooms.current_by_name(room_name)
    if seen is None:
        return None
    call = lock(seen.call_id)
    # Once more under the lock, for the call may just have moved.
    room = rooms.current_by_name(room_name)
    return (call, room) if room is not None else None


def _find(room_name: str, identity: str) -> tuple[Call, Room, Participant] | None:
    found = _room(room_name)
    if found is None:
        return None
    call, room = found
    who = Participant.objects.select_related("user").filter(call=call, identity=identity).first()
    return (call, room, who) if who is not None else None
