"""How much one page may send. By session, never by address: a network can share one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from django.db import Error

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
#: Longest that one look into Redis may take: a caller's words wait for it.
TIMEOUT_S = 0.1
#: After a failure Redis is not asked for this long, or every post would wait for it.
PAUSE_S = 1.0


class Windows:
    """Counts of this process, forgotten each minute, so they need no bound of their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = -1
        self._used: dict[tuple[str, str], int] = {}

    def use(self, kind: str, key: str, count: int) -> int:
        """Count `count` more (fewer, where it is negative); how many were used before."""
        window = int(time.monotonic() // WINDOW_S)
        with self._lock:
            if window != self._window:
                self._window = window
                self._used.clear()
            before = self._used.get((kind, key), 0)
            self._used[kind, key] = max(0, before + count)
            return before


_here = Windows()
_paused_until = 0.0


def allow(kind: str, session: str, count: int = 1) -> int:
    """How many of `count` more are allowed in this window (fixed windows of a minute).

    Without Redis each process counts alone.
    """
    return max(0, min(count, LIMITS[kind] - _used(kind, session, count)))


@contextmanager
def allowance(session: str, kinds: Sequence[str]) -> Iterator[set[int]]:
    """Places in this list of kinds that are allowed now: of each kind the first ones.

    Where the database fails in this block nothing was used: what it did not take is sent again
    and again, and must not cost the person the words that come after.
    """
    places: dict[str, list[int]] = {}
    for place, kind in enumerate(kinds):
        places.setdefault(kind, []).append(place)
    allowed = {
        place
        for kind, theirs in places.items()
        for place in theirs[: allow(kind, session, len(theirs))]
    }
    try:
        yield allowed
    except Error:
        for kind, theirs in places.items():
            give_back(kind, session, len(theirs))
        raise


def give_back(kind: str, session: str, count: int) -> None:
    """What was allowed was not taken after all."""
    _used(kind, session, -count)


def _used(kind: str, session: str, count: int) -> int:
    """Count here, and in Redis where it answers; how many were used before, by the larger."""
    here = _here.use(kind, session, count)
    return here if kind in LOCAL else max(here, _used_anywhere(kind, session, count))


def _used_anywhere(kind: str, session: str, count: int) -> int:
    """How many all processes had counted before; 0 where Redis does not answer at once."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return 0
    key = f"throttle:{kind}:{session}"
    try:
        pipeline = _client().pipeline(transaction=False)
        pipeline.set(key, 0, nx=True, ex=WINDOW_S)
        pipeline.incrby(key, count)
        return int(pipeline.execute()[1]) - count
    except redis.RedisError as problem:
        _paused_until = time.monotonic() + PAUSE_S
        log.warning("throttle_unavailable", problem=type(problem).__name__)
        return 0


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        health_check_interval=0,
    )
