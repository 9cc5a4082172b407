"""Whether a worker still hears its broker, and what it does when it does not.

After a broker's restart a worker can be connected, alive, and deaf for ever. So each one sends
a task to itself alone, the canary, again and again, through the broker and its own consumer.
When the broker takes them and none comes back, the worker ends, and whoever watches over it
(scripts.sightline.supervisor, Docker's restart policy) starts it again.
"""

from __future__ import annotations

import os
import threading
import time

import structlog
from celery import current_app
from celery.utils import worker_direct
from django.db.models.functions import Now

from dispatch.outbox import carry, claims
from dispatch.outbox.models import Worker

log = structlog.get_logger(__name__)

CANARY = "outbox.canary"
#: Between two canaries; fewer than one a second for each worker is nothing to the broker.
SEND_EVERY_S = 4.0
#: A worker that heard none of them for so long is deaf, or all its threads hang. Celery itself
#: finds a half-open connection in about ten seconds (health_check_interval in the settings).
DEAF_AFTER_S = 16.0
#: For what is being carried out, before the process ends.
FINISH_WITHIN_S = 5.0
#: As sysexits.h has it: an internal error.
EXIT_CODE = 70

#: Set when this process is about to end: it takes nothing new.
leaving = threading.Event()
_heard = threading.Event()


def hear() -> None:
    """The canary came back: this worker is not deaf. Called by its task."""
    _heard.set()
    Worker.objects.filter(pk=claims.me()).update(heard_at=Now())


class Ears:
    """The sending side. `listen` is called every few seconds by a thread of its own."""

    def __init__(self, name: str) -> None:
        self._queue = worker_direct(name)
        self._sent_at: float | None = None
        #: Since when canaries have been on their way and none was heard.
        self._waiting_since: float | None = None
        self._listened_at = time.monotonic()

    def listen(self) -> None:
        """Send a canary where one is due; end this process where none comes back."""
        now = time.monotonic()
        stood_still = now - self._listened_at > SEND_EVERY_S * 2
        self._listened_at = now
        if _heard.is_set() or stood_still:
            _heard.clear()
            self._waiting_since = None
        if self._waiting_since is not None and now - self._waiting_since > DEAF_AFTER_S:
            leave()
        if self._sent_at is None or now - self._sent_at >= SEND_EVERY_S:
            self._send(now)

    def _send(self, now: float) -> None:
        try:
            current_app.send_task(
                CANARY, queue=self._queue, expires=DEAF_AFTER_S, retry=False, ignore_result=True
            )
        except Exception as problem:  # noqa: BLE001 (the broker is away: that is not deafness)
            log.info("outbox_canary_not_sent", problem=type(problem).__name__)
            self._waiting_since = None
            return
        self._sent_at = now
        if self._waiting_since is None:
            self._waiting_since = now


def leave() -> None:
    """End this process, which hears nothing; what it carries out may come to its end first."""
    log.critical("worker_deaf", after_s=DEAF_AFTER_S)
    leaving.set()
    until = time.monotonic() + FINISH_WITHIN_S
    while carry.held() and time.monotonic() < until:
        time.sleep(0.1)
    # Not by a signal: Celery's own way out waits for the very connection that is dead.
    os._exit(EXIT_CODE)
