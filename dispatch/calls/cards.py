"""A call's card: its whole state as one item, for the consoles and for the caller's side."""

from __future__ import annotations

from typing import Any

import phonenumbers

from dispatch.calls.access import lock
from dispatch.calls.models import Call, StageMark
from dispatch.calls.models.call import UNWATCHED_STOP_AFTER
from dispatch.feed.replay import stamp
from dispatch.feed.unit import append


def changed(call: Call) -> None:
    """Mark the card for the feed; it is drawn at the end of the unit.

    Takes the call's row lock: cards of one call are then drawn in commit order, each from
    all that was committed before it.
    """
    lock(call)
    append(f"centre:{call.centre_id}", "call", str(call.pk), lambda: centre_card(_now(call)))
    append(call.stream, "call", "call", lambda: caller_card(_now(call)))


def _now(call: Call) -> Call:
    found: Call = Call.objects.select_related("owner", "publisher", "centre").get(pk=call.pk)
    return found


def display(number: str) -> str:
    """A number as people write it: international format."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def centre_card(call: Call, marks: list[StageMark] | None = None) -> dict[str, Any]:
    """What the consoles of the centre see."""
    if marks is None:
        marks = list(StageMark.objects.filter(call=call))
    publisher = call.publisher
    return {
        "id": str(call.pk),
        "number": call.number,
        "number_display": display(call.number),
        "language": call.language,
        "state": call.state,
        "opened_at": stamp(call.opened_at),
        "closed_at": stamp(call.closed_at),
        "close_reason": call.close_reason or None,
        "undo_until": stamp(call.undo_until),
        "owner": {"id": call.owner_id, "name": call.owner.name},
        "generation": call.generation,
        "publisher": {
            "identity": publisher.identity,
            "session": str(publisher.session),
            "boot": publisher.boot,
            "since": stamp(call.publisher_since),
        }
        if publisher
        else None,
        "present": bool(publisher and publisher.present and publisher.heard),
        "media": {
            "state": call.media,
            "camera": call.camera,
            "microphone": call.microphone,
        },
        "unwatched": _unwatched(call),
        "unwatched_stop": call.unwatched_stop,
        "stages": {
            mark.stage: {"at": stamp(mark.at), "failed": mark.failed}
            for mark in sorted(marks, key=lambda mark: mark.pk)
        },
        "asks": call.asks,
        "is_test": call.is_test,
    }


def _unwatched(call: Call) -> dict[str, Any] | None:
    """Since when nobody watches a live camera, and when it will be stopped."""
    since = call.unwatched_since
    if since is None or not call.unwatched_alarm:
        return None
    return {"since": stamp(since), "stops_at": stamp(since + UNWATCHED_STOP_AFTER)}


def caller_card(call: Call) -> dict[str, Any]:
    """What the caller's side may know: an allow-list, without names, numbers or other devices."""
    return {
        "id": "call",
        "state": call.state,
        "generation": call.generation,
        "publisher": call.publisher.boot if call.publisher else None,
        "asks": call.asks,
        "centre": {"name": call.centre.name},
        "undo_until": stamp(call.undo_until),
    }
