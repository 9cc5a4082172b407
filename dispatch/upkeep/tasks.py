"""What worker and beat do so that doctor can tell that they work."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import after_task_publish, beat_embedded_init, beat_init
from django.conf import settings

from dispatch.upkeep import signs


@shared_task(name="upkeep.canary")
def canary(nonce: str) -> None:
    """Answer doctor's question."""
    signs.answer(nonce)


@beat_init.connect
@beat_embedded_init.connect
def _beat_starts(**_: Any) -> None:
    signs.beat(sent=False)
    # Not a task of its own: that would need a worker, and beat must not be blamed for its
    # absence. What the broker took from beat is the proof that it schedules.
    after_task_publish.connect(_beat_sent, weak=False)


def _beat_sent(sender: str | None = None, **_: Any) -> None:
    # A beat inside a worker shares its process with tasks that send others.
    if sender in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}:
        signs.beat(sent=True)
