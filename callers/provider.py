"""Whether the text provider takes what it is given, as the newest texts tell."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from callers.models import TextMessage
from dispatch.centres.access import system_scope

State = TextMessage.State

#: Older texts say nothing about now.
LOOK_BACK = timedelta(minutes=10)
#: A text given up after that long was too late, which is not the provider's doing.
PROMPT = timedelta(minutes=2)
#: One refused text may be a wrong number; as many numbers refused in a row are no accident.
NUMBERS = 2
_SHOWN = 20


def failing() -> bool:
    """Whether the newest texts, to two numbers or more, were not taken by the provider.

    One that is taken ends it. Looks across centres, for they share the provider.
    """
    now = timezone.now()
    with system_scope("texts.failing"):
        newest = list(
            TextMessage.objects.filter(queued_at__gt=now - LOOK_BACK)
            .exclude(state__in=[State.QUEUED, State.SENDING])
            .order_by("-queued_at")
            .values_list("number", "state", "queued_at", "accepted_at", "failed_at")[:_SHOWN]
        )
    refused: set[str] = set()
    for number, state, queued_at, accepted_at, failed_at in newest:
        if accepted_at or state not in (State.FAILED, State.UNKNOWN):
            break
        if failed_at is None or failed_at - queued_at < PROMPT:
            refused.add(number)
    return len(refused) >= NUMBERS
