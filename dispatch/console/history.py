"""Past calls for reading: the list, and all that is kept of one. Inside the centre's scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from callers.models import CallerSession, Fix, LastPosition, TextMessage
from dispatch.calls import cards, events
from dispatch.calls.access import call_for
from dispatch.calls.models import Call, CallEvent, ChatMessage, Stage, StageMark
from dispatch.centres import languages
from dispatch.feed.replay import stamp

#: How far a call came, in a reader's words; its end is no such step.
STAGE_WORDS = {
    Stage.REQUESTED.value: "link requested",
    Stage.ACCEPTED.value: "text sent",
    Stage.DELIVERED.value: "text delivered",
    Stage.OPENED.value: "link opened",
    Stage.TAPPED.value: "tapped",
    Stage.PERMITTED.value: "camera allowed",
    Stage.JOINED.value: "video sent",
    Stage.FIRST_FRAME.value: "video seen",
}
_ORDER = {stage: place for place, stage in enumerate(STAGE_WORDS)}
REASON_WORDS = {"closed": "dispatcher", "never_opened": "nobody opened the link"}
#: A track is drawn from at most about this many fixes.
TRACK_POINTS = 2000


@dataclass(frozen=True)
class Entry:
    """One line of what happened: an event, or a message that was said."""

    at: datetime
    #: Time since the call was opened, such as 0:12.
    after: str
    said: bool
    who: str
    text: str


@dataclass(frozen=True)
class Record:
    """All that is kept of one call, for a page."""

    call: dict[str, Any]
    entries: list[Entry]
    texts: list[TextMessage]
    fixes: list[dict[str, Any]]
    fix_count: int
    last_fix: dict[str, Any] | None


def calls() -> Any:
    """The calls of the scope, newest first, with what a row needs."""
    marks = Prefetch("stages", queryset=StageMark.objects.all())
    return Call.objects.select_related("owner").prefetch_related(marks).order_by("-opened_at", "pk")


def stage_reached(call: Call) -> str:
    """The furthest step a call came to, in words."""
    reached = [mark.stage for mark in call.stages.all() if mark.at and mark.stage in _ORDER]
    furthest = max(reached, key=_ORDER.__getitem__, default=Stage.REQUESTED.value)
    return STAGE_WORDS[furthest]


def row(call: Call) -> dict[str, Any]:
    """A call as one line of a list. Times are datetimes, for the template to write."""
    duration = call.closed_at - call.opened_at if call.closed_at else None
    return {
        "id": str(call.pk),
        "number_display": cards.display(call.number),
        "state": call.state,
        "opened_at": call.opened_at,
        "closed_at": call.closed_at,
        "duration": timedelta(seconds=int(duration.total_seconds())) if duration else None,
        "owner": call.owner.name,
        "stage": stage_reached(call),
        "close_reason": REASON_WORDS.get(call.close_reason, call.close_reason),
        "language": languages.name_of(call.language),
        "is_test": call.is_test,
    }


def record(call_id: UUID) -> Record:
    """One call with everything that happened in it. Raises NotFound."""
    call = call_for(call_id)
    fixes = Fix.objects.filter(call=call)
    last = LastPosition.objects.filter(call=call).first()
    return Record(
        call={**row(call), "device": _device(call)},
        entries=_entries(call),
        texts=list(TextMessage.objects.filter(call=call).order_by("queued_at")),
        fixes=_track(fixes),
        fix_count=fixes.count(),
        last_fix=_place(last) if last else None,
    )


def _device(call: Call) -> str:
    """The device that sent video, or the last that opened the link."""
    sessions = CallerSession.objects.filter(call=call, opened_at__isnull=False)
    found = sessions.order_by("-tapped_at", "-opened_at").values_list("device", "tapped_at")
    return next((device for device, tapped in found if tapped), "") or next(
        (device for device, _ in found), ""
    )


def _entries(call: Call) -> list[Entry]:
    """Events and messages in one line of time; a message stands for the event about it."""
    found = []
    for event in CallEvent.objects.filter(call=call).exclude(kind__startswith="chat."):
        who = event.user_name or ("Caller" if event.actor == CallEvent.Actor.CALLER else "")
        text = events.body(event)["text"]
        found.append(Entry(event.at, _after(call, event.at), said=False, who=who, text=text))
    for said in ChatMessage.objects.select_related("user").filter(call=call):
        who = said.user.name if said.user else "Caller"
        found.append(Entry(said.at, _after(call, said.at), said=True, who=who, text=said.text))
    return sorted(found, key=lambda entry: entry.at)


def _after(call: Call, moment: datetime) -> str:
    seconds = max(0, int((moment - call.opened_at).total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{seconds % 60:02}"


def _place(fix: Fix | LastPosition) -> dict[str, Any]:
    return {
        "lat": fix.point.y,
        "lon": fix.point.x,
        "accuracy": fix.accuracy,
        "at": stamp(fix.at),
    }


def _track(fixes: Any) -> list[dict[str, Any]]:
    """The fixes oldest first, thinned evenly, the last one always kept."""
    found = list(fixes.order_by("at", "pk").only("point", "accuracy", "at"))
    step = max(1, -(-len(found) // TRACK_POINTS))
    kept = found[::step]
    if found and kept[-1] is not found[-1]:
        kept.append(found[-1])
    return [_place(fix) for fix in kept]
