"""Loads everything once, so that a process that was killed is there again in a moment.

The fork server of `multiprocessing` imports it; it opens no connection and starts no thread.
"""

from __future__ import annotations

from importlib import import_module

import django

django.setup()

for _name in (
    "uvicorn",
    "dispatch.asgi",
    "dispatch.urls",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.concurrency.thread",
    "celery.worker.consumer",
    "kombu.transport.redis",
    "dispatch.outbox.consumer",
    "django.db.backends.postgresql.psycopg_any",
):
    import_module(_name)

from dispatch.celery import app  # noqa: E402

app.loader.import_default_modules()
app.finalize()
