"""What pages and dispatchers do, for the tests of media."""

from __future__ import annotations

from uuid import uuid4

from dispatch.calls import seats, services
from dispatch.calls.models import Call, Participant, Room
from dispatch.centres.access import scope
from dispatch.tests import factories


def caller(call: Call) -> Participant:
    return factories.caller_page(call, session=uuid4())


def take(who: Participant) -> seats.Seat:
    return seats.seat(centre=who.centre, participant_id=who.pk)


def tap(call: Call, who: Participant) -> Call:
    with scope(call.centre):
        return seats.publish(call=call, participant=who)


def fresh(call: Call) -> Call:
    with scope(call.centre):
        found: Call = Call.objects.select_related("publisher").get(pk=call.pk)
        return found


def room_of(call: Call) -> Room:
    with scope(call.centre):
        found: Room = Room.objects.get(call=call, ended_at=None)
        return found


def close(call: Call) -> None:
    with scope(call.centre):
        services.close(call, user=None)
