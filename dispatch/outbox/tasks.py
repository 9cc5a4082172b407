"""The doors Celery knocks on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down

from dispatch.outbox import carry as carrying
from dispatch.outbox import claims, ears, worker

#: Of work that was done, as long as someone may look into what happened today; of work that
#: was not, longer. Its arguments are references only, so this is about the table's size.
DONE_KEPT = timedelta(days=1)
OTHERS_KEPT = timedelta(days=14)


@shared_task(name="outbox.carry")
def carry(item_id: int) -> None:
    """Carry out one row; running it twice is harmless, for the row is claimed."""
    carrying.carry(item_id)


@shared_task(name=ears.CANARY)
def canary() -> None:
    """This worker hears."""
    ears.hear()


@shared_task(name="outbox.prune")
def prune() -> int:
    """Delete what ended long ago; the count."""
    return claims.forget(done=DONE_KEPT, others=OTHERS_KEPT)


@worker_init.connect
def _start(sender: Any, **_: Any) -> None:
    # Not worker_ready: that comes once the broker has answered, which may be never.
    worker.start(sender.hostname)


@worker_shutting_down.connect
def _take_nothing_more(**_: Any) -> None:
    # What is being carried out is waited for, by Celery and by the lanes' own threads.
    ears.leaving.set()
