"""Sweeps: one call in trouble leaves the others looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from callers import sessions, tasks
from callers.models import CallerSession
from dispatch.calls import services
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.tests import factories
from dispatch.tests.caller import Phone, secret_of


def state(call: Call) -> str:
    with scope(call.centre):
        return str(Call.objects.get(pk=call.pk).state)


def test_links_nobody_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = timezone.now() - timedelta(hours=3)
    calls = [factories.call(centre=factories.centre(), opened_at=long_ago) for _ in range(3)]
    trouble, close = calls[1], services.close

    def closing(call: Call, **more: Any) -> Call:
        if call.pk == trouble.pk:
            raise RuntimeError("this one")
        return close(call, **more)

    monkeypatch.setattr(services, "close", closing)
    tasks.expire_unopened()
    assert [state(call) for call in calls] == ["closed", "open", "closed"]
    monkeypatch.undo()
    tasks.expire_unopened()
    assert state(trouble) == "closed", "the next time it is looked at again"


def test_pages_that_stopped_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [factories.call(centre=factories.centre()) for _ in range(3)]
    for call in calls:
        phone = Phone(secret_of(call))
        phone.open()
        assert phone.say("poll").status_code == 200
        with scope(call.centre):
            CallerSession.objects.filter(call=call).update(
                polled_at=timezone.now() - timedelta(minutes=1)
            )

    def online(call: Call) -> bool:
        with scope(call.centre):
            return bool(CallerSession.objects.get(call=call).online)

    trouble, silent = calls[1], sessions.silent
    with scope(trouble.centre):
        its = CallerSession.objects.get(call=trouble).pk

    def falling(session_id: Any, **more: Any) -> None:
        if session_id == its:
            raise RuntimeError("this one")
        silent(session_id, **more)

    monkeypatch.setattr(sessions, "silent", falling)
    assert tasks.lapse() >= 2
    assert [online(call) for call in calls] == [False, True, False]
    monkeypatch.undo()
    tasks.lapse()
    assert not online(trouble)


def test_the_log_says_which_call(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    call = factories.call(
        centre=factories.centre(),
        opened_at=timezone.now() - timedelta(hours=3, seconds=uuid4().int % 9),
    )

    def closing(*_: Any, **__: Any) -> Call:
        raise RuntimeError("all of them")

    monkeypatch.setattr(services, "close", closing)
    tasks.expire_unopened()
    said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert str(call.pk) in {line.get("call") for line in said if line["event"] == "expire_failed"}
    monkeypatch.undo()
    tasks.expire_unopened()
