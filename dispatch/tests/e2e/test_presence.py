"""Whoever is gone is gone from the console, whatever LiveKit tells of it, or does not tell."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.browsers import Standstill
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import ConsolePage
from dispatch.tests.e2e.scene import Scene

# A flag without a meaning names one browser, so that its processes can be found.
GHOST = ("--phone-that-dies",)
NOWHERE = "http://127.0.0.1:9/lk/webhook"


def present(console: ConsolePage, call: str) -> bool:
    return bool(console.facts(call)["call"]["present"])


def row(scene: Scene, sql: bytes, call: str) -> str:
    """Something of a call, by the database's own rows."""
    url = scene.stack.database_url.replace("postgis://", "postgresql://")
    with psycopg.connect(url) as database:
        found = database.execute(sql, [call]).fetchone()
    assert found
    return str(found[0])


ROOM = b"SELECT name FROM calls_room WHERE call_id = %s AND ended_at IS NULL"
#: Caller's pages that are in the room as far as LiveKit has told, or was asked.
INSIDE = (
    b"SELECT count(*) FROM calls_participant WHERE call_id = %s AND kind = 'caller' AND sid <> ''"
)


def in_livekit(scene: Scene, call: str) -> bool:
    """Whether LiveKit lists a page of the caller's."""
    listed = scene.town.rooms.participants(row(scene, ROOM, call))
    return any(one["identity"].startswith("caller-") for one in listed)


def test_a_ghost_is_gone_within_ten_seconds(scene: Scene) -> None:
    """LiveKit takes some 20 s to notice; the page's own heartbeat is missed much sooner."""
    console = scene.console()
    live = scene.live(console, own=GHOST)
    line = console.call(live.number)
    expect(line).to_contain_text("Live")
    sight.until(console.page, lambda: present(console, live.id), "presence", timeout=15)
    with Standstill(GHOST[0]):
        stopped = time.monotonic()
        expect(line).to_contain_text("Lost", timeout=12_000)
        expect(console.picture).to_contain_text(re.compile(r"Phone lost\s+0:\d\d"))
        expect(console.picture.get_by_text("Live", exact=True)).to_have_count(0)
        said = time.monotonic() - stopped
        sight.until(console.page, lambda: not present(console, live.id), "that it is gone")
        gone = time.monotonic() - stopped
        assert in_livekit(scene, live.id), "a ghost: LiveKit lists it still"
    scene.tell(f"ghost: “Lost” after {said:.1f} s, not present after {gone:.1f} s")
    assert gone <= 10
    sight.until(console.page, lambda: present(console, live.id), "presence again", timeout=20)
    live.watch.until_back(RED)
    expect(line).to_contain_text("Live", timeout=15_000)


@pytest.fixture
def no_webhooks(scene: Scene) -> Iterator[None]:
    """LiveKit's webhooks go nowhere."""
    livekit = scene.stack.livekit
    right = livekit._webhook

    def send_to(where: str) -> None:
        livekit._webhook = where
        livekit.stop()
        livekit.start()
        livekit.wait_ready()

    send_to(NOWHERE)
    yield
    send_to(right)


def until_inside(scene: Scene, console: ConsolePage, call: str, count: int) -> None:
    def so() -> bool:
        return row(scene, INSIDE, call) == str(count)

    sight.until(console.page, so, f"{count} of the caller's pages in the room", timeout=30)


@pytest.mark.usefixtures("no_webhooks")
def test_without_any_webhook_the_reconciler_finds_out(scene: Scene) -> None:
    console = scene.console()
    expect(console.connection).to_contain_text("All parts working", timeout=30_000)
    live = scene.live(console)
    joined = time.monotonic()
    until_inside(scene, console, live.id, 1)
    came = time.monotonic() - joined
    scene.leave(live.caller)
    sight.until(console.page, lambda: not present(console, live.id), "that nobody answers")
    sight.until(console.page, lambda: not in_livekit(scene, live.id), "LiveKit's own end", 40)
    left = time.monotonic()
    until_inside(scene, console, live.id, 0)
    went = time.monotonic() - left
    scene.tell(f"no webhooks: LiveKit's news known after {came:.0f} s (in) and {went:.0f} s (out)")
    assert came <= 20
    assert went <= 20
