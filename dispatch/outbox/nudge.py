"""Tell Celery of new work. A fast road only: what is lost here, the workers find by themselves.

A thread of its own does it, so that a broker that does not answer holds up nobody's request.
"""

from __future__ import annotations

import os
import queue
import threading

import structlog
from celery import current_app

log = structlog.get_logger(__name__)

#: More than that are waiting only while the broker is away, and then they are not needed.
WAITING = 1000
#: A worker that takes it up later than this finds a row that was carried out long ago.
EXPIRES_S = 60

_waiting: queue.Queue[int] = queue.Queue(WAITING)
_starting = threading.Lock()
_thread: threading.Thread | None = None


def nudge(item_id: int) -> None:
    """Have Celery carry out this row. Returns at once, whatever the broker does."""
    _have_thread()
    try:
        _waiting.put_nowait(item_id)
    except queue.Full:
        pass


def _have_thread() -> None:
    global _thread
    with _starting:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_send_forever, name="outbox-nudge", daemon=True)
            _thread.start()


def _send_forever() -> None:
    while True:
        _send(_waiting.get())


def _send(item_id: int) -> None:
    try:
        # Once more at once: a connection from before the broker's restart fails first.
        current_app.send_task(
            "outbox.carry",
            args=[item_id],
            expires=EXPIRES_S,
            retry=True,
            retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0},
        )
    except Exception as problem:  # noqa: BLE001 (whatever it is, the workers find the row)
        log.warning("outbox_nudge_failed", problem=type(problem).__name__)


def _after_fork() -> None:
    global _waiting, _starting, _thread
    _waiting, _starting, _thread = queue.Queue(WAITING), threading.Lock(), None


os.register_at_fork(after_in_child=_after_fork)
