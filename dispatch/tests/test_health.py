"""Health: what is told, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client


def ready() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/health/ready")
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, answer.json()


def test_a_living_process_says_so() -> None:
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_ready_with_all_parts() -> None:
    assert ready() == (200, {"ok": True, "parts": {"db": True, "redis": True}})


def test_without_redis_the_rest_goes_on(settings: Any) -> None:
    settings.REDIS_URL = "redis://:a-secret@127.0.0.1:1/0"
    status, body = ready()
    assert (status, body) == (200, {"ok": True, "parts": {"db": True, "redis": False}})


def test_without_the_database_nothing_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("connection to server at 10.0.0.1, password s3cret, failed")

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "cursor", away)
        status, body = ready()
    assert (status, body) == (503, {"ok": False, "parts": {"db": False, "redis": True}})
