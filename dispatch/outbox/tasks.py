"""The doors Celery knocks on, and each worker's own look at the table."""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_ready
from django.db import connections

from dispatch.outbox import carry as carrying

log = structlog.get_logger(__name__)

#: Seconds between a worker's own looks, so that a dead broker delays work by about as much.
LOOK_EVERY_S = 1.0


@shared_task(name="outbox.carry")
def carry(item_id: int) -> None:
    """Carry out one row; running it twice is harmless, for the row is claimed."""
    carrying.carry(item_id)


@shared_task(name="outbox.sweep")
def sweep() -> None:
    """Carry out what was left behind."""
    carrying.sweep()


@worker_ready.connect
def _look_each_second(**_: Any) -> None:
    threading.Thread(target=_look_forever, name="outbox-sweep", daemon=True).start()


def _look_forever() -> None:
    while True:
        try:
            carrying.sweep()
        except Exception as problem:  # noqa: BLE001 (it must go on looking)
            log.warning("outbox_sweep_failed", problem=type(problem).__name__)
        finally:
            connections.close_all()
        time.sleep(LOOK_EVERY_S)
