"""Signs of life, through the real Redis."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest
import redis
from django.conf import settings as configured

from dispatch.upkeep import signs, tasks
from dispatch.upkeep.doctor import broker
from dispatch.upkeep.doctor.result import State


@pytest.fixture(autouse=True)
def own_prefix(settings: Any) -> None:
    settings.FEED_PREFIX = f"test-{secrets.token_hex(6)}"


def test_the_canary_answers_with_its_clock() -> None:
    nonce = secrets.token_hex(8)
    assert signs.await_answer(nonce, within_s=0.05) is None
    tasks.canary(nonce)
    answer = signs.await_answer(nonce, within_s=1)
    assert answer is not None
    assert answer.clock == pytest.approx(time.time(), abs=5)
    assert answer.worker


def test_beat_is_as_old_as_redis_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert signs.last_beat() is None
    signs.beat(sent=False)
    first = signs.last_beat()
    assert first is not None
    assert not first.sent
    # This machine's clock is wrong by an hour; the age is not.
    monkeypatch.setattr(time, "time", lambda: 0.0)
    signs.beat(sent=True)
    second = signs.last_beat()
    assert second is not None
    assert second.sent
    assert second.age_s < 5


def test_without_redis_beat_goes_on(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    signs.beat(sent=True)
    with pytest.raises(redis.ConnectionError):
        signs.last_beat()


def test_a_beat_that_is_late_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(age_s: float, *, sent: bool) -> tuple[State, str]:
        monkeypatch.setattr(signs, "last_beat", lambda: signs.Beat(age_s=age_s, sent=sent))
        result = broker.beat({})
        return result.state, result.what

    shortest = min(entry["schedule"] for entry in configured.CELERY_BEAT_SCHEDULE.values())
    assert said(1, sent=True) == (State.OK, "Beat sent a task 1 s ago.")
    assert said(shortest * 2, sent=True)[0] is State.OK  # one was late, or is due now
    assert said(shortest * 3, sent=True)[0] is State.FAILED
    assert said(2, sent=False) == (State.OK, "Beat started 2 s ago.")
    assert said(90, sent=False)[0] is State.FAILED


def test_a_full_or_read_only_redis_is_told_apart() -> None:
    # What Redis says, word for word.
    for said, what in (
        ("OOM command not allowed when used memory > 'maxmemory'.", "Redis is full."),
        (
            "READONLY You can't write against a read only replica.",
            "Redis takes no writes: it is a replica.",
        ),
        ("NOPERM this user has no permissions to run the 'set' command", "Redis refuses us."),
    ):
        assert broker._refuses_writes(said).what == what
