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
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A message is a hint: it names an outbox row, which is claimed in the database, or a look at
# everything, which is taken anew soon. So one that comes twice is harmless, and one that is
# lost costs a second (dispatch.outbox.worker). All that follows is chosen for a worker that
# never stops listening, not for messages that are never lost.
#
# Acknowledged when carried out, so with a multiplier of 1 a worker takes no more than it has
# threads for, and what would wait behind a slow one is there for the others.
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Of a pool of processes: the message of a child that was killed goes back at once. (Threads,
# which we use, die with their worker; its messages come back after the visibility timeout.)
# No message goes round for ever: each expires in a minute, each row has its attempts.
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# A thread cannot be cancelled, and a killed child could leave a text that nobody knows of.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# A queue for each worker, by which it notices that it has become deaf (dispatch.outbox.ears).
CELERY_WORKER_DIRECT = True
# Comes back to a broker within two seconds, and never gives up; None is "for ever" (beat).
CELERY_WORKER_CONSUMER = "dispatch.outbox.consumer:Consumer"
CELERY_BROKER_CONNECTION_RETRY = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A Redis that is full or read-only answers with an error: a reason to try again, not to end.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than any task takes, or Redis gives it out a second time while it runs. When a
    # worker was killed, its messages come back after this (looked at every 10 s, where
    # Celery's own would be 100), and most have expired by then: the outbox was quicker.
    "visibility_timeout": 60,
    "unacked_restore_throttle": 1,
    # A Redis that stands still, or whose network does, is an error, not a wait without end:
    # a connection without an answer is given up after some ten seconds (BRPOP's one second
    # and two checks).
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "health_check_interval": 4,
    "socket_keepalive": True,
    # Of senders: once more at once, then it is for the next look at the table.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "rooms": {"task": "calls.reconcile", "schedule": 10.0, "options": {"expires": 10}},
    "cameras": {"task": "calls.watch", "schedule": 5.0, "options": {"expires": 5}},
    # The shortest of all: when it stays away, beat is missed (dispatch.upkeep.signs).
    "pollers": {"task": "callers.lapse", "schedule": 1.0, "options": {"expires": 10}},
    "outbox": {"task": "outbox.prune", "schedule": 300.0, "options": {"expires": 300}},
    "links": {"task": "callers.expire_unopened", "schedule": 60.0, "options": {"expires": 60}},
    "entries": {"task": "feed.prune", "schedule": 600.0, "options": {"expires": 600}},
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
