"""How much one page may send. By session, never by address: a network can share one."""

from __future__ import annotations

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
}
WINDOW_S = 60


def allow(kind: str, session: str, count: int = 1) -> int:
    """How many of `count` more are allowed in this window (fixed windows of a minute).

    Without Redis everything is allowed: a throttle must never lose an emergency's data.
    """
    key = f"throttle:{kind}:{session}"
    try:
        cache.add(key, 0, WINDOW_S)
        used = cache.incr(key, count)
    except (RedisError, ValueError) as problem:
        log.warning("throttle_unavailable", problem=type(problem).__name__)
        return count
    return max(0, min(count, LIMITS[kind] - (used - count)))
