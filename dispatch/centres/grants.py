"""The operator's look into one centre's calls: for a reason, for a time, in the centre's log."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dispatch.centres import log
from dispatch.centres.models import Centre, Grant, User
from dispatch.centres.models.person import LONGEST_GRANT
from dispatch.errors import DomainError

SHORTEST_REASON = 10  # characters: a word is no reason


def take(*, operator: User, centre: Centre, reason: str, lasts: timedelta) -> Grant:
    """Open the centre's calls to the operator, to read. Inside the centre's scope.

    Raises DomainError: reason_missing, too_long.
    """
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise DomainError(
            "Say why, in a few words. The centre reads it.", code="reason_missing", field="reason"
        )
    if not timedelta() < lasts <= LONGEST_GRANT:
        raise DomainError(
            f"At most {LONGEST_GRANT // timedelta(hours=1)} hours. Take it again if you need more.",
            code="too_long",
            field="hours",
        )
    now = timezone.now()
    grant = Grant.objects.create(
        user=operator, centre=centre, reason=reason, begins_at=now, ends_at=now + lasts
    )
    minutes = int(lasts.total_seconds() // 60)
    log.record(
        centre,
        "grant.taken",
        actor=operator,
        subject=operator,
        data={"detail": f"for {minutes} minutes: {reason}"},
    )
    return grant


def end(grant: Grant, *, user: User) -> bool:
    """End it before its time; sockets close within seconds. Whether it still held.

    Inside the centre's scope.
    """
    now = timezone.now()
    held = Grant.objects.filter(Grant.good(now), pk=grant.pk).update(ended_at=now)
    if held:
        log.record(grant.centre, "grant.ended", actor=user, subject=grant.user)
    return bool(held)
