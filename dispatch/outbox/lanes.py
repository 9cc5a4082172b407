"""Where a worker carries out what it found by itself: a few places for each kind of work.

Each kind has its own, so that one whose other side hangs (a media node that does not answer)
holds up no other (a text).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import connections

from dispatch.outbox import carry
from dispatch.outbox.models import Item

log = structlog.get_logger(__name__)

#: Of each kind at once, in one worker. Every busy one holds a database connection.
PLACES = 4


class Lanes:
    """Thread-safe. A row is given to it only where `free` says there is a place."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._busy: Counter[str] = Counter()
        self._rows: set[int] = set()
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._lock = threading.Lock()

    def free(self, kind: str) -> int:
        """Places of this kind that are free now."""
        with self._lock:
            return self._places - self._busy[kind]

    def give(self, item: Item, work: Callable[[Item], None] = carry.carry_out) -> None:
        """Do this with a row, soon; unless something is being done with it."""
        with self._lock:
            if item.pk in self._rows:
                return
            self._rows.add(item.pk)
            self._busy[item.kind] += 1
            pool = self._pools.get(item.kind)
            if pool is None:
                pool = ThreadPoolExecutor(self._places, f"outbox-{item.kind}")
                self._pools[item.kind] = pool
        pool.submit(self._run, item, work)

    def _run(self, item: Item, work: Callable[[Item], None]) -> None:
        try:
            work(item)
        except Exception as problem:  # noqa: BLE001 (the row's lease lapses, and it is found again)
            log.warning("outbox_row_failed", item=item.pk, problem=type(problem).__name__)
        finally:
            connections.close_all()
            with self._lock:
                self._busy[item.kind] -= 1
                self._rows.discard(item.pk)
