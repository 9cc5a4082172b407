"""A link shown as a QR code: who may, what it is, and that it stays on record only as an act."""

from __future__ import annotations

import re
from typing import Any

import pytest
import segno
from django.test import Client

from dispatch.calls.models import Call, CallEvent
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, User
from dispatch.feed.models import Entry
from dispatch.tests import factories
from dispatch.tests.caller import Phone, secret_of
from dispatch.tests.sockets import client_of


class Bench:
    """An open call with a link, and its dispatcher."""

    def __init__(self) -> None:
        self.centre: Centre = factories.centre()
        self.user: User = factories.user(centre=self.centre, name="Robin Own")
        self.call: Call = factories.call(centre=self.centre, owner=self.user)
        self.secret: str = secret_of(self.call)
        self.http: Client = client_of(self.user)

    def post(self, action: str, client: Client | None = None) -> Any:
        base = f"/api/v1/centres/{self.centre.slug}/calls/{self.call.pk}/"
        return (client or self.http).post(base + action, {}, content_type="application/json")

    def shown(self) -> list[CallEvent]:
        with scope(self.centre):
            return list(CallEvent.objects.filter(call=self.call, kind="link.shown"))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def modules(svg: str) -> set[tuple[int, int]]:
    """The dark modules of the drawing, as (row, column) from its quiet zone's edge."""
    path = re.search(r'<path[^>]*stroke="#000"[^>]*d="([^"]+)"', svg)
    assert path, svg[:300]
    dark: set[tuple[int, int]] = set()
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])\s*([-\d. ]+)", path[1]):
        values = [float(n) for n in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "h":
            dark.update((int(y), int(x) + step) for step in range(int(values[0])))
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return dark


def test_the_code_carries_the_link_that_the_text_carries(bench: Bench) -> None:
    answer = bench.post("show-link/")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["link"].endswith(f"/{bench.centre.slug}#{bench.secret}")
    wanted = {
        (row + 2, column + 2)
        for row, line in enumerate(segno.make(body["link"], error="m", micro=False).matrix)
        for column, module in enumerate(line)
        if module & 1
    }
    assert modules(body["qr_svg"]) == wanted
    assert Phone(body["link"].partition("#")[2]).open().status_code == 200


def test_who_was_shown_it_is_on_record_and_the_secret_is_not(bench: Bench) -> None:
    bench.post("show-link/")
    (event,) = bench.shown()
    assert (event.actor, event.user_name) == (CallEvent.Actor.STAFF, "Robin Own")
    assert bench.secret not in repr(event.__dict__)
    entries = Entry.objects.filter(stream=f"centre:{bench.centre.pk}")
    assert any("Link shown as QR" in repr(entry.__dict__) for entry in entries)
    assert not any(bench.secret in repr(entry.__dict__) for entry in entries)


def test_nobody_else_is_shown_it(bench: Bench) -> None:
    elsewhere = client_of(factories.user(centre=factories.centre()))
    for client, status in ((elsewhere, 404), (Client(HTTP_HOST="localhost"), 401)):
        answer = bench.post("show-link/", client)
        assert answer.status_code == status
        assert bench.secret not in answer.content.decode()
    assert (
        bench.http.get(
            f"/api/v1/centres/{bench.centre.slug}/calls/{bench.call.pk}/show-link/"
        ).status_code
        == 405
    )  # a link preview or a stray GET records and shows nothing
    assert bench.shown() == []


def test_a_link_that_does_not_work_is_not_shown(bench: Bench) -> None:
    bench.post("revoke-link/")
    refused = bench.post("show-link/")
    assert (refused.status_code, refused.json()["code"]) == (409, "link_revoked")
    bench.post("resend/")
    renewed = bench.post("show-link/").json()["link"]
    assert bench.secret not in renewed
    bench.post("close/")
    refused = bench.post("show-link/")
    assert (refused.status_code, refused.json()["code"]) == (409, "call_closed")
    assert len(bench.shown()) == 1
