"""Seats: who may sit in a call's room now, and with which grants."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.db.models import F, Q
from django.utils import timezone

from dispatch.calls import cards, events, livekit, nodes, rooms
from dispatch.calls.access import call_for, lock
from dispatch.calls.models import Call, CallEvent, MediaNode, Participant, Room
from dispatch.centres.access import centre_by_wall, scope
from dispatch.centres.models import Centre, User
from dispatch.errors import Conflict, DomainError, NotFound
from dispatch.logging import about
from dispatch.outbox import carry as outbox
from dispatch.outbox import handlers

log = structlog.get_logger(__name__)

PERMIT = "calls.subscribe.permit"
REMOVE = "calls.participant.remove"

#: First letters of identities: a caller's page shows its tracks to staff only.
PREFIX = {Participant.Kind.CALLER: "caller-", Participant.Kind.STAFF: "staff-"}
STAFF_PREFIX = PREFIX[Participant.Kind.STAFF]
#: Pages kept connected before their tap. A link may be in several hands; staff need places.
WARM_SEATS = 2
#: A room that its node made so lately is still there, also if nobody has entered it.
FRESH = timedelta(minutes=5)
#: A call moves rarely; one that moves this often while a seat is taken is not going to rest.
ATTEMPTS = 3

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Seat:
    """What a page needs to enter the room. Answered once; never stored, pushed or logged.

    `ice_servers`: [] tells a browser to use none, None to use those that LiveKit names.
    """

    url: str
    token: str = field(repr=False)
    identity: str
    generation: int
    ice_servers: list[dict[str, Any]] | None

    def as_body(self) -> dict[str, Any]:
        """The JSON of the response, shared by both surfaces."""
        return {
            "url": self.url,
            "token": self.token,
            "identity": self.identity,
            "generation": self.generation,
            "ice_servers": self.ice_servers,
        }


def participant(
    *, call: Call, kind: str, boot: str, session: UUID | None = None, user: User | None = None
) -> Participant:
    """This page load in this call: the same row however often it asks. Inside a scope.

    A caller's is known by its session and boot, a dispatcher's by user and boot.
    """
    found, _ = Participant.objects.get_or_create(
        call=call,
        kind=kind,
        session=session,
        user=user,
        boot=boot,
        defaults={
            "centre_id": call.centre_id,
            # Random, for it is seen by everyone in the room.
            "identity": PREFIX[Participant.Kind(kind)] + secrets.token_urlsafe(12),
        },
    )
    return cast(Participant, found)


def seat(*, centre: Centre, participant_id: UUID) -> Seat:
    """Take a seat in the call's room, making the room if need be. Outside any unit.

    Raises NotFound; Conflict (call_closed, or taken_over for a page whose video another
    device took); Unavailable (video_down).
    """
    for _ in range(ATTEMPTS):
        with scope(centre):
            call, who = _admit(participant_id)
            call, room = rooms.usable(call)
        try:
            made = rooms.ensure(centre=centre, room_id=room.pk)
        except livekit.Problem as problem:
            if _moved_elsewhere(centre, room.pk):
                continue
            log.warning("seat_without_video", problem=problem.code)
            raise nodes.video_down() from None
        if made is None:
            continue  # closed or moved meanwhile: look again
        with scope(centre):
            call, who = _admit(participant_id)
            if call.generation == made.generation:
                return _take(call, who, made)
    raise nodes.video_down()


def at_hand(who: Participant) -> Seat | None:
    """A seat in a room that was made lately, without asking its node. Inside a scope.

    None where seat() has to be asked: it makes the room again, or says why there is none. The
    room may have been lost all the same; the page then cannot enter it, and asks.
    """
    try:
        call, who = _admit(who.pk)
    except DomainError:
        return None
    room = rooms.current_of(call)
    if room is None or room.made_at is None or room.made_at < timezone.now() - FRESH:
        return None
    if not room.node.up or room.node.state == MediaNode.State.OFF:
        return None
    try:
        return _take(call, who, room)
    except livekit.Problem:  # no key for its node: seat() says so
        return None


def _admit(participant_id: UUID) -> tuple[Call, Participant]:
    who = Participant.objects.filter(pk=participant_id).first()
    if who is None:
        raise NotFound("This page is not part of a call.")
    call = lock(who.call_id)
    who.refresh_from_db()
    if not call.is_open:
        raise Conflict("This call has ended.", code="call_closed")
    if superseded(call, who):
        raise Conflict("Video now comes from another device.", code="taken_over")
    return call, cast(Participant, who)


def superseded(call: Call, who: Participant) -> bool:
    """Whether this page was the publisher and a newer tap made another one it."""
    return who.tapped_at is not None and call.publisher_id not in (None, who.pk)


def _take(call: Call, who: Participant, room: Room) -> Seat:
    who.generation, who.seated_at, who.put_out_at = call.generation, timezone.now(), None
    who.save(update_fields=["generation", "seated_at", "put_out_at"])
    if who.kind == Participant.Kind.STAFF:
        token = livekit.staff_token(node=room.node, room=room.name, identity=who.identity)
    else:
        _keep_newest(call, room)
        token = livekit.caller_token(
            node=room.node,
            room=room.name,
            identity=who.identity,
            subscribe=call.publisher_id == who.pk,
        )
    near = urlsplit(room.node.url).hostname in LOOPBACK
    return Seat(
        url=room.node.url,
        token=token,
        identity=who.identity,
        generation=call.generation,
        # On one machine no relay is needed, and looking for one would leave the machine.
        ice_servers=[] if near else None,
    )


def _keep_newest(call: Call, room: Room) -> None:
    """Put out the warm seats beyond the newest; the publisher is never one of them."""
    warm = (
        Participant.objects.filter(
            call=call,
            kind=Participant.Kind.CALLER,
            generation=call.generation,
            seated_at__isnull=False,
            put_out_at=None,
        )
        .exclude(pk=call.publisher_id)
        # A page that has gone needs no place.
        .filter(~Q(sid="") | Q(left_at=None) | Q(left_at__lt=F("seated_at")))
        .order_by("-seated_at")
    )
    for old in warm[WARM_SEATS:]:
        put_out(old, room, at=timezone.now())


def put_out(who: Participant, room: Room, *, at: datetime) -> None:
    """Remove a page from the room until it asks for a seat again. Inside a unit."""
    who.put_out_at = at
    who.save(update_fields=["put_out_at"])
    outbox.put(REMOVE, {"room": room.pk, "participant": str(who.pk)})


def _moved_elsewhere(centre: Centre, room_id: int) -> bool:
    """Move the call away from a node that is down, if nobody can have been in its room."""
    with scope(centre):
        room = Room.objects.select_related("call").get(pk=room_id)
        other = nodes.choose()
        if room.made_at or other is None or not other.up or other.pk == room.node_id:
            return False
        call = lock(room.call_id)
        if call.generation == room.generation:
            rooms.move(call, "node_down")
        return True


def publish(*, call: Call, participant: Participant) -> Call:
    """Make this page the publisher: the newest tap wins. Inside a scope; repeatable.

    Returns the call as it is now. Raises Conflict (call_closed).
    """
    call = lock(call)
    if not call.is_open:
        raise Conflict("This call has ended.", code="call_closed")
    if call.publisher_id == participant.pk:
        return call
    previous, now = call.publisher, timezone.now()
    participant.tapped_at, participant.put_out_at = now, None
    participant.save(update_fields=["tapped_at", "put_out_at"])
    call.save(update_fields=call.sent_by(participant, now))
    if previous is not None and previous.session != participant.session:
        events.record(call, "publisher.changed", actor=CallEvent.Actor.CALLER)
    outbox.put(PERMIT, {"call": str(call.pk)})
    cards.changed(call)
    return call


def permit(*, centre: Centre, call_id: UUID | str) -> None:
    """Let the publisher, and no other caller's page, see what staff send. Outside any unit.

    Compares with the node's own list and repairs; repeatable. Raises livekit.Problem.
    """
    settled: str | None = "?"
    for _ in range(ATTEMPTS):
        with scope(centre):
            call = call_for(call_id)
            room = rooms.current_of(call)
            publisher = call.publisher.identity if call.publisher else None
        if room is None or publisher == settled:
            return
        with nodes.watched(room.node):
            _permit_only(room, publisher)
        # A tap meanwhile may have been overwritten by this one, so look once more.
        settled = publisher


def _permit_only(room: Room, publisher: str | None) -> None:
    present = livekit.list_participants(node=room.node, rooms=[room.name])[room.name]
    for seen in present:
        allowed = seen.identity == publisher
        if not seen.identity.startswith(STAFF_PREFIX) and seen.can_subscribe != allowed:
            livekit.set_can_subscribe(
                node=room.node, room=room.name, identity=seen.identity, allowed=allowed
            )


def _carry_permit(wall: int, args: dict[str, Any]) -> None:
    try:
        permit(centre=centre_by_wall(wall), call_id=args["call"])
    except livekit.Unreachable as problem:
        raise handlers.TryAgain(problem.code) from None


def _carry_remove(wall: int, args: dict[str, Any]) -> None:
    with scope(centre_by_wall(wall)):
        room = Room.objects.select_related("node").filter(pk=args["room"]).first()
        who = (
            Participant.objects.filter(pk=args["participant"])
            .exclude(put_out_at=None)  # it has a seat again, or publishes
            .first()
        )
    if room is None or who is None:
        return
    about(room.call_id)
    try:
        with nodes.watched(room.node):
            livekit.remove_participant(node=room.node, room=room.name, identity=who.identity)
    except livekit.Unreachable as problem:
        raise handlers.TryAgain(problem.code) from None


def register() -> None:
    """Name the outbox handlers; called from AppConfig.ready."""
    handlers.register(PERMIT, handlers.Handler(_carry_permit, repeatable=True))
    handlers.register(REMOVE, handlers.Handler(_carry_remove, repeatable=True))
