"""Firefox as the caller's browser: the main job, messages, a reload and the end of it.

Not tried anywhere in these tests: WebKit, and real phones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.firefox import Firefox
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import HARBOUR, Scene
from dispatch.tests.e2e.sight import Sample

FRAMES = 30


@pytest.fixture
def firefox(scene: Scene, tmp_path: Path) -> Iterator[Firefox]:
    running = Firefox(origin=scene.origin, place=HARBOUR, files=tmp_path)
    yield running
    try:
        broken = [line for line in running.said if line.startswith("BROKEN")]
    finally:
        running.close()
    assert not running.gate.asked, f"asked beyond our own hosts: {running.gate.asked[:5]}"
    assert not broken, f"uncaught on the page: {broken[:5]}"


def test_the_main_job_in_firefox(scene: Scene, firefox: Firefox) -> None:
    began = time.monotonic()
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)

    # The page: to be read, with a warm seat and nothing of the phone.
    firefox.open(link)
    firefox.see("button", "Start video")
    console.until_stage(call, "opened")
    until(scene, firefox, "(await __probe.pairs()).some((p) => p.state === 'connected')")
    assert firefox.evaluate("__probe.capture().camera.length") == 0
    watch = console.watch()
    assert not watch.camera_frames(), "a picture before the tap"

    # One tap: picture, sound, position.
    tapped = firefox.click("button", "Start video")
    first = watch.until_camera()
    shown = first.at + float(console.page.evaluate("performance.timeOrigin")) - tapped
    expect_picture(scene, watch, 0)
    until(scene, firefox, "document.querySelector('main').dataset.state === 'live'")
    udp = scene.stack.livekit.udp_port
    sight.assert_udp(console.page, udp)
    pairs = firefox.evaluate("__probe.pairs()")
    assert {(p["local"], p["remote"], p["remote_port"]) for p in pairs} == {("udp", "udp", udp)}
    console.ensure_sound()
    sight.assert_tone(console.page, RED)  # 1000 Hz, as Firefox's own fake microphone plays
    console.until_position(*HARBOUR)
    console.until_stage(call, "first_frame")

    # Words, both ways.
    firefox.write("textbox", "Message", "second floor, back door")
    firefox.click("button", "Send")
    expect(console.said("second floor, back door")).to_be_visible()
    console.write("We are on our way.")
    until(scene, firefox, "document.body.innerText.includes('We are on our way.')")

    # A reload: Firefox keeps no permission for the camera, so one tap more.
    before = console.facts(call)["call"]["publisher"]
    seen = len(watch.look())
    firefox.reload()
    firefox.see("button", "Continue")
    assert firefox.evaluate("__probe.capture().camera.length") == 0, "a camera without a tap"
    firefox.click("button", "Continue")
    sight.until(
        console.page,
        lambda: any(s.publisher != before["identity"] for s in watch.camera_frames(seen)),
        "the picture of the new page",
    )
    expect_picture(scene, watch, len(watch.samples))
    after = console.facts(call)["call"]["publisher"]
    assert after["identity"] != before["identity"]
    assert after["session"] == before["session"], "a reload is the same session"

    # The end, by the caller.
    firefox.click("button", "Stop video")
    until(scene, firefox, "document.querySelector('main').dataset.state === 'stopped'")
    held = firefox.evaluate("__probe.capture()")
    assert {*held["camera"], *held["microphone"]} == {"ended"}, held
    console.until_media(call, "stopped", camera=False, microphone=False)

    took = time.monotonic() - began
    scene.tell(f"{firefox.version}: tap to picture {shown:.0f} ms · whole job {took:.1f} s")


def until(scene: Scene, firefox: Firefox, expression: str) -> None:
    """Wait for something on the caller's page."""
    page = scene.visits[0].context.pages[0]
    said = f"(async () => Boolean({expression}))()"
    sight.until(page, lambda: firefox.evaluate(said), expression)


def expect_picture(scene: Scene, watch: sight.Watch, start: int) -> None:
    """A camera's frames, wide, bright and changing. Firefox's fake camera shows one colour that
    wanders slowly through the spectrum, so there are no stamps to read."""

    def enough() -> list[Sample] | None:
        seen = watch.camera_frames(start)
        return seen if len(seen) >= FRAMES and spread(seen) > 40 else None

    seen = sight.until(watch.page, enough, f"{FRAMES} frames that change", timeout=15)
    brightest = [max(max(corner) for corner in s.reading.corners) for s in seen]
    assert min(brightest) > 60, f"a black frame among {len(seen)}"
    assert all(s.width > sight.PLACEHOLDER_WIDTH for s in seen)


def spread(samples: Sequence[Sample]) -> int:
    """By how much the colour of the picture has changed, at most, in any channel."""
    corners = [s.reading.corners[0] for s in samples]
    return max(max(c[i] for c in corners) - min(c[i] for c in corners) for i in range(3))
