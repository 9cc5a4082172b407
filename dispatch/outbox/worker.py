"""What a worker does by itself: it looks at the table, keeps its claims alive, and listens.

Three threads, so that none waits for another. They need the database only and begin before
Celery looks for its broker: where that is away from the start, the work is done all the same.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import structlog
from django.db import connections
from django.db.models.functions import Now

from dispatch.outbox import carry, claims
from dispatch.outbox.ears import Ears, leaving
from dispatch.outbox.lanes import Lanes
from dispatch.outbox.models import Worker

log = structlog.get_logger(__name__)

#: Between two looks, so that a dead broker delays work by about as much.
LOOK_EVERY_S = 0.5
#: Between two signs that the worker's claims are alive: a third of their lease.
RENEW_EVERY_S = 0.5
#: Between two questions whether it still hears its broker.
LISTEN_EVERY_S = 2.0

lanes = Lanes()


def start(name: str) -> None:
    """Begin, once in a process. `name` is Celery's name of this worker."""
    ears = Ears(name)
    _forever("outbox-look", LOOK_EVERY_S, lambda: look(name, lanes))
    _forever("outbox-renew", RENEW_EVERY_S, renew)
    _forever("outbox-listen", LISTEN_EVERY_S, ears.listen, keep_connection=False)


def look(name: str, places: Lanes) -> None:
    """Take up what was left behind, as much as there are places for.

    A step that fails, over one row perhaps, keeps none of the others from running.
    """
    _step("sign", lambda: _sign(name))
    _step("give_back", claims.give_back)
    if leaving.is_set():
        return
    _step("interrupted", lambda: _tell_interrupted(places))
    _step("left_behind", lambda: _take_left_behind(places))


def _step(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as problem:  # noqa: BLE001 (whatever it was, the others must go on)
        log.warning("outbox_step_failed", step=name, problem=type(problem).__name__)
        connections.close_all()


def _sign(name: str) -> None:
    if not Worker.objects.filter(pk=claims.me()).update(looked_at=Now()):
        Worker.objects.create(pk=claims.me(), name=name, started_at=Now(), looked_at=Now())


def _tell_interrupted(places: Lanes) -> None:
    for item in claims.interrupted(count=100):
        if places.free(item.kind) > 0:
            places.give(item, lambda found: carry.lost(found, "its worker went"))


def _take_left_behind(places: Lanes) -> None:
    for kind in claims.due_kinds():
        if (room := places.free(kind)) > 0:
            for item in claims.take_left_behind(kind, room):
                places.give(item)


def renew() -> None:
    """Keep what this process carries out."""
    if held := carry.held():
        claims.renew(held)


def _forever(
    name: str, every_s: float, work: Callable[[], None], *, keep_connection: bool = True
) -> None:
    def run() -> None:
        while True:
            try:
                work()
            except Exception as problem:  # noqa: BLE001 (whatever it was, it must go on)
                log.warning("outbox_thread_failed", thread=name, problem=type(problem).__name__)
                connections.close_all()
            if not keep_connection:
                connections.close_all()
            # A little apart, so that many workers do not look all at once.
            time.sleep(every_s * random.uniform(0.9, 1.0))  # noqa: S311 (no secret)

    threading.Thread(target=run, name=name, daemon=True).start()
