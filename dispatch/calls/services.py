"""What a dispatcher does with a call: open, take over, close, undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import connection
from django.utils import timezone

from dispatch.calls import cards, events, requests, rooms, stages
from dispatch.calls.access import lock
from dispatch.calls.models import Call, CallEvent, Stage
from dispatch.centres.models import Centre, User
from dispatch.errors import Conflict

STAFF = CallEvent.Actor.STAFF


def open_call(
    *,
    centre: Centre,
    owner: User,
    number: str,
    language: str,
    command: UUID | None = None,
    another: bool = False,
) -> tuple[Call, bool]:
    """Open a call for a number, with its room on the way, once per `command`; and whether it is
    new. Inside the centre's scope.

    `number` is E.164. Raises Conflict: call_open, with the open call's card, when one is open for
    this number, unless `another` asks for a second one; command_used for a command that opened
    a call with another number.
    """
    _lock_number(centre, number)
    # The centre is in it, so that nobody can name another centre's call.
    wanted = uuid5(command, str(centre.pk)) if command else uuid4()
    if known := Call.objects.select_related("owner", "publisher").filter(pk=wanted).first():
        if known.number != number:
            raise Conflict("This was sent to another number. Send it again.", code="command_used")
        return known, False
    existing = Call.objects.filter(number=number, state=Call.State.OPEN).order_by("-opened_at")
    if not another and (found := existing.select_related("owner", "publisher").first()):
        raise Conflict(
            "A call with this number is open already.",
            code="call_open",
            extra={"call": cards.centre_card(found)},
        )
    call: Call = Call.objects.create(
        pk=wanted,
        centre=centre,
        number=number,
        language=language,
        owner=owner,
        opened_at=timezone.now(),
    )
    rooms.want(call)
    events.record(call, "call.opened", actor=STAFF, user=owner)
    stages.reach(call, Stage.REQUESTED)
    cards.changed(call)
    return call, True


def _lock_number(centre: Centre, number: str) -> None:
    """One unit at a time per centre and number, so that two clicks cannot open two calls."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"call/{centre.pk}/{number}"]
        )


def take_over(call: Call, *, user: User) -> Call:
    """Make the person the owner. Raises Conflict for a closed call."""
    call = lock(call)
    _require_open(call)
    if call.owner_id != user.pk:
        previous = call.owner
        call.owner = user
        call.save(update_fields=["owner"])
        events.record(
            call, "call.taken", actor=STAFF, user=user, data={"detail": f"from {previous.name}"}
        )
        cards.changed(call)
    return call


def close(call: Call, *, user: User | None, reason: str = "closed") -> Call:
    """Close the call: its room goes, its links rest, the caller's page says goodbye.

    Closing a closed call changes nothing.
    """
    call = lock(call)
    if not call.is_open:
        return call
    call.state, call.closed_at, call.close_reason = Call.State.CLOSED, timezone.now(), reason
    nobody = call.sent_by(None, None)
    call.save(update_fields=["state", "closed_at", "close_reason", *nobody])
    rooms.end(call, reason)
    requests.withdraw(call)
    kind = "call.expired" if reason == "never_opened" else "call.closed"
    actor = STAFF if user else CallEvent.Actor.SYSTEM
    events.record(call, kind, actor=actor, user=user)
    stages.reach(call, Stage.ENDED, call.closed_at)
    cards.changed(call)
    return call


def undo_close(call: Call, *, user: User) -> Call:
    """Open a closed call again, with its next generation; only a new tap brings the camera.

    Raises Conflict when it is too late (code too_late).
    """
    call = lock(call)
    if call.is_open:
        return call
    if call.undo_until is None or timezone.now() > call.undo_until + timedelta(seconds=1):
        raise Conflict("It is too late to undo this. Send a new link.", code="too_late")
    call.state, call.closed_at, call.close_reason = Call.State.OPEN, None, ""
    call.generation += 1
    nobody = call.sent_by(None, None)
    call.save(update_fields=["state", "closed_at", "close_reason", "generation", *nobody])
    stages.clear(call, Stage.ENDED)
    rooms.want(call)
    events.record(call, "call.reopened", actor=STAFF, user=user)
    cards.changed(call)
    return call


def put_out(call: Call) -> None:
    """Put everyone of the caller's side out: the call moves to a room they have no seat in."""
    call = lock(call)
    call.save(update_fields=call.sent_by(None, None))
    if call.is_open:
        rooms.move(call, "link revoked")
    cards.changed(call)


def _require_open(call: Call) -> None:
    if not call.is_open:
        raise Conflict("This call is closed.", code="call_closed")


def media_reported(
    call: Call, *, boot: str, session: Any, state: str, camera: bool, microphone: bool
) -> None:
    """The publishing page says what it sends. Reports of other pages change nothing."""
    call = lock(call)
    publisher = call.publisher
    if not call.is_open or publisher is None:
        return
    if (publisher.boot, publisher.session) != (boot, session):
        return
    before = (call.media, call.camera, call.microphone)
    if before == (state, camera, microphone):
        return
    call.media, call.camera, call.microphone = state, camera, microphone
    if state == Call.Media.LIVE:
        call.unwatched_stop = False
    call.save(update_fields=["media", "camera", "microphone", "unwatched_stop"])
    caller = CallEvent.Actor.CALLER
    # What the page stopped because nobody watched is in the timeline already.
    if state != before[0] and not (state == Call.Media.STOPPED and call.unwatched_stop):
        sound = state == Call.Media.LIVE and not camera
        events.record(call, "media.sound" if sound else f"media.{state}", actor=caller)
    if microphone != before[2]:
        events.record(call, f"media.microphone_{'on' if microphone else 'off'}", actor=caller)
    if state == Call.Media.LIVE and camera:
        stages.reach(call, Stage.PERMITTED)
        stages.reach(call, Stage.JOINED)
    cards.changed(call)


def first_frame(call: Call, *, identity: str, user: User) -> None:
    """A console drew the publisher's camera. Anyone else's picture is no stage."""
    call = lock(call)
    if call.publisher is None or call.publisher.identity != identity:
        return
    # A drawn camera frame proves what the phone's own reports, still on their way, will say.
    stages.reach(call, Stage.PERMITTED)
    stages.reach(call, Stage.JOINED)
    if stages.reach(call, Stage.FIRST_FRAME):
        events.record(call, "picture.first", actor=STAFF, user=user)
