"""What Celery does for the public surface."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from callers import sessions
from callers.models import CallerSession
from dispatch.calls import services
from dispatch.calls.access import lock
from dispatch.calls.models import Call, Stage, StageMark
from dispatch.centres.access import centre_by_wall, scope, system_scope

#: A call whose link nobody opened ends by itself after this long.
UNOPENED_ENDS_AFTER = timedelta(hours=2)


@shared_task(name="callers.expire_unopened")
def expire_unopened() -> int:
    """Close calls whose link was never opened; the count."""
    before = timezone.now() - UNOPENED_ENDS_AFTER
    with system_scope("links.expire"):
        found = list(
            Call.objects.filter(state=Call.State.OPEN, opened_at__lt=before)
            .exclude(pk__in=StageMark.objects.filter(stage=Stage.OPENED).values("call_id"))
            .values_list("centre_id", "pk")[:200]
        )
    for centre_id, call_id in found:
        with scope(centre_by_wall(centre_id)):
            call = lock(call_id)
            if not StageMark.objects.filter(call=call, stage=Stage.OPENED).exists():
                services.close(call, user=None, reason="never_opened")
    return len(found)


#: A page without a socket asks every three seconds.
POLLS_LAPSE_AFTER = timedelta(seconds=8)


@shared_task(name="callers.lapse")
def lapse() -> int:
    """Mark pages that stopped asking as gone; the count. A closed socket tells of itself."""
    before = timezone.now() - POLLS_LAPSE_AFTER
    with system_scope("sessions.lapse"):
        found = list(
            CallerSession.objects.filter(online=True, polled_at__lt=before).values_list(
                "centre_id", "pk", "online_by"
            )[:500]
        )
    for centre_id, session_id, by in found:
        with scope(centre_by_wall(centre_id)):
            sessions.silent(session_id, by=by)
    return len(found)
