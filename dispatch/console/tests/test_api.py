"""The staff API through HTTP, with the dispatcher, a dispatcher of another centre and nobody."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from callers.models import DemoText, TextMessage
from dispatch.calls.models import Call, CallEvent
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, User
from dispatch.outbox.models import Item
from dispatch.tests import factories
from dispatch.tests.sockets import client_of


class Desk:
    """A centre, its dispatcher, and their signed-in client."""

    def __init__(self) -> None:
        self.centre: Centre = factories.centre()
        self.user: User = factories.user(centre=self.centre)
        self.http: Client = client_of(self.user)
        self.base = f"/api/v1/centres/{self.centre.slug}/"

    def post(self, path: str, body: Any = None) -> Any:
        return self.http.post(self.base + path, body or {}, content_type="application/json")

    def send(self, number: str | None = None, **body: Any) -> Any:
        return self.post("calls/", {"number": number or factories.number(), **body})


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_sending_a_link_writes_everything_in_one_unit(desk: Desk) -> None:
    answer = desk.send("(203) 555-0142", language="es")
    assert answer.status_code == 201, answer.content
    call = answer.json()["call"]
    assert call["number"] == "+12035550142"
    assert call["number_display"] == "+1 203-555-0142"
    assert call["owner"] == {"id": desk.user.pk, "name": desk.user.name}
    assert list(call["stages"]) == ["requested"]
    assert answer.json()["text"]["state"] == "queued"
    with scope(desk.centre):
        kinds = list(CallEvent.objects.filter(call_id=call["id"]).values_list("kind", flat=True))
    assert {"call.opened", "link.made", "text.queued"} <= set(kinds)
    assert Item.objects.filter(wall=desk.centre.pk, kind="callers.text", state="pending").exists()


def test_the_worker_carries_the_text_out_once(desk: Desk) -> None:
    call = desk.send().json()["call"]
    assert factories.carry_out(desk.centre, "callers.text") == 1
    assert factories.carry_out(desk.centre, "callers.text") == 0
    text = DemoText.objects.get(centre=desk.centre)
    assert text.number == call["number"]
    assert f"/{desk.centre.slug}#" in text.link
    assert text.body.endswith(text.link)
    with scope(desk.centre):
        row = TextMessage.objects.get(call_id=call["id"])
        assert text.link.partition("#")[2] not in repr(row.__dict__)
    detail = desk.http.get(f"{desk.base}calls/{call['id']}/").json()
    assert "accepted" in detail["call"]["stages"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "number_invalid"),
        ("12", "number_invalid"),
        ("call me", "number_invalid"),
        ("+999 1234567", "number_invalid"),
        ("555-0142", "number_invalid"),
        ("+1 900 555 0199", "number_premium"),
        ("+44 9098 790000", "number_premium"),
        ("203 555 0142 ext 5", "number_invalid"),
    ],
)
def test_a_bad_number_is_said_at_the_field_and_sends_nothing(
    desk: Desk, typed: str, code: str
) -> None:
    answer = desk.send(typed) if typed else desk.post("calls/", {"number": ""})
    assert answer.status_code == 400
    body = answer.json()
    assert (body["code"], body["field"]) == (code, "number")
    assert body["message"].endswith(".")
    with scope(desk.centre):
        assert not Call.objects.exists()


def test_the_same_number_again_offers_the_open_call(desk: Desk) -> None:
    number = factories.number()
    first = desk.send(number).json()["call"]
    again = desk.send(number)
    assert again.status_code == 409
    assert again.json()["code"] == "call_open"
    assert again.json()["call"]["id"] == first["id"]
    other = desk.send(number, new=True)
    assert other.status_code == 201
    assert other.json()["call"]["id"] != first["id"]
    # Another centre may well have a call with the same number.
    assert Desk().send(number).status_code == 201


def test_a_command_sends_one_text_however_often_it_comes(desk: Desk) -> None:
    number, command = factories.number(), str(uuid.uuid4())
    first = desk.send(number, command=command)
    again = desk.send(number, command=command)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["call"]["id"] == first.json()["call"]["id"]
    assert again.json()["text"]["id"] == first.json()["text"]["id"]
    with scope(desk.centre):
        assert (Call.objects.count(), TextMessage.objects.count()) == (1, 1)
    other = desk.send(factories.number(), command=command)
    assert (other.status_code, other.json()["code"]) == (409, "command_used")
    # Another centre may have the same idea, and gets a call of its own.
    elsewhere = Desk().send(number, command=command)
    assert elsewhere.status_code == 201
    assert elsewhere.json()["call"]["id"] != first.json()["call"]["id"]


def test_another_centres_call_does_not_exist(desk: Desk) -> None:
    call = desk.send().json()["call"]["id"]
    stranger = Desk()
    nobody = Client(HTTP_HOST="localhost")
    actions = ["resend/", "take-over/", "close/", "undo-close/"]
    actions += ["show-link/", "revoke-link/"]
    for path in ["", "track/", *actions, "chat/", "seat/", "first-frame/"]:
        body = {
            "chat/": {"text": "x", "command": str(uuid.uuid4())},
            "seat/": {"boot": "consoleboot"},
            "first-frame/": {"identity": "caller-x", "width": 640, "height": 360},
        }.get(path, {})
        method = "get" if path in ("", "track/") else "post"
        for client, base, status in (
            (stranger.http, stranger.base, 404),
            (stranger.http, desk.base, 404),
            (nobody, desk.base, 401),
        ):
            url = f"{base}calls/{call}/{path}"
            arguments = {} if method == "get" else {"content_type": "application/json"}
            answer = getattr(client, method)(url, body, **arguments)
            assert answer.status_code == status, (path, answer.content)
            assert answer.json()["message"]
    for path in ("snapshot/", "calls/"):
        assert stranger.http.get(desk.base + path).status_code == 404
        assert nobody.get(desk.base + path).status_code == 401
    assert stranger.send().status_code == 201
    assert desk.http.get(f"{desk.base}calls/{call}/").json()["call"]["state"] == "open"


def test_closing_and_undoing(desk: Desk) -> None:
    call = desk.send().json()["call"]["id"]
    closed = desk.post(f"calls/{call}/close/").json()["call"]
    assert closed["state"] == "closed"
    assert closed["undo_until"] > closed["closed_at"]
    assert "ended" in closed["stages"]
    assert desk.post(f"calls/{call}/close/").json()["call"]["closed_at"] == closed["closed_at"]
    refused = desk.post(f"calls/{call}/chat/", {"text": "hi", "command": str(uuid.uuid4())})
    assert (refused.status_code, refused.json()["code"]) == (409, "call_closed")
    assert desk.post(f"calls/{call}/resend/").status_code == 409
    opened = desk.post(f"calls/{call}/undo-close/").json()["call"]
    assert (opened["state"], opened["generation"]) == ("open", 2)
    assert "ended" not in opened["stages"]


def test_undo_ends_after_ten_minutes(desk: Desk) -> None:
    from datetime import timedelta

    call = desk.send().json()["call"]["id"]
    desk.post(f"calls/{call}/close/")
    with scope(desk.centre):
        row = Call.objects.get(pk=call)
        row.closed_at -= timedelta(minutes=11)
        row.save(update_fields=["closed_at"])
    late = desk.post(f"calls/{call}/undo-close/")
    assert (late.status_code, late.json()["code"]) == (409, "too_late")
    assert desk.http.get(desk.base + "snapshot/").json()["items"] == []


def test_taking_over(desk: Desk) -> None:
    call = desk.send().json()["call"]["id"]
    colleague = factories.user(centre=desk.centre, name="Kim Second")
    answer = client_of(colleague).post(f"{desk.base}calls/{call}/take-over/")
    assert answer.json()["call"]["owner"]["name"] == "Kim Second"
    detail = desk.http.get(f"{desk.base}calls/{call}/").json()
    assert [e["text"] for e in detail["events"]][-1] == f"Taken over: from {desk.user.name}"


def test_chat_is_kept_as_text_once_and_within_limits(desk: Desk) -> None:
    call = desk.send().json()["call"]["id"]
    command = str(uuid.uuid4())
    wanted = "<b>Stay</b> & breathe \u202e"
    for _ in range(2):
        answer = desk.post(f"calls/{call}/chat/", {"text": wanted, "command": command})
        assert answer.status_code == 201
        assert answer.json()["chat"]["text"] == wanted
    detail = desk.http.get(f"{desk.base}calls/{call}/").json()
    assert len(detail["chat"]) == 1
    for text, status, code in (
        ("", 400, "empty"),
        ("x" * 2_001, 413, "too_long"),
        ("x" * 10_000_000, 413, "too_long"),
    ):
        refused = desk.post(f"calls/{call}/chat/", {"text": text, "command": str(uuid.uuid4())})
        assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_resending_is_limited(desk: Desk) -> None:
    call = desk.send().json()["call"]["id"]
    for _ in range(9):
        again = desk.post(f"calls/{call}/resend/")
        assert again.status_code == 200
        assert again.json()["text"]["state"] == "queued"
    assert desk.post(f"calls/{call}/resend/").status_code == 429
    with scope(desk.centre):
        assert TextMessage.objects.filter(call_id=call).count() == 10


def test_a_write_needs_the_csrf_token(desk: Desk) -> None:
    strict = Client(enforce_csrf_checks=True, HTTP_HOST="localhost")
    strict.force_login(desk.user)
    answer = strict.post(desk.base + "calls/", {"number": factories.number()})
    assert answer.status_code == 403


def test_the_snapshot_is_what_a_socket_gets(desk: Desk) -> None:
    call = desk.send().json()["call"]
    found = desk.http.get(desk.base + "snapshot/").json()
    kinds = [item["kind"] for item in found["items"]]
    assert {"call", "link", "text", "event"} <= set(kinds)
    assert next(i for i in found["items"] if i["kind"] == "call")["body"]["id"] == call["id"]
    assert found["seq"] > 0


def test_asking_the_callers_page(desk: Desk) -> None:
    call = desk.send().json()["call"]
    path = f"calls/{call['id']}/ask/"
    order = {"what": "camera", "command": str(uuid.uuid4())}
    answer = desk.post(path, order)
    assert answer.status_code == 201, answer.content
    assert answer.json()["request"]["what"] == "camera"
    assert desk.post(path, order).json()["request"]["id"] == order["command"]
    flip = desk.post(path, {"what": "flip", "command": str(uuid.uuid4())})
    assert (flip.status_code, flip.json()["code"]) == (409, "not_live")
    assert desk.post(path, {**order, "what": "stop"}).status_code == 400
    assert Desk().post(f"../{desk.centre.slug}/{path}", order).status_code == 404
    assert Client().post(desk.base + path, order).status_code in (401, 403)
    requests = desk.http.get(f"{desk.base}calls/{call['id']}/").json()["requests"]
    assert [one["id"] for one in requests] == [order["command"]]
