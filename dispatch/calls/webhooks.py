"""LiveKit's webhooks: a hint of who came and went, some tens of milliseconds old."""

from __future__ import annotations

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dispatch import counters
from dispatch.calls import livekit, presence
from dispatch.calls.models import Room, WebhookReceipt
from dispatch.centres.access import centre_by_wall, scope, system_scope
from dispatch.centres.models import Centre

log = structlog.get_logger(__name__)

#: Far above any real event (2 KB); what is larger is not LiveKit's.
MAX_BODY = 64 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take one event. LiveKit drops an event for ever on 4xx and repeats it on 5xx, so a
    real one gets 200 whatever it is about, unless we failed.

    The body holds credentials for the relay: it is never logged.
    """
    try:
        body = request.body
    except RequestDataTooBig:
        return _refuse("too_large", 413)
    if len(body) > MAX_BODY:
        return _refuse("too_large", 413)
    try:
        event = livekit.verify_webhook(body, request.headers.get("Authorization", ""))
    except livekit.BadSignature:
        log.warning("webhook_bad_signature")
        return _refuse("forged", 401)
    except livekit.Unreadable:
        log.warning("webhook_unreadable")
        return _refuse("unreadable", 400)
    if event.dropped:
        log.warning("webhooks_dropped", count=event.dropped)  # the reconciler makes up for it
    counters.count(counters.WEBHOOKS, _take(event))
    return HttpResponse(status=200)


def _refuse(outcome: str, status: int) -> HttpResponse:
    counters.count(counters.WEBHOOKS, outcome)
    return HttpResponse(status=status)


def _take(event: livekit.WebhookEvent) -> str:
    """What became of it: applied, repeated, or ignored as none of our business."""
    centre = _centre_of(event) if event.name in HANDLED else None
    if centre is None:
        return "ignored"
    return "applied" if _apply_once(centre, event) else "repeated"


def _centre_of(event: livekit.WebhookEvent) -> Centre | None:
    """Whose room it is; None for an unknown one, or one on a node that did not sign this."""
    with system_scope("webhooks.lookup"):
        wall = (
            Room.objects.filter(name=event.room, node__api_key=event.api_key)
            .values_list("centre_id", flat=True)
            .first()
        )
    return None if wall is None else centre_by_wall(wall)


def _apply_once(centre: Centre, event: livekit.WebhookEvent) -> bool:
    # The receipt is part of the unit: what failed is not received, and comes again.
    with scope(centre):
        _, fresh = WebhookReceipt.objects.get_or_create(id=event.id)
        if fresh:
            HANDLED[event.name](centre, event)
    return bool(fresh)


def _joined(centre: Centre, event: livekit.WebhookEvent) -> None:
    if event.seen is not None:
        presence.apply_join(centre=centre, room_name=event.room, seen=event.seen)


def _left(centre: Centre, event: livekit.WebhookEvent) -> None:
    if event.seen is not None:
        presence.apply_left(centre=centre, room_name=event.room, seen=event.seen)


def _finished(centre: Centre, event: livekit.WebhookEvent) -> None:
    presence.apply_finished(centre=centre, room_name=event.room, at=event.at)


HANDLED = {
    "participant_joined": _joined,
    "participant_left": _left,
    "participant_connection_aborted": _left,
    "room_finished": _finished,
}
