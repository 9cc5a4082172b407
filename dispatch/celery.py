"""The Celery application: worker and beat start here."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun
from structlog.contextvars import clear_contextvars

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")

app = Celery("sightline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_django_logging(**_: Any) -> None:
    """Django's logging is set up already; without this Celery would replace it."""


@task_prerun.connect
def _new_context(**_: Any) -> None:
    """A thread of the worker carries nothing over from the task before (dispatch.logging)."""
    clear_contextvars()
