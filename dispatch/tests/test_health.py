"""Health: what is told, what is not, and what makes a process useless."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone

from dispatch.calls.models import MediaNode
from dispatch.outbox.models import Worker
from dispatch.tests import factories
from dispatch.tests.fakes import FakeLiveKit
from dispatch.upkeep import parts, signs


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[FakeLiveKit]:
    """Everything there, and nothing remembered of other tests."""
    settings.LIVEKIT_KEYS = factories.NODE_KEYS
    settings.FEED_PREFIX = "test-health"
    livekit = FakeLiveKit().install(monkeypatch)
    MediaNode.objects.update(state=MediaNode.State.OFF)
    factories.node()
    Worker.objects.all().delete()
    signs.worker()
    signs.beat(sent=True)
    parts._look_at_database()  # media is looked at beside it: now it knows the node
    parts.watch.forget()
    yield livekit
    MediaNode.objects.update(state=MediaNode.State.OFF)
    parts.watch.forget()


def ready() -> tuple[int, dict[str, Any]]:
    parts.watch.forget()
    answer = Client().get("/health/ready")
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, answer.json()


ALL = dict.fromkeys(
    ("db", "migrations", "redis", "worker", "tasks", "beat", "media", "texts"), True
)


def without(**changed: bool | None) -> dict[str, Any]:
    return {"ok": changed.get("db", True) is True, "parts": {**ALL, **changed}}


def test_a_living_process_says_so() -> None:
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_ready_with_all_parts() -> None:
    assert ready() == (200, without())


def test_without_redis_the_rest_goes_on(settings: Any) -> None:
    settings.REDIS_URL = "redis://:a-secret@127.0.0.1:1/0"
    assert ready() == (200, without(redis=False, tasks=None, beat=None))


def test_without_worker_beat_or_media_the_rest_goes_on(
    fresh: FakeLiveKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signs, "WORKER_SILENT_S", 0.0)
    assert ready() == (200, without(worker=False, tasks=None))
    monkeypatch.undo()
    fresh.install(monkeypatch)
    monkeypatch.setattr(signs, "BEAT_SLACK", 0.0)
    assert ready() == (200, without(beat=False))
    monkeypatch.undo()
    fresh.install(monkeypatch)
    fresh.down = set(MediaNode.objects.values_list("pk", flat=True))
    assert ready() == (200, without(media=False))


def test_a_worker_that_hears_nothing_is_told_of_while_it_is_deaf() -> None:
    began = timezone.now() - timedelta(seconds=60)
    worker = Worker.objects.create(
        pk=uuid.uuid4(), name="deaf", started_at=began, looked_at=timezone.now(), heard_at=began
    )
    assert ready() == (200, without(tasks=False))
    Worker.objects.filter(pk=worker.pk).update(heard_at=timezone.now())
    assert ready() == (200, without())


def test_without_the_database_nothing_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("connection to server at 10.0.0.1, password s3cret, failed")

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "cursor", away)
        status, body = ready()
    unknown = {"worker": None, "tasks": None, "texts": None, "migrations": None}
    assert (status, body) == (503, without(db=False, **unknown))


def test_a_database_that_was_not_migrated_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_are_migrated", lambda: False)
    status, body = ready()
    assert status == 503
    assert body["parts"]["migrations"] is False
    assert not body["ok"]


def test_migrations_are_found_out_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_migrated", False)
    assert parts._are_migrated()
    monkeypatch.setattr(parts, "_migrated", False)
    gone = "dispatch.upkeep.parts.MigrationExecutor.migration_plan"
    monkeypatch.setattr(gone, lambda self, targets: [("one", False)])
    assert not parts._are_migrated()


def test_an_answer_never_takes_long(settings: Any) -> None:
    """A Redis that takes connections and says nothing, as one that was stopped does."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        deadline = time.monotonic() + 5
        body: dict[str, Any] = {}
        while body.get("parts", {}).get("redis") is not False and time.monotonic() < deadline:
            began = time.monotonic()
            answer = Client().get("/health/ready")
            assert time.monotonic() - began < parts.LIMIT_S + 0.6
            body = answer.json()
            assert answer.status_code == 200
            time.sleep(0.05)
        assert body == without(redis=False, tasks=None, beat=None)


def test_what_hangs_is_not_waited_for_and_counts_as_failed_until_it_ends() -> None:
    go_on = threading.Event()

    def hang() -> parts.Verdicts:
        go_on.wait(10)
        return {"db": True}

    def also() -> parts.Verdicts:
        go_on.wait(10)
        return {"media": True}

    watch = parts.Watch(
        [
            parts.Look("slow", hang, lost={"db": False}, patience_s=parts.LIMIT_S),
            parts.Look("slow as well", also, lost={"media": False}),
            parts.Look("quick", lambda: {"redis": True}, lost={"redis": False}),
        ]
    )
    began = time.monotonic()
    # Of what may only be slow nothing is known, until it has taken really long.
    assert watch.now() == {"db": False, "redis": True, "media": None}
    assert parts.LIMIT_S <= time.monotonic() - began < parts.LIMIT_S + 1
    began = time.monotonic()
    assert watch.now()["db"] is False
    assert time.monotonic() - began < 0.5
    go_on.set()
    deadline = time.monotonic() + 5
    while watch.now()["db"] is False and time.monotonic() < deadline:
        time.sleep(0.01)
    assert watch.now() == {"db": True, "redis": True, "media": True}


def test_what_stands_still_has_failed_in_the_end() -> None:
    go_on = threading.Event()

    def hang() -> parts.Verdicts:
        go_on.wait(10)
        return {"media": True}

    watch = parts.Watch([parts.Look("media", hang, lost={"media": False}, patience_s=1.2)])
    assert watch.now() == {"media": None}
    time.sleep(0.4)
    assert watch.now() == {"media": False}
    go_on.set()


def test_a_look_that_raises_is_a_verdict() -> None:
    def trip() -> parts.Verdicts:
        raise KeyError("of whatever kind")

    assert parts.Watch([parts.Look("odd", trip, lost={"redis": False})]).now() == {"redis": False}


def test_many_who_ask_at_once_cost_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    ask = parts._ask_redis

    def asking() -> parts.Verdicts:
        looks.append(1)
        return ask()

    monkeypatch.setattr(parts, "_ask_redis", asking)
    parts.watch.forget()
    threads = [threading.Thread(target=parts.now) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looks) == 1
    parts.now()
    assert len(looks) == 1
    monkeypatch.setattr(parts, "KEPT_S", 0.0)
    parts.now()
    assert len(looks) == 2


def test_the_heartbeats_value_is_always_newer() -> None:
    (first,) = parts.latest_health("centre:1")
    time.sleep(0.005)
    (second,) = parts.latest_health("centre:2")
    assert first["key"] == second["key"] == "health"
    assert second["version"] > first["version"]
    assert first["body"] == {"parts": ALL}
