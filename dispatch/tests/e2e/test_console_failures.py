"""What goes wrong in front of a dispatcher: each said where the eye is, with what still works."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.browsers import Standstill
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import ConsolePage, sign_in
from dispatch.tests.e2e.scene import Live, Scene

# A flag without a meaning names one browser, so that its processes can be found.
PHONE = ("--phone-that-stands-still",)
TOUCH_FIRST = ("--autoplay-policy=document-user-activation-required",)
# From the last frame that was presented to the word on the screen, ms of the page's own clock.
TIME_TO_FROZEN = """() => {
  const place = document.querySelector('[aria-label="Live picture"]');
  const video = place.querySelector("video");
  let last = performance.now();
  const frame = (now) => { last = now; video.requestVideoFrameCallback(frame); };
  video.requestVideoFrameCallback(frame);
  window.__frozen = new Promise((resolve) => {
    new MutationObserver(() => {
      if (video.dataset.frozen === "true" && place.innerText.includes("Frozen"))
        resolve(performance.now() - last);
    }).observe(place, { attributes: true, childList: true, subtree: true, characterData: true });
  });
}"""
TIME_PASSES = """
from datetime import timedelta
from django.utils import timezone
from dispatch.calls.models import Call
from dispatch.centres.access import system_scope
with system_scope("camera.unwatched"):
    calls = Call.objects.filter(pk="{call}", unwatched_since__isnull=False)
    print(calls.update(unwatched_since=timezone.now() - timedelta(seconds={seconds})))
"""
COUNT_RINGS = """() => {
  const start = AudioScheduledSourceNode.prototype.start;
  window.__rings = 0;
  AudioScheduledSourceNode.prototype.start = function (...args) {
    window.__rings += 1;
    return start.apply(this, args);
  };
}"""


@pytest.fixture
def web_again(scene: Scene) -> Iterator[None]:
    """Whatever a test did to it, the next one finds the server running."""
    yield
    scene.stack.parts["web"].start()
    scene.stack.parts["web"].wait_ready()


@pytest.mark.usefixtures("web_again")
def test_the_server_is_gone_and_comes_back(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    web = scene.stack.parts["web"]
    web.kill()
    killed = time.monotonic()
    expect(console.connection).to_contain_text("Connection lost", timeout=8000)
    said = time.monotonic() - killed
    expect(console.connection).to_contain_text("Trying again by itself")
    live.watch.until_moving(RED)  # picture and sound do not pass through it
    web.stop()
    web.start()
    web.wait_ready()
    up = time.monotonic()
    console.until_live()
    back = time.monotonic() - up
    expect(console.connection).to_contain_text("All parts working")
    expect(console.call(live.number)).to_have_attribute("aria-current", "true")
    live.watch.until_moving(RED)
    scene.tell(f"server gone: said after {said:.1f} s; back {back:.1f} s after it was up")
    assert said <= 6


def test_signed_out_elsewhere_says_so_and_the_link_leads_back_to_the_call(scene: Scene) -> None:
    email, password = scene.town.account("dispatcher")
    page = scene.stranger(viewport={"width": 1366, "height": 768})
    sign_in(page, scene.origin, email, password)
    console = ConsolePage(page, scene.origin)
    console.until_live()
    number, call, _ = scene.request(console)
    console.select(number)
    other = page.context.new_page()
    other.goto(f"{scene.origin}/console/")
    other.get_by_role("button", name="account and settings").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url(re.compile("/account/login/"))
    other.close()

    console.action("Resend text").click()
    expect(console.connection).to_contain_text("You are signed out")
    problem = page.get_by_role("alert").filter(has_text="not sent again")
    expect(problem).to_contain_text("Sign in again")
    console.connection.get_by_role("link", name="Sign in again").click()
    page.get_by_role("textbox", name=re.compile("e-?mail", re.I)).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")
    console.until_live()
    expect(console.call(number)).to_have_attribute("aria-current", "true")
    assert call in page.url
    expect(console.action("Resend text")).to_be_visible()


def test_a_frozen_picture_is_marked_within_two_seconds(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console, own=PHONE)
    console.page.evaluate(TIME_TO_FROZEN)
    with Standstill(PHONE[0]):
        took: float = console.page.evaluate("() => window.__frozen")
        expect(console.picture.locator("video")).to_have_attribute("data-frozen", "true")
        expect(console.picture).to_contain_text(re.compile(r"Frozen\s+\d+ s"))
        expect(console.call(live.number)).to_contain_text("Frozen")
    live.watch.until_back(RED)
    expect(console.picture).to_contain_text("Live")
    scene.tell(f"frozen: said {took:.0f} ms after the last frame")
    assert took <= 2000


def test_a_phone_that_falls_silent_is_said_to_be_lost_within_five_seconds(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console, own=PHONE)
    with Standstill(PHONE[0]):
        stopped = time.monotonic()
        expect(console.picture).to_contain_text(re.compile(r"Phone lost\s+0:0\d"), timeout=8000)
        took = time.monotonic() - stopped
        expect(console.picture).to_contain_text("stay on the line")
        expect(console.call(live.number)).to_contain_text("Lost")
    live.watch.until_back(RED)
    expect(console.picture).not_to_contain_text("Phone lost")
    expect(console.call(live.number)).to_contain_text("Live")
    scene.tell(f"phone lost: said {took:.1f} s after it stood still")
    assert took <= 5


def test_a_browser_that_wants_a_touch_before_sound_says_so(scene: Scene) -> None:
    first = scene.console()
    live = scene.live(first)
    page = scene.signed_in("dispatcher", own=TOUCH_FIRST)
    page.goto(f"{scene.origin}/console/#call={live.id}")
    # Over the wire: to the browser, an ordinary question of the test is a person's touch.
    wire = page.context.new_cdp_session(page)
    said = {"expression": "document.body.innerText.includes('Click to hear')"}

    def waits() -> bool:
        return bool(wire.send("Runtime.evaluate", said)["result"]["value"])

    sight.until(first.page, waits, "sound that waits for a click", timeout=15)
    console = ConsolePage(page, scene.origin)
    console.watch().until_moving(RED)
    button = console.picture.get_by_role("button", name="Click to hear")
    expect(button).to_be_visible()
    button.click()
    expect(console.picture).to_contain_text("Sound is on")
    sight.assert_tone(page, RED)
    expect(button).to_have_count(0)


def test_a_live_camera_that_nobody_watches_is_an_alarm_and_then_stops(scene: Scene) -> None:
    owner = scene.console()
    live = scene.live(owner)
    colleague = scene.console("colleague")
    colleague.number.click()  # somebody sits here
    colleague.page.evaluate(COUNT_RINGS)
    owner.page.close()
    unwatched_for(scene, live, colleague.page, 16)

    # The alarm names the call and what will happen; one key brings the picture.
    expect(colleague.alarm).to_contain_text("Nobody is watching", timeout=8000)
    expect(colleague.alarm).to_contain_text(re.compile(r"video stops in 0:[0-4]\d"))
    expect(colleague.call(live.number)).to_contain_text("Unwatched")
    rung: int = sight.until(
        colleague.page, lambda: colleague.page.evaluate("() => window.__rings"), "an alarm sound"
    )
    colleague.page.evaluate("() => document.activeElement.blur()")
    colleague.page.keyboard.press("a")
    expect(colleague.call(live.number)).to_have_attribute("aria-current", "true")
    expect(colleague.alarm).to_be_empty()
    colleague.watch().until_moving(RED)
    expect(colleague.call(live.number)).to_contain_text("Live", timeout=8000)
    scene.tell(f"nobody watching: {rung} notes when the alarm was seen")

    # Nobody again, and nobody comes: the video stops, the call stays.
    colleague.open()
    unwatched_for(scene, live, colleague.page, 16)
    expect(colleague.alarm).to_contain_text("Nobody is watching", timeout=8000)
    unwatched_for(scene, live, colleague.page, 61)
    row = colleague.call(live.number)
    expect(row).to_contain_text("Stopped", timeout=8000)
    expect(row).to_contain_text("Nobody watched")
    colleague.select(live.number)
    notice = "Video stopped: nobody was watching"
    expect(colleague.picture.get_by_text(notice)).to_be_visible()
    expect(colleague.action("Ask for camera")).to_be_visible()
    assert colleague.facts(live.id)["call"]["state"] == "open"
    live.caller.until("stopped")
    assert "live" not in sight.capture(live.caller.page)["camera"]


def unwatched_for(scene: Scene, live: Live, page: Page, seconds: int) -> None:
    """The server has noticed by itself that nobody watches; then this much time passes."""
    code = TIME_PASSES.format(call=live.id, seconds=seconds)
    sight.until(
        page,
        lambda: scene.stack.manage("shell", "-c", code).strip().endswith("1"),
        "the server to notice that nobody watches",
        timeout=20,
    )
