"""Staff who sit in a call's room and no longer belong there: the call moves on without them.

LiveKit does not take back a token, so whoever was removed from the centre, was given a role that
does not watch, or lost a grant, could stay or come again. The next generation has no seat for
them (calls.seats asks the table of permissions), and everyone else takes theirs by themselves.
"""

from __future__ import annotations

from collections import defaultdict

import structlog
from django.db.models import F, Q
from django.utils import timezone

from dispatch.calls import events, rooms
from dispatch.calls.access import lock
from dispatch.calls.livekit import TOKEN_LIFE
from dispatch.calls.models import Call, CallEvent, Participant
from dispatch.centres.access import centre_by_wall, scope, standings, system_scope
from dispatch.centres.permissions import Action
from dispatch.logging import about, own_context

log = structlog.get_logger(__name__)

REASON = "rooms.strangers"

events.WORDS.update({"room.stranger": "Moved away from a person who left the centre"})


def put_out() -> int:
    """Move every open call in whose room a stranger sits, or may still come; how many there were.

    Runs every ten seconds with the reconciler.
    """
    # Whoever was given a token so recently can still come in with it.
    recently = timezone.now() - TOKEN_LIFE
    with system_scope(REASON):
        seated = list(
            Participant.objects.filter(
                ~Q(sid="") | Q(seated_at__gt=recently),
                kind=Participant.Kind.STAFF,
                call__state=Call.State.OPEN,
                generation=F("call__generation"),
            ).values_list("centre_id", "call_id", "user_id")
        )
    found = standings({user for *_, user in seated}, {centre for centre, *_ in seated})
    strangers = defaultdict(set)
    for centre_id, call_id, user_id in seated:
        is_what = found.get((user_id, centre_id))
        if is_what is None or not is_what.may(Action.CALLS_WATCH):
            strangers[centre_id, call_id].add(user_id)
    for centre_id, call_id in strangers:
        with own_context():
            about(call_id)
            try:
                with scope(centre_by_wall(centre_id)):
                    call = lock(call_id)
                    if call.is_open:
                        events.record(call, "room.stranger", actor=CallEvent.Actor.SYSTEM)
                        rooms.move(call, "a person left the centre")
            except Exception:
                # The others are moved all the same.
                log.exception("stranger_not_put_out")
    return len(strangers)
