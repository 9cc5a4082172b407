"""How much one page may send: with Redis, with one that stands still, and when storing failed."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError

from callers import intake, throttles
from callers.tests.test_fixes import session_of
from dispatch.calls import chat
from dispatch.tests import factories


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is held against Redis from an earlier test, nor left for a later one."""
    monkeypatch.setattr(throttles, "_paused_until", 0.0)
    throttles._client.cache_clear()
    yield
    throttles._client.cache_clear()


@pytest.fixture
def still(settings: Any) -> Iterator[None]:
    """A Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        settings.REDIS_URL = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        yield


def test_another_process_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    page, limit = secrets.token_hex(8), throttles.LIMITS["chat"]
    assert throttles.allow("chat", page, limit - 1) == limit - 1
    monkeypatch.setattr(throttles, "_here", throttles.Windows())
    assert throttles.allow("chat", page, 5) == 1
    assert throttles.allow("chat", page) == 0


def test_a_redis_that_stands_still_holds_nobody_up(still: None) -> None:
    page, limit = secrets.token_hex(8), throttles.LIMITS["chat"]
    began = time.monotonic()
    # A window of a minute may begin anew meanwhile.
    assert sum(throttles.allow("chat", page) for _ in range(3 * limit)) in (limit, 2 * limit)
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("with_redis", [True, False], ids=["with Redis", "without"])
def test_what_was_not_stored_costs_no_allowance(
    with_redis: bool, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if not with_redis:
        request.getfixturevalue("still")
    session = session_of(factories.call(centre=factories.centre()))

    def say(*seqs: int) -> intake.Outcome:
        return intake.apply(
            centre=session.call.centre,
            session_id=session.pk,
            boot="boot-one",
            raw_items=[{"client_seq": n, "kind": "chat", "text": f"word {n}"} for n in seqs],
        )

    def full(*args: object, **fields: object) -> None:
        raise OperationalError("No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(chat, "post", full)
        for _ in range(3 * throttles.LIMITS["chat"]):
            with pytest.raises(OperationalError):
                say(1, 2)
    outcome = say(1, 2, 3)
    assert (outcome["acked"], outcome["refused"]) == ([1, 2, 3], [])
