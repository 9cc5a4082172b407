"""Either side may reload at any moment: the picture comes back by itself."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import GRANTS, HARBOUR, REMEMBERED, Scene


@pytest.mark.parametrize("remembers", [True, False])
def test_the_caller_reloads(scene: Scene, remembers: bool) -> None:
    """By itself where the browser remembers what was allowed, else by one tap, "Continue"."""
    console = scene.console()
    live = scene.live(console, grants=REMEMBERED if remembers else GRANTS)
    before = console.facts(live.id)["call"]["publisher"]
    start = len(live.watch.look())
    live.caller.page.reload()
    reloaded = time.monotonic()
    if not remembers:
        expect(live.caller.go_on).to_be_visible()
        assert not sight.capture(live.caller.page)["camera"], "a camera without a tap"
        live.caller.go_on.click()
        reloaded = time.monotonic()
    live.caller.until("live")
    sight.until(
        console.page,
        lambda: any(s.publisher != before["identity"] for s in live.watch.camera_frames(start)),
        "the picture of the new page",
    )
    back = time.monotonic() - reloaded
    live.watch.until_back(RED)
    after = console.facts(live.id)["call"]["publisher"]
    assert after["identity"] != before["identity"]
    assert after["session"] == before["session"], "a reload is the same session"
    sight.assert_udp(live.caller.page, scene.stack.livekit.udp_port)
    console.ensure_sound()
    sight.assert_tone(console.page, RED)
    console.until_position(*HARBOUR)
    what = "the caller's reload, by itself" if remembers else '"Continue" after a reload'
    scene.tell(f"picture {back:.2f} s after {what}")


def test_the_dispatcher_reloads(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    generation = console.facts(live.id)["call"]["generation"]
    console.page.reload()
    reloaded = time.monotonic()
    console.until_live()
    if not console.page.locator("video").first.is_visible():
        console.select(live.number)
    watch = console.watch()
    watch.until_camera()
    back = time.monotonic() - reloaded
    watch.until_moving(RED)
    console.until_position(*HARBOUR)
    assert console.facts(live.id)["call"]["generation"] == generation
    # The caller noticed nothing.
    assert sight.capture(live.caller.page)["camera"][-1] == "live"
    scene.tell(f"picture {back:.2f} s after the dispatcher's reload")


def test_stop_and_start_again_by_the_caller(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    live.caller.stop.click()
    live.caller.until("stopped")
    held = sight.until(
        live.caller.page,
        lambda: (got := sight.capture(live.caller.page))["camera"][-1] == "ended" and got,
        "the camera to stop",
    )
    assert {*held["camera"], *held["microphone"]} == {"ended"}, held
    console.until_media(live.id, "stopped", camera=False, microphone=False)
    live.caller.start.click()
    live.caller.until("live")
    live.watch.until_camera()
    live.watch.until_moving(RED)


def test_the_microphone_switch(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    console.ensure_sound()
    sight.assert_tone(console.page, RED)
    live.caller.microphone_off.click()
    sight.until(
        console.page,
        lambda: (console.page.evaluate("() => __probe.listen()") or {"rms": 0})["rms"] < 0.002,
        "silence",
    )
    live.watch.until_moving(RED)  # costs the sound only
    live.caller.microphone_on.click()
    sight.assert_tone(console.page, RED)
