"""Whether the text provider works, as the newest texts tell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callers import provider
from callers.models import TextMessage
from callers.sms import gateway
from dispatch.calls.models import Call
from dispatch.centres.access import scope, system_scope
from dispatch.tests import factories

State = TextMessage.State


@pytest.fixture(autouse=True)
def nothing_before() -> None:
    """Other tests' texts are of long ago."""
    with system_scope("texts.failing"):
        long_ago = timezone.now() - timedelta(days=1)
        TextMessage.objects.filter(queued_at__gt=long_ago).update(queued_at=long_ago)


def text(state: str, *, number: str, after_s: float = 1, **times: Any) -> TextMessage:
    """A text that was just given to the provider, and what came of it."""
    from callers import links

    call: Call = factories.call(centre=factories.centre(), number=number)
    now = timezone.now()
    if state == State.FAILED:
        times.setdefault("failed_at", now + timedelta(seconds=after_s))
    if state in (State.ACCEPTED, State.DELIVERED):
        times.setdefault("accepted_at", now)
    with scope(call.centre):
        made: TextMessage = TextMessage.objects.create(
            centre=call.centre,
            call=call,
            link=links.make(call),
            number=number,
            provider="demo",
            state=state,
            queued_at=now,
            **times,
        )
    return made


ONE, TWO, THREE = "+12035550111", "+12035550122", "+12035550133"


def test_one_number_that_is_refused_may_be_wrong() -> None:
    assert not provider.failing()
    for _ in range(3):
        text(State.FAILED, number=ONE)
    assert not provider.failing()
    text(State.FAILED, number=TWO)
    assert provider.failing()


def test_no_answer_counts_like_a_refusal_and_a_text_taken_ends_it() -> None:
    text(State.UNKNOWN, number=ONE)
    text(State.FAILED, number=TWO)
    text(State.QUEUED, number=THREE)
    text(State.SENDING, number=THREE)
    assert provider.failing(), "what was not tried yet says nothing"
    text(State.ACCEPTED, number=THREE)
    assert not provider.failing()


def test_a_network_that_does_not_deliver_is_not_the_provider() -> None:
    for number in (ONE, TWO):
        text(State.FAILED, number=number, accepted_at=timezone.now())
    assert not provider.failing()


def test_texts_that_came_too_late_and_old_ones_say_nothing() -> None:
    for number in (ONE, TWO):
        text(State.FAILED, number=number, after_s=400)
    assert not provider.failing()
    old = [text(State.FAILED, number=number) for number in (ONE, TWO)]
    assert provider.failing()
    with system_scope("texts.failing"):
        TextMessage.objects.filter(pk__in=[one.pk for one in old]).update(
            queued_at=timezone.now() - timedelta(minutes=11)
        )
    assert not provider.failing()


def test_a_provider_that_refuses_all_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the request to the verdict, through the outbox."""
    from callers import invites

    def refuse(name: str) -> gateway.Gateway:
        raise gateway.NotAccepted("The account has no credit.")

    monkeypatch.setattr(gateway, "get", refuse)
    centre = factories.centre()
    owner = factories.user(centre=centre)
    for number in (ONE, TWO):
        with scope(centre):
            invites.send_link(centre=centre, owner=owner, number=number, language="en")
        factories.carry_out(centre, "callers.text")
    assert provider.failing()
