"""Closing ends everything at once; undoing it needs the person's own tap again."""

from __future__ import annotations

from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.livekit import room_in
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import Scene


def test_close_ends_it_and_undo_brings_it_back_by_a_tap(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    rooms = scene.town.rooms
    identity = console.facts(live.id)["call"]["publisher"]["identity"]
    room = rooms.room_of(identity)
    assert room, "the publisher is in no room"

    console.action("Close call").click()
    expect(live.caller.goodbye).to_be_visible()
    live.caller.until("ended")
    held = sight.capture(live.caller.page)
    assert {*held["camera"], *held["microphone"]} == {"ended"}, held
    assert held["watches"] == 0, "the position is still being followed"
    assert held["wakeLocks"] == 0, "the screen is still kept awake"
    sight.until(console.page, lambda: room not in rooms.names(), "the room to be gone")
    assert console.facts(live.id)["call"]["state"] == "closed"
    assert console.until_stage(live.id, "ended")

    # A token from before opens nothing, and makes no room.
    old = next(t for t in scene.town.ledger.tokens if room_in(t) == room)
    refused = scene.lab().evaluate(
        "([url, token]) => lab.intrude(url, token, 500).then(() => '', (e) => String(e))",
        [scene.stack.livekit.url, old],
    )
    assert refused, "an old token still entered the room"
    assert room not in rooms.names()

    # Undo: the page offers, and only a tap opens the camera.
    console.action("Undo close").click()
    expect(live.caller.start).to_be_visible()
    held = sight.capture(live.caller.page)
    assert {*held["camera"], *held["microphone"]} == {"ended"}, "opened without a tap"
    live.caller.start.click()
    live.caller.until("live")
    watch = console.watch()
    watch.until_moving(RED)
    again = console.facts(live.id)["call"]
    assert again["state"] == "open"
    moved = rooms.room_of(again["publisher"]["identity"])
    assert moved, "the publisher is in no room"
    assert moved != room


def test_a_dead_link_leads_to_one_page_whatever_the_reason(scene: Scene) -> None:
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)
    console.api(f"calls/{call}/close/", "POST", {})
    base, secret = link.split("#")
    turned = secret[::-1] if secret[::-1] != secret else "A" * 22
    told = set()
    for fragment in (secret, turned, "A" * 22, "nonsense", "A" * 200):
        caller = scene.caller(f"{base}#{fragment}")
        caller.until("dead")
        expect(caller.start).to_have_count(0)
        told.add(caller.main.inner_text())
        caller.page.close()
    assert len(told) == 1, f"the pages differ, so they tell which secrets once lived: {told}"


def test_a_revoked_link_is_dead_and_its_page_too(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    before = console.facts(live.id)["call"]["publisher"]["identity"]
    console.api(f"calls/{live.id}/revoke-link/", "POST", {})
    sight.until(
        live.caller.page,
        lambda: {*sight.capture(live.caller.page)["camera"]} == {"ended"},
        "the revoked page to stop its camera",
    )
    again = scene.caller(live.link)
    again.until("dead")
    # A new text brings a new link to the same call.
    known = frozenset({live.link})
    console.action("Resend text").click()
    fresh = scene.text_for(live.number, known)
    caller = scene.caller(fresh)
    caller.seated()
    caller.tap()
    caller.until("live")
    # The revoked page's last picture may stay in view until it counts as frozen.
    watch = console.watch()
    sight.until(
        console.page,
        lambda: any(s.publisher != before for s in watch.camera_frames()),
        "the new page's picture",
    )
    watch.until_moving(RED)
