"""A text on its way to a provider over HTTP: sent once, or said to be unknown."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from django.db.models.functions import Now

from callers import invites
from callers.models import TextMessage
from callers.sms import gateway, wire
from dispatch.centres.access import scope
from dispatch.outbox import carry
from dispatch.outbox.deadline import Deadline, Passed
from dispatch.outbox.models import Item
from dispatch.outbox.tests.work import interrupt
from dispatch.tests import factories
from dispatch.tests.crash.counter import Counter

State = TextMessage.State


@pytest.fixture
def counter(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """A provider that listens, and is the one in use."""
    found = Counter()
    place = "dispatch.tests.crash.provider:CountedProvider"
    monkeypatch.setitem(gateway.PROVIDERS, "counted", place)
    monkeypatch.setenv("COUNTED_URL", found.url)
    settings.SMS_PROVIDER = "counted"
    yield found
    found.close()


def queued() -> tuple[TextMessage, Item]:
    centre = factories.centre()
    person = factories.user(centre=centre)
    with scope(centre):
        _, text = invites.send_link(
            centre=centre, owner=person, number=factories.number(), language="en", another=True
        )
    return text, Item.objects.get(kind="callers.text", args={"text": str(text.pk)})


def fresh(text: TextMessage) -> TextMessage:
    with scope(text.centre):
        found: TextMessage = TextMessage.objects.get(pk=text.pk)
        return found


def test_a_text_is_sent_once(counter: Counter) -> None:
    text, item = queued()
    assert carry.carry(item.pk)
    assert not carry.carry(item.pk)
    assert len(counter.times(str(text.pk))) == 1
    assert fresh(text).state == State.ACCEPTED


def test_an_answer_that_is_lost_is_unknown_and_never_sent_again(counter: Counter) -> None:
    counter.lose_answer_every = 1
    text, item = queued()
    carry.carry(item.pk)
    assert (fresh(text).state, fresh(text).reason) == (State.UNKNOWN, wire.NO_ANSWER)
    Item.objects.filter(pk=item.pk).update(state=Item.State.PENDING, due_at=Now())
    carry.carry(item.pk)
    assert len(counter.times(str(text.pk))) == 1
    # The report knows it by our id.
    invites.apply_delivery(text.centre_id, text.pk, delivered=True)
    assert fresh(text).state == State.DELIVERED


def test_a_provider_that_is_away_is_told_at_once(counter: Counter) -> None:
    text, item = queued()
    counter.close()
    carry.carry(item.pk)
    assert (fresh(text).state, fresh(text).reason) == (State.FAILED, wire.NO_WAY)


def test_a_worker_that_went_before_the_call_is_replaced(counter: Counter) -> None:
    text, item = queued()
    with scope(text.centre):
        TextMessage.objects.filter(pk=text.pk).update(state=State.SENDING)
    carry.carry(item.pk)
    assert fresh(text).state == State.ACCEPTED


def test_a_text_that_was_called_unknown_and_was_not_sent_says_so(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, item = queued()
    real = carry.calling

    def slept() -> Deadline:
        deadline = real()
        interrupt(item)
        assert fresh(text).state == State.UNKNOWN
        return Deadline(deadline.at - carry.LEAVES_WITHIN_S)

    monkeypatch.setattr(invites, "calling", slept)
    carry.carry(item.pk)
    assert counter.times(str(text.pk)) == []
    assert (fresh(text).state, fresh(text).reason) == (State.FAILED, invites.NOT_SENT)


@pytest.mark.parametrize("closed", [True, False])
def test_a_text_that_would_help_no_one_is_not_sent(counter: Counter, closed: bool) -> None:
    from dispatch.calls import services

    text, item = queued()
    with scope(text.centre):
        if closed:
            services.close(text.call, user=None)
        else:
            late = Now() - invites.VALID_FOR * 1.01
            TextMessage.objects.filter(pk=text.pk).update(queued_at=late)
    carry.carry(item.pk)
    assert fresh(text).state == State.FAILED
    assert ("closed" in fresh(text).reason) is closed
    assert counter.times(str(text.pk)) == []


def post(url: str, deadline: Deadline) -> wire.Answer:
    return wire.post(url, b"{}", headers={}, deadline=deadline, answer_within_s=0.3)


def test_nothing_leaves_after_the_deadline(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = HTTPConnection.connect

    def connect(self: Any) -> None:
        slow(self)
        time.sleep(0.1)  # the process stands still here

    monkeypatch.setattr(HTTPConnection, "connect", connect)
    with pytest.raises(Passed):
        post(counter.url, Deadline.within(0.05))
    assert not counter.accepted


def test_no_answer_is_uncertain_and_no_connection_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        read: list[bytes] = []

        def swallow() -> None:
            connection, _ = mute.accept()
            with connection:
                read.append(connection.recv(4096))
                time.sleep(0.6)

        thread = threading.Thread(target=swallow)
        thread.start()
        with pytest.raises(gateway.Uncertain):
            post(f"http://127.0.0.1:{port}/", Deadline.within(2))
        thread.join()
        assert read[0].startswith(b"POST / ")
    with pytest.raises(gateway.NotAccepted):
        post(f"http://127.0.0.1:{port}/", Deadline.within(2))
