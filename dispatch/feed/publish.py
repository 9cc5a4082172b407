"""Tell the web processes what was committed. A hint: losing one costs a heartbeat, never data."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import msgspec
import redis
import structlog
from django.conf import settings

from dispatch.feed import counters

log = structlog.get_logger(__name__)

#: Longest that a commit may be held up by Redis.
TIMEOUT_S = 0.1
#: After a failure nothing is tried for this long, or every commit would wait for it.
PAUSE_S = 1.0

_paused_until = 0.0


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        health_check_interval=0,
    )


def channel(stream: str) -> str:
    """The Redis channel of a stream."""
    return f"{settings.FEED_PREFIX}:{stream}"


def entries(by_stream: dict[str, list[dict[str, Any]]]) -> None:
    """Publish committed entries, stream by stream."""
    _send({channel(name): {"entries": found} for name, found in by_stream.items()})


def latest(stream: str, values: list[dict[str, Any]]) -> None:
    """Publish last-known values ({key, version, body}) that are stored already."""
    _send({channel(stream): {"latest": values}})


def _send(messages: dict[str, Any]) -> None:
    global _paused_until
    if time.monotonic() < _paused_until:
        counters.happened(counters.PUBLISH_FAILURES)
        return
    try:
        pipeline = _client().pipeline(transaction=False)
        for name, message in messages.items():
            pipeline.publish(name, msgspec.json.encode(message))
        pipeline.execute()
    except redis.RedisError as problem:
        counters.happened(counters.PUBLISH_FAILURES)
        _paused_until = time.monotonic() + PAUSE_S
        log.warning("feed_publish_failed", problem=type(problem).__name__)
