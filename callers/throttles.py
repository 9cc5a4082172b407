"""How much one page may send. By session, never by address: a network can share one."""

from __future__ import annotations

import threading
import time

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

#: Items a minute for one session. A phone reports about one fix a second, and may post ten
#: minutes of them at once after an offline spell.
LIMITS = {
    "fix": 1_200,
    "chat": 30,
    "permission": 60,
    "media": 120,
    "language": 60,
    "seat": 60,
    "tap": 60,
    "conditions": 40,
    "answer": 60,
    "poll": 60,
    # By link: each new session of it has windows of its own.
    "open": 120,
}
WINDOW_S = 60
#: Counted by each process alone: one comes with nearly every post, and each look into Redis would
#: cost more than storing it does. A page speaks to one process, unless it wants more than its due.
LOCAL = frozenset({"fix"})


class Windows:
    """Counts of this process, forgotten each minute, so they need no bound of their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = -1
        self._used: dict[tuple[str, str], int] = {}

    def use(self, kind: str, key: str, count: int) -> int:
        """Count `count` more; how many were used before."""
        window = int(time.monotonic() // WINDOW_S)
        with self._lock:
            if window != self._window:
                self._window = window
                self._used.clear()
            before = self._used.get((kind, key), 0)
            self._used[kind, key] = before + count
            return before


_here = Windows()


def allow(kind: str, session: str, count: int = 1) -> int:
    """How many of `count` more are allowed in this window (fixed windows of a minute).

    Without Redis each process counts alone.
    """
    before = _here.use(kind, session, count) if kind in LOCAL else _used(kind, session, count)
    return max(0, min(count, LIMITS[kind] - before))


def _used(kind: str, session: str, count: int) -> int:
    key = f"throttle:{kind}:{session}"
    try:
        cache.add(key, 0, WINDOW_S)
        used: int = cache.incr(key, count) - count
    except (RedisError, ValueError) as problem:
        log.warning("throttle_unavailable", problem=type(problem).__name__)
        return _here.use(kind, session, count)
    return used
