"""Webhooks: only ours, each once, in milliseconds, and none of a real one refused."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from dispatch import counters
from dispatch.calls import presence, rooms, webhooks
from dispatch.calls.livekit import Seen
from dispatch.calls.models import Call, CallEvent, MediaNode, Participant, Room, WebhookReceipt
from dispatch.centres.access import scope
from dispatch.tests import factories, fakes

((KEY, SECRET),) = factories.NODE_KEYS.items()


def post(body: bytes, authorization: str | None) -> HttpResponse:
    headers = {"Authorization": authorization} if authorization is not None else {}
    request = RequestFactory(enforce_csrf_checks=True).post(
        "/lk/webhook", body, content_type="application/webhook+json", headers=headers
    )
    return webhooks.receive(request)


class Scene:
    """A call with a publisher that is about to come in."""

    def __init__(self) -> None:
        self.call: Call = factories.call(centre=factories.centre())
        self.caller = factories.caller_page(self.call, session=uuid4())
        with scope(self.call.centre):
            self.call.publisher = self.caller
            self.call.save()
            self.room: Room = Room.objects.get(call=self.call)
        self.seen = Seen(self.caller.identity, "PA_1", datetime.now(UTC))

    def signed(self, name: str, **more: Any) -> tuple[bytes, str]:
        return fakes.webhook(name, self.room.name, self.seen, key=KEY, secret=SECRET, **more)

    def now(self) -> Participant:
        with scope(self.call.centre):
            found: Participant = Participant.objects.get(pk=self.caller.pk)
            return found

    def kinds(self) -> list[str]:
        with scope(self.call.centre):
            found = CallEvent.objects.filter(call=self.call, kind__startswith="room.")
            return list(found.values_list("kind", flat=True))


@pytest.fixture
def scene(node: MediaNode) -> Scene:
    return Scene()


def test_a_signed_one_is_applied(scene: Scene) -> None:
    assert post(*scene.signed("participant_joined")).status_code == 200
    assert scene.now().sid == "PA_1"
    assert scene.kinds() == ["room.joined"]
    assert post(*scene.signed("participant_left")).status_code == 200
    assert scene.now().sid == ""
    assert scene.kinds() == ["room.joined", "room.left"]


def test_a_forged_one_is_refused_and_changes_nothing(scene: Scene) -> None:
    body, good = scene.signed("participant_joined")
    forged = [
        None,
        "",
        "Bearer ",
        good[:-4] + "AAAA",
        fakes.sign(body, key=KEY, secret="b" * 40),
        fakes.sign(body, key="unknown", secret=SECRET),
        fakes.sign(body + b" ", key=KEY, secret=SECRET),
    ]
    counted = counters.counted(counters.WEBHOOKS).get("forged", 0)
    for authorization in forged:
        assert post(body, authorization).status_code == 401
    assert post(body.replace(b"joined", b"left  "), good).status_code == 401
    assert counters.counted(counters.WEBHOOKS)["forged"] == counted + len(forged) + 1
    assert scene.now().sid == ""


def test_unreadable_oversized_and_get(scene: Scene) -> None:
    for body in (b"", b"no json", b"\xff\xfe", b"[" * 20_000):
        assert post(body, fakes.sign(body, key=KEY, secret=SECRET)).status_code == 400
    for size in (webhooks.MAX_BODY + 1, 2_000_000):
        assert post(b" " * size, None).status_code == 413
    assert webhooks.receive(RequestFactory().get("/lk/webhook")).status_code == 405


def test_a_duplicate_is_applied_once(scene: Scene) -> None:
    joined = scene.signed("participant_joined")
    left = scene.signed("participant_left")
    for one in (joined, joined, left, left, joined, left):
        assert post(*one).status_code == 200
    assert scene.kinds() == ["room.joined", "room.left"]


def test_an_id_counts_once_whatever_comes_with_it(scene: Scene) -> None:
    event_id = f"EV_{uuid4().hex}"
    post(*scene.signed("participant_joined", event_id=event_id))
    assert post(*scene.signed("participant_left", event_id=event_id)).status_code == 200
    assert scene.now().present


def test_what_failed_comes_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    one = scene.signed("participant_joined", event_id="EV_again" + uuid4().hex)
    with monkeypatch.context() as patch:

        def fail(**_: Any) -> None:
            raise OSError

        patch.setattr(presence, "apply_join", fail)
        with pytest.raises(OSError):
            post(*one)
    assert not WebhookReceipt.objects.filter(id__startswith="EV_again").exists()
    assert post(*one).status_code == 200
    assert scene.now().sid == "PA_1"


def test_unknown_rooms_participants_and_kinds_are_fine(scene: Scene) -> None:
    for name, room in (
        ("participant_joined", "nobody-knows"),
        ("room_finished", ""),
        ("track_published", scene.room.name),
        ("made_up_tomorrow", scene.room.name),
    ):
        one = fakes.webhook(name, room, scene.seen, key=KEY, secret=SECRET)
        assert post(*one).status_code == 200
    stranger = Seen("caller-stranger", "PA_9", datetime.now(UTC))
    one = fakes.webhook("participant_joined", scene.room.name, stranger, key=KEY, secret=SECRET)
    assert post(*one).status_code == 200
    one = fakes.webhook("participant_joined", scene.room.name, None, key=KEY, secret=SECRET)
    assert post(*one).status_code == 200
    assert scene.now().sid == ""


def test_a_node_speaks_for_its_own_rooms_only(scene: Scene, settings: Any) -> None:
    settings.LIVEKIT_KEYS = {**factories.NODE_KEYS, "other": "c" * 40}
    one = fakes.webhook(
        "participant_joined", scene.room.name, scene.seen, key="other", secret="c" * 40
    )
    assert post(*one).status_code == 200
    assert scene.now().sid == ""


def test_a_room_the_call_left_says_nothing(scene: Scene) -> None:
    joined = scene.signed("participant_joined")
    with scope(scene.call.centre):
        rooms.move(scene.call, "test")
    assert post(*joined).status_code == 200
    assert scene.now().sid == ""


def test_the_body_is_never_logged(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body, good = scene.signed("participant_joined")
    post(body, good)
    post(body, "forged")
    post(b"{relay-password", fakes.sign(b"{relay-password", key=KEY, secret=SECRET))
    assert "webhook_bad_signature" in caplog.text
    assert "relay-password" not in caplog.text
    assert good not in caplog.text
