"""LiveKit killed, and LiveKit absent: the rest goes on, and the picture returns by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import HARBOUR, Scene, expect_text


@pytest.fixture(autouse=True)
def running_again(scene: Scene) -> Iterator[None]:
    """Whatever a test did to it, the next one finds LiveKit running."""
    yield
    scene.stack.livekit.start()
    scene.stack.livekit.wait_ready()


def test_killed_and_restarted_both_pages_are_back_by_themselves(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    livekit = scene.stack.livekit
    livekit.kill()
    killed = time.monotonic()

    def stands_still() -> bool:
        now: float = console.page.evaluate("() => performance.now()")
        return now - live.watch.look()[-1].at > 1000

    sight.until(console.page, stands_still, "the picture to stand still")
    # Everything but the picture goes on meanwhile.
    live.caller.write("still here")
    expect(console.said("still here")).to_be_visible()
    start = len(live.watch.look())
    livekit.start()
    livekit.wait_ready()
    up = time.monotonic()
    sight.until(
        console.page, lambda: live.watch.camera_frames(start), "a picture again", timeout=45
    )
    back = time.monotonic()
    live.watch.until_back(RED)
    live.caller.until("live")
    sight.assert_udp(console.page, livekit.udp_port)
    sight.assert_udp(live.caller.page, livekit.udp_port)
    assert sight.capture(live.caller.page)["camera"].count("live") == 1, "no tap was needed"
    scene.tell(f"picture {back - killed:.1f} s after kill -9, {back - up:.1f} s after it was up")


def test_absent_from_the_start_texts_position_and_messages_work(scene: Scene) -> None:
    console = scene.console()
    scene.stack.livekit.stop()
    expect_text(console.page, "Video is down", timeout=30)
    number, call, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link)
    console.until_stage(call, "opened")
    caller.tap()
    console.until_stage(call, "permitted")
    console.until_position(*HARBOUR)
    caller.write("no picture here?")
    expect(console.said("no picture here?")).to_be_visible()
    console.write("Tell us what you see.")
    expect(caller.page.get_by_text("Tell us what you see.").first).to_be_visible()
    assert not (console.facts(call)["call"]["stages"].get("joined") or {}).get("at")

    watch = console.watch()
    scene.stack.livekit.start()
    scene.stack.livekit.wait_ready()
    up = time.monotonic()
    sight.until(console.page, watch.camera_frames, "a picture once LiveKit runs", timeout=45)
    scene.tell(f"picture {time.monotonic() - up:.1f} s after LiveKit was up, without another tap")
    watch.until_back(RED)
    expect(console.page.get_by_text("Video is down").filter(visible=True)).to_have_count(0)
