"""Requests to the caller's page: show the camera again, turn it, speak, be quiet, stop.

A request that would open something of the caller's (camera, microphone, the other camera) is a
question: the page shows it with one button, and the person decides. Turning something off needs
no question; the page does it and says so.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from dispatch.calls import events, livekit, nodes, rooms
from dispatch.calls.access import call_for, lock
from dispatch.calls.models import Call, CallerRequest, CallEvent
from dispatch.centres.access import centre_by_wall, scope
from dispatch.centres.models import User
from dispatch.errors import Conflict
from dispatch.feed.replay import stamp
from dispatch.feed.unit import append
from dispatch.outbox import carry as outbox
from dispatch.outbox import handlers

SILENCE = "calls.microphone.silence"

What = CallerRequest.What
Answer = CallerRequest.Answer

events.WORDS.update(
    {
        "request.camera": "Asked for the camera",
        "request.microphone": "Asked for the microphone",
        "request.flip": "Asked to turn the camera around",
        "request.mute": "Caller's microphone muted",
        "request.done": "Caller did it",
        "request.declined": "Caller said no",
        "request.failed": "It did not work on the phone",
    }
)
#: Done by the page itself and seen in the call's media: the timeline needs no second line.
_SILENT = {What.MUTE, What.STOP}


def ask(call: Call, *, what: str, command: UUID, user: User | None) -> CallerRequest:
    """Ask the caller's page for something, once per `command`. Inside a scope.

    An open request for the same thing is replaced. Raises Conflict (call_closed, not_live,
    command_used for a command that asked something else before).
    """
    call = lock(call)
    known = CallerRequest.objects.filter(pk=command).first()
    if known is not None:
        found: CallerRequest = known
        if (found.call_id, found.what) != (call.pk, what):
            raise Conflict(
                "This was asked before, of another call. Ask again.", code="command_used"
            )
        return found
    if not call.is_open:
        raise Conflict("This call is closed.", code="call_closed")
    if what in (What.FLIP, What.MUTE) and call.publisher is None:
        raise Conflict("No phone sends video yet. Ask for the camera first.", code="not_live")
    for old in CallerRequest.objects.filter(call=call, what=what, answer=Answer.OPEN):
        _settle(old, Answer.REPLACED)
    request: CallerRequest = CallerRequest.objects.create(
        pk=command,
        centre_id=call.centre_id,
        call=call,
        what=what,
        user=user,
        asked_at=timezone.now(),
    )
    if what != What.STOP:  # its reason is in the timeline already (calls.watch)
        data = {"request": str(request.pk)}
        events.record(call, f"request.{what}", actor=CallEvent.Actor.STAFF, user=user, data=data)
    if what == What.MUTE:
        outbox.put(SILENCE, {"call": str(call.pk)})
    _show(request)
    return request


def answer(call: Call, *, request_id: UUID, outcome: str, session: UUID) -> None:
    """What became of a request, as a caller's page says. Inside a scope; repeatable.

    The first answer counts; one to an unknown request changes nothing. A link may be in several
    hands: what concerns the page that sends is answered by its session only.
    """
    call = lock(call)
    request = CallerRequest.objects.filter(pk=request_id, call=call, answer=Answer.OPEN).first()
    if request is None:
        return
    publisher = call.publisher
    if request.what != What.CAMERA and (publisher is None or publisher.session != session):
        return
    _settle(request, Answer(outcome))
    if request.what not in _SILENT:
        events.record(
            call,
            f"request.{outcome}",
            actor=CallEvent.Actor.CALLER,
            data={"request": str(request.pk), "what": request.what},
        )


def withdraw(call: Call) -> None:
    """Nothing is asked any more: the call was closed. Inside a unit with the call's lock."""
    for request in CallerRequest.objects.filter(call=call, answer=Answer.OPEN):
        _settle(request, Answer.REPLACED)


def tapped(call: Call, *, another: bool) -> None:
    """A person starts the video on a new page. Inside a unit with the call's lock.

    An order to stop that never reached the page before must not end what they begin now; on
    `another` device, neither must what else was asked of the one before.
    """
    ended = (What.STOP, What.MUTE, What.MICROPHONE, What.FLIP) if another else (What.STOP,)
    for request in CallerRequest.objects.filter(call=call, answer=Answer.OPEN, what__in=ended):
        _settle(request, Answer.REPLACED)


def open_ones(call: Call) -> list[CallerRequest]:
    """Requests still waiting for an answer, oldest first. Inside a scope."""
    return list(CallerRequest.objects.filter(call=call, answer=Answer.OPEN).order_by("asked_at"))


def _settle(request: CallerRequest, outcome: CallerRequest.Answer) -> None:
    request.answer, request.answered_at = outcome, timezone.now()
    request.save(update_fields=["answer", "answered_at"])
    _show(request)


def _show(request: CallerRequest) -> None:
    key = str(request.pk)
    append(f"centre:{request.centre_id}", "request", key, body(request))
    # On the caller's side an answered request is gone.
    waiting = request.answer == Answer.OPEN
    append(f"caller:{request.call_id}", "request", key, caller_body(request) if waiting else None)


def body(request: CallerRequest) -> dict[str, Any]:
    """The request on the consoles."""
    return {
        "id": str(request.pk),
        "call": str(request.call_id),
        "what": request.what,
        "name": request.user.name if request.user else "",
        "at": stamp(request.asked_at),
        "answer": request.answer,
        "answered_at": stamp(request.answered_at),
    }


def caller_body(request: CallerRequest) -> dict[str, Any]:
    """The request on the caller's side: nobody has a name there."""
    return {"id": str(request.pk), "what": request.what, "at": stamp(request.asked_at)}


def _carry_silence(wall: int, args: dict[str, Any]) -> None:
    """Mute in the room itself, so that it is quiet although the page may be slow to hear of it."""
    centre = centre_by_wall(wall)
    with scope(centre):
        call = call_for(args["call"])
        room = rooms.current_of(call)
        publisher = call.publisher.identity if call.publisher else None
        quiet = not call.microphone  # the page was quicker; later the person may have spoken again
    if room is None or publisher is None or quiet:
        return
    try:
        with nodes.watched(room.node):
            livekit.mute_microphone(node=room.node, room=room.name, identity=publisher)
    except livekit.Unreachable as problem:
        raise handlers.TryAgain(problem.code) from None


def register() -> None:
    """Name the outbox handler; called from AppConfig.ready."""
    handlers.register(SILENCE, handlers.Handler(_carry_silence, repeatable=True))
