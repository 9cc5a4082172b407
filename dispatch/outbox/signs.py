"""How the work is getting on: for readiness, metrics and doctor."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Now

from dispatch.outbox.ears import DEAF_AFTER_S
from dispatch.outbox.models import Item, Worker

#: A worker looks each second; one that has not for so long is gone, or stands still.
GONE_AFTER = timedelta(seconds=5)


def worker_heard_at() -> datetime | None:
    """When a worker last heard a task through the broker; None where none ever did."""
    heard: datetime | None = Worker.objects.aggregate(at=Max("heard_at"))["at"]
    return heard


def worker_looked_at() -> datetime | None:
    """When a worker last looked at the table by itself; None where none ever did."""
    looked: datetime | None = Worker.objects.aggregate(at=Max("looked_at"))["at"]
    return looked


def workers() -> int:
    """Workers that look at the table now."""
    return _living().count()


def deaf_workers() -> int:
    """Those of them that hear nothing from the broker: texts go out, a second or two later."""
    long_ago = Now() - timedelta(seconds=DEAF_AFTER_S)
    unheard = Q(heard_at__lt=long_ago) | Q(heard_at=None, started_at__lt=long_ago)
    return _living().filter(unheard).count()


def oldest_due_age_s() -> float:
    """For how long the oldest work that is due has been waiting, in seconds; 0 without any."""
    unended = Item.objects.filter(
        state__in=[Item.State.PENDING, Item.State.CLAIMED, Item.State.CALLING], due_at__lte=Now()
    )
    found: timedelta | None = unended.aggregate(age=Max(Now() - F("due_at")))["age"]
    return found.total_seconds() if found else 0.0


def _living() -> QuerySet[Worker]:
    return Worker.objects.filter(looked_at__gt=Now() - GONE_AFTER)
