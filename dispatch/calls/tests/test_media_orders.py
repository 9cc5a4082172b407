"""Webhooks duplicated, reordered, replayed and forged, with real signatures: one end state."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from dispatch import counters
from dispatch.calls import cards
from dispatch.calls.livekit import Seen
from dispatch.calls.models import Call, MediaNode, Participant, WebhookReceipt
from dispatch.calls.tests.test_media_webhooks import KEY, SECRET, Scene, post
from dispatch.centres.access import scope
from dispatch.tests import factories, fakes

Signed = tuple[bytes, str]


class Story(Scene):
    """The caller comes, loses the network, comes again; a dispatcher comes, and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.staff = factories.staff_page(self.call)
        began = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=20)

        def seen(who: Participant, sid: str, after: int) -> Seen:
            return Seen(who.identity, sid, began + timedelta(seconds=after))

        first, second = seen(self.caller, "PA_z", 1), seen(self.caller, "PA_a", 9)
        watching = seen(self.staff, "PA_m", 3)
        # What a node tells of it, in the order of happening.
        self.told = [
            self._signed("participant_joined", first),
            self._signed("participant_joined", watching),
            self._signed("participant_joined", second),
            self._signed("participant_connection_aborted", first),
            self._signed("participant_left", watching),
        ]
        self.over = self._signed("participant_left", second)

    def _signed(self, name: str, seen: Seen) -> Signed:
        return fakes.webhook(name, self.room.name, seen, key=KEY, secret=SECRET)

    def forged(self, one: Signed) -> Signed:
        return one[0], fakes.sign(one[0], key=KEY, secret="x" * 40)

    def state(self) -> dict[str, Any]:
        """What consoles and the next webhook see of it."""
        with scope(self.call.centre):
            here = {
                who.identity: (who.present, who.sid)
                for who in Participant.objects.filter(call=self.call)
            }
            card = cards.centre_card(Call.objects.select_related("publisher").get(pk=self.call.pk))
        return {
            "caller": here[self.caller.identity],
            "staff": here[self.staff.identity],
            "present": card["present"],
        }


IN = {"caller": (True, "PA_a"), "staff": (False, ""), "present": True}
OUT = {"caller": (False, ""), "staff": (False, ""), "present": False}


@pytest.fixture
def usual(node: MediaNode) -> None:
    """One node in use."""


@pytest.mark.usefixtures("usual")
def test_every_order_comes_to_the_same_end() -> None:
    """Orders of five webhooks, each with repeats and forgeries between them.

    Through the whole door some of them; test_media_presence takes all, behind it.
    """
    chance = random.Random(5)
    every = list(itertools.permutations(range(5)))
    orders = [every[0], every[-1], *chance.sample(every[1:-1], 10)]
    forged = counters.counted(counters.WEBHOOKS).get("forged", 0)
    tried = 0
    for order in orders:
        story = Story()
        sent: list[Signed] = []
        for number in order:
            sent.append(story.told[number])
            assert post(*story.told[number]).status_code == 200
            again = chance.choice(sent)
            assert post(*again).status_code == 200
            lie = chance.choice([*story.told, story.over])
            assert post(*story.forged(lie)).status_code == 401
            tried += 1
        assert story.state() == IN, order
        assert post(*story.over).status_code == 200
        for one in chance.sample(sent, len(sent)):
            post(*one)
        assert story.state() == OUT, order
    assert counters.counted(counters.WEBHOOKS)["forged"] == forged + tried


@contextmanager
def later(hours: float) -> Iterator[None]:
    """The clock by which signatures are judged, so much later."""
    moment = datetime.now(UTC) + timedelta(hours=hours)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    with mock.patch("jwt.api_jwt.datetime", Clock):
        yield


@pytest.mark.usefixtures("usual")
def test_replayed_an_hour_late_they_change_nothing() -> None:
    story = Story()
    for one in (*story.told, story.over):
        post(*one)
    assert story.state() == OUT
    with later(hours=1):  # somebody kept the bytes: their signature is over
        for one in story.told:
            assert post(*one).status_code == 401
    # LiveKit itself repeats one an hour late: signed anew, with the id we know.
    for body, _ in story.told:
        assert post(body, fakes.sign(body, key=KEY, secret=SECRET)).status_code == 200
    assert story.state() == OUT
    # And even where the receipts are gone: the connection is an old one.
    WebhookReceipt.objects.all().delete()
    for body, _ in story.told:
        assert post(body, fakes.sign(body, key=KEY, secret=SECRET)).status_code == 200
    assert story.state() == OUT


@pytest.mark.usefixtures("usual")
def test_the_room_is_finished_before_during_and_after() -> None:
    for at in range(6):
        story = Story()
        ended = fakes.webhook(
            "room_finished",
            story.room.name,
            key=KEY,
            secret=SECRET,
            at=timezone.now() + timedelta(seconds=1),
        )
        for number in range(6):
            if number == at:
                post(*ended)
            if number < 5:
                post(*story.told[number])
        post(*story.over)
        post(*ended)
        assert story.state() == OUT, at


def test_outcomes_are_counted(node: MediaNode) -> None:
    story, before = Story(), counters.counted(counters.WEBHOOKS)
    post(*story.told[0])
    post(*story.told[0])
    post(*fakes.webhook("room_started", story.room.name, key=KEY, secret=SECRET))
    post(*story.forged(story.told[1]))
    post(b"{", fakes.sign(b"{", key=KEY, secret=SECRET))
    after = counters.counted(counters.WEBHOOKS)
    more = {name: after[name] - before.get(name, 0) for name in after}
    more.pop("too_large", None)
    assert more == {"applied": 1, "repeated": 1, "ignored": 1, "forged": 1, "unreadable": 1}
