"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

import redis
import structlog
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 with {ok, parts: {db, redis}}; 503 without the database.

    Without Redis everything goes on, more slowly, so its absence is told but is no failure.
    """
    parts = {"db": _database(), "redis": _redis()}
    return JsonResponse({"ok": parts["db"], "parts": parts}, status=200 if parts["db"] else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except Error as problem:
        log.warning("health_database_away", problem=type(problem).__name__)
        return False


def _redis() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1, retry=None
    )
    try:
        return bool(client.ping())
    except (redis.exceptions.RedisError, OSError) as problem:
        log.warning("health_redis_away", problem=type(problem).__name__)
        return False
    finally:
        client.close()
