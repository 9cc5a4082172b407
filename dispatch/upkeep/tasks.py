"""What worker and beat do so that others can tell that they work."""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog
from celery import shared_task
from celery.signals import after_task_publish, beat_embedded_init, beat_init, worker_ready
from django.conf import settings
from django.db import connections

from dispatch.upkeep import signs

log = structlog.get_logger(__name__)


@shared_task(name="upkeep.canary")
def canary(nonce: str) -> None:
    """Answer doctor's question."""
    signs.answer(nonce)


@worker_ready.connect
def _worker_is_there(**_: Any) -> None:
    threading.Thread(target=_say_so_for_ever, name="worker-sign", daemon=True).start()


def _say_so_for_ever() -> None:
    while True:
        try:
            signs.worker()
        except Exception as problem:  # noqa: BLE001 (it must go on)
            log.warning("worker_sign_failed", problem=type(problem).__name__)
        finally:
            connections.close_all()
        time.sleep(signs.WORKER_EVERY_S)


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
