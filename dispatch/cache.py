"""A cache that is a help, never a need: without Redis it is empty, and nothing fails.

Sign-in counts its failures in the cache. While Redis is away nobody is slowed down for
guessing, which is the lesser harm: a dispatcher who cannot sign in helps no one.
"""

from __future__ import annotations

from typing import Any

import redis
import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger(__name__)

# A Redis that is full or read-only answers, but with an error: as good as none.
_AWAY = (redis.exceptions.RedisError, OSError)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, for single keys, going on without Redis."""

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        try:
            return bool(super().add(key, value, timeout, version))
        except _AWAY as problem:
            return self._went_on(problem, "add")

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        try:
            return super().get(key, default, version)
        except _AWAY as problem:
            self._went_on(problem, "get")
            return default

    def set(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        try:
            super().set(key, value, timeout, version)
        except _AWAY as problem:
            self._went_on(problem, "set")

    def delete(self, key: Any, version: Any = None) -> bool:
        try:
            return bool(super().delete(key, version))
        except _AWAY as problem:
            return not self._went_on(problem, "delete")

    def _went_on(self, problem: BaseException, what: str) -> bool:
        log.warning("cache_away", what=what, problem=type(problem).__name__)
        return True
