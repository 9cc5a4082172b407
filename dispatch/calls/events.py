"""The one place that writes call events."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.utils import timezone

from dispatch.calls.models import Call, CallEvent
from dispatch.centres.models import User
from dispatch.feed.replay import stamp
from dispatch.feed.unit import append

#: What the timeline says for each kind; rooms above add theirs with `update`.
WORDS: dict[str, str] = {
    "call.opened": "Call opened",
    "call.taken": "Taken over",
    "call.closed": "Call closed",
    "call.reopened": "Closing undone",
    "call.expired": "Ended: the link was never opened",
    "chat.staff": "Message to caller",
    "chat.caller": "Message from caller",
    "media.live": "Camera on",
    "media.sound": "Sound on, no camera",
    "media.paused": "Camera interrupted",
    "media.stopped": "Video stopped by the caller",
    "media.microphone_on": "Microphone on",
    "media.microphone_off": "Microphone off",
    "picture.first": "First picture on a console",
    "publisher.changed": "Video moved to another device",
}


def record(
    call: Call,
    kind: str,
    *,
    actor: str = CallEvent.Actor.SYSTEM,
    user: User | None = None,
    data: dict[str, Any] | None = None,
    payload: str | None = None,
    salt: str = "",
) -> CallEvent:
    """Record what happened, for ever, and show it on the centre's consoles.

    `data` holds references only. Personal content is given as `payload` with the `salt` of
    the row that keeps it: the event keeps its HMAC-SHA-256, which says nothing once that row
    is erased. Raises KeyError for a kind without words.
    """
    WORDS[kind]
    event: CallEvent = CallEvent.objects.create(
        centre_id=call.centre_id,
        call=call,
        kind=kind,
        at=timezone.now(),
        actor=actor,
        user=user,
        user_name=user.name if user else "",
        data=data or {},
        digest=hmac.new(salt.encode(), payload.encode(), hashlib.sha256).hexdigest()
        if payload is not None
        else "",
    )
    append(f"centre:{call.centre_id}", "event", str(event.pk), body(event))
    return event


def body(event: CallEvent) -> dict[str, Any]:
    """The timeline item of an event."""
    detail = event.data.get("detail")
    words = WORDS.get(event.kind, event.kind)
    return {
        "id": str(event.pk),
        "call": str(event.call_id),
        "kind": event.kind,
        "at": stamp(event.at),
        "actor": {"kind": event.actor, "name": event.user_name},
        "text": f"{words}: {detail}" if detail else words,
        "data": event.data,
    }
