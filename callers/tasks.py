"""What Celery does for the public surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from callers import sessions
from callers.models import CallerSession
from dispatch.calls import services
from dispatch.calls.access import lock
from dispatch.calls.models import Call, Stage, StageMark
from dispatch.centres.access import centre_by_wall, scope, system_scope
from dispatch.logging import about, own_context

log = structlog.get_logger(__name__)

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
    return _each("expire_failed", found, _expire)


def _expire(call_id: UUID) -> None:
    call = lock(call_id)
    if not StageMark.objects.filter(call=call, stage=Stage.OPENED).exists():
        services.close(call, user=None, reason="never_opened")


#: A page without a socket asks every three seconds; it is missed before ten have passed.
POLLS_LAPSE_AFTER = timedelta(seconds=8)


#: A process looks at its sockets each 25 s (dispatch.feed.recheck).
SOCKETS_LAPSE_AFTER = timedelta(seconds=60)


@shared_task(name="callers.lapse")
def lapse() -> int:
    """Mark pages that stopped asking as gone; the count. A closed socket tells of itself, unless
    its process was killed."""
    asked = Q(polled_at__lt=Now() - POLLS_LAPSE_AFTER)
    seen = Q(heard_at__lt=Now() - SOCKETS_LAPSE_AFTER)
    with system_scope("sessions.lapse"):
        found = list(
            CallerSession.objects.filter(asked | seen, online=True).values_list(
                "centre_id", "call_id", "pk", "online_by"
            )[:500]
        )
    return _each("lapse_failed", found, _lapse)


def _lapse(_call_id: UUID, session_id: UUID, by: str) -> None:
    sessions.silent(session_id, by=by)


def _each(failed: str, found: Sequence[tuple[Any, ...]], work: Callable[..., None]) -> int:
    """Do it for each row (its centre first, then its call) in a scope of its own; the count done.

    One in trouble leaves the others looked at: it is found again the next time.
    """
    done = 0
    for centre_id, call_id, *rest in found:
        with own_context():
            about(call_id)
            try:
                with scope(centre_by_wall(centre_id)):
                    work(call_id, *rest)
                done += 1
            except Exception:
                log.exception(failed)
    return done
