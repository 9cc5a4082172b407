"""A live camera that nobody watches: first an alarm, then the video stops; the call stays.

Somebody watches while a page of the staff is in the call's room (calls.presence). A console that
reloads, or a dispatcher who changes seats, is back before the alarm.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import structlog
from django.utils import timezone

from dispatch.calls import cards, events, requests, rooms
from dispatch.calls.access import lock
from dispatch.calls.models import Call, Participant, Room
from dispatch.calls.models.call import UNWATCHED_ALARM_AFTER, UNWATCHED_STOP_AFTER
from dispatch.centres.access import centre_by_wall, scope, system_scope
from dispatch.logging import about, own_context

log = structlog.get_logger(__name__)

REASON = "camera.unwatched"

events.WORDS.update(
    {
        "camera.unwatched": "Nobody is watching the camera",
        "camera.watched": "The camera is watched again",
        "camera.unwatched_stop": "Video stopped: nobody was watching",
    }
)


def look() -> None:
    """Look at every call with a live camera. Runs every few seconds."""
    with system_scope(REASON):
        live = Call.objects.filter(
            state=Call.State.OPEN, media__in=[Call.Media.LIVE, Call.Media.PAUSED]
        )
        left = Call.objects.filter(state=Call.State.OPEN, unwatched_since__isnull=False)
        found = set((live | left).values_list("centre_id", "pk"))
    for centre_id, call_id in sorted(found, key=str):
        with own_context():
            about(call_id)
            try:
                with scope(centre_by_wall(centre_id)):
                    check(lock(call_id))
            except Exception:
                # The others are looked at all the same.
                log.exception("watch_failed")


def check(call: Call) -> None:
    """Compare one call with who is in its room now. Inside a scope, with the call's lock."""
    watched = _watchers(call)
    unwatched = _camera_on(call) and not watched
    now = timezone.now()
    if not unwatched:
        if call.unwatched_since is not None:
            alarmed = call.unwatched_alarm
            _save(call, since=None, alarm=False)
            if alarmed:
                if watched:  # else the camera went off, or its phone away
                    events.record(call, "camera.watched")
                cards.changed(call)
    elif call.unwatched_since is None:
        _save(call, since=now, alarm=False)
    elif call.unwatched_alarm:
        if now - call.unwatched_since >= UNWATCHED_STOP_AFTER:
            _stop(call)
    elif now - call.unwatched_since >= UNWATCHED_ALARM_AFTER:
        # From the alarm to the end there is always the same time, however late this look comes
        # (no task ran, or the clock was set): nobody can act on an alarm they never heard.
        _save(call, since=max(call.unwatched_since, now - UNWATCHED_ALARM_AFTER), alarm=True)
        events.record(call, "camera.unwatched")
        cards.changed(call)


def _camera_on(call: Call) -> bool:
    sends = call.is_open and call.camera and call.media in (Call.Media.LIVE, Call.Media.PAUSED)
    # A page that was closed says nothing of it: nothing comes from a phone that is not there.
    if not sends or call.publisher is None or not call.publisher.present:
        return False
    room = (
        Room.objects.select_related("node")
        .filter(call=call, generation=call.generation, ended_at=None)
        .first()
    )
    # While its node is away nobody can watch, and nothing arrives that could be watched.
    return room is not None and bool(room.node.up)


def _watchers(call: Call) -> bool:
    inside = Participant.objects.filter(call=call, kind=Participant.Kind.STAFF)
    return bool(inside.exclude(sid="").exists())


def _stop(call: Call) -> None:
    """The page is asked to stop, and the room that it sends into goes whatever the page does."""
    call.media, call.camera, call.microphone = Call.Media.STOPPED, False, False
    call.unwatched_stop, call.unwatched_since, call.unwatched_alarm = True, None, False
    call.save(
        update_fields=[
            *("media", "camera", "microphone"),
            *("unwatched_stop", "unwatched_since", "unwatched_alarm"),
        ]
    )
    events.record(call, "camera.unwatched_stop")
    requests.ask(call, what=requests.What.STOP, command=uuid4(), user=None)
    rooms.move(call, "unwatched")
    cards.changed(call)
    log.info("video_stopped_unwatched")


def _save(call: Call, *, since: Any, alarm: bool) -> None:
    call.unwatched_since, call.unwatched_alarm = since, alarm
    call.save(update_fields=["unwatched_since", "unwatched_alarm"])
