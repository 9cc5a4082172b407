"""The board's snapshot: as many queries for thirty calls as for three."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dispatch.calls import chat
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.console import snapshot
from dispatch.feed import replay
from dispatch.tests import factories
from dispatch.tests.caller import Phone, fix, secret_of


def lived(centre: Centre) -> Call:
    """A call in which everything that the board shows has happened."""
    call = factories.call(centre=centre)
    phone = Phone(secret_of(call))
    phone.open()
    phone.say("seen")
    phone.say("tap")
    phone.items(
        {"kind": "permission", "what": "camera", "outcome": "granted"},
        {"kind": "chat", "text": "hello"},
        fix(),
    )
    with scope(centre):
        chat.post(call, text="and back", key="1", user=call.owner)
    return call


def queries(centre: Centre) -> int:
    with CaptureQueriesContext(connection) as seen, scope(centre, snapshot=True):
        found = replay.snapshot(centre.stream, snapshot.items())
    kinds = {item["kind"] for item in found["items"]}
    assert kinds == {"call", "link", "session", "event", "chat"}
    positions = [value for value in found["latest"] if value["key"].startswith("position:")]
    assert len(positions) == sum(item["kind"] == "call" for item in found["items"])
    return len(seen)


def test_the_number_of_queries_does_not_grow_with_the_board() -> None:
    few, many = factories.centre(), factories.centre()
    for _ in range(3):
        lived(few)
    for _ in range(30):
        lived(many)
    assert queries(few) == queries(many)
    assert queries(many) < 20
