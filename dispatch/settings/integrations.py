"""The parts around Django: Redis, Celery, LiveKit, texts, the API."""

from __future__ import annotations

from typing import Any

from .env import development, env

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "dispatch.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
#: Prefix of the feed's Redis channels, so that installations can share one server.
FEED_PREFIX = env.str("FEED_PREFIX", default="feed")

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A task only names an outbox row that is claimed in the database, so running one
# twice is harmless and losing one costs a second (dispatch.outbox.sweep).
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "max_retries": 1,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "rooms": {"task": "calls.reconcile", "schedule": 10.0, "options": {"expires": 10}},
    "cameras": {"task": "calls.watch", "schedule": 5.0, "options": {"expires": 5}},
    "pollers": {"task": "callers.lapse", "schedule": 4.0, "options": {"expires": 4}},
    "links": {"task": "callers.expire_unopened", "schedule": 60.0, "options": {"expires": 60}},
}

#: Public signalling URL and server-side URL of the first media node (seeded as a row).
LIVEKIT_URL = env.str("LIVEKIT_URL", default="ws://127.0.0.1:7880")
LIVEKIT_API_URL = env.str("LIVEKIT_API_URL", default="http://127.0.0.1:7880")
#: API key → secret of every media node. Secrets live here, never in the database.
LIVEKIT_KEYS: dict[str, str] = dict(
    pair.split(":", 1) for pair in env.list("LIVEKIT_KEYS", default=[])
)

#: The text provider; "demo" exists in development only.
SMS_PROVIDER = env.str("SMS_PROVIDER", default="demo" if development else "console")

#: Of doctor: the PEM file of an authority of our own, trusted beside the public ones.
TLS_AUTHORITY = env.str("TLS_AUTHORITY", default="")
#: Of doctor: less free space than this on a disk we write to is a warning, a quarter a failure.
DISK_FREE_MB = env.int("DISK_FREE_MB", default=2000)

#: Whoever shows it (Authorization: Bearer …) may read /metrics; without one, this machine only.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["dispatch.console.authentication.StaffSession"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "dispatch.console.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sightline",
    "DESCRIPTION": "What the dispatcher console does, as an API. See docs/driving.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
}
