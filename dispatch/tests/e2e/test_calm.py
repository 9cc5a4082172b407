"""Nothing chatters, nothing moves without need, and every target can be hit."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page, expect

from dispatch.tests.e2e import phones, senses, sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import DESK, HARBOUR, Scene, expect_text
from dispatch.tests.e2e.test_requests import ask

QUIET = 20  # seconds of a call in which nothing happens but time and positions
STILL: dict[str, Any] = {"reduced_motion": "reduce"}


def said(page: Page) -> list[list[str]]:
    found: list[list[str]] = senses.ask(page, "said")
    return found


def test_twenty_seconds_of_a_live_call_say_nothing(scene: Scene) -> None:
    """Positions come each second, clocks run; a screen reader is silent until somebody speaks."""
    console = scene.console()
    live = scene.live(console)
    phone = live.caller.page
    console.until_position(*HARBOUR)
    live.watch.until_moving(RED)
    senses.ask(console.page, "listen()")
    senses.ask(phone, "listen()")
    _, longitude = HARBOUR
    began = time.monotonic()
    fixes = 0
    while time.monotonic() - began < QUIET:
        fixes += 1
        latitude = HARBOUR[0] + fixes * 5e-4
        place = {"latitude": latitude, "longitude": longitude, "accuracy": 12}
        phone.context.set_geolocation(place)  # type: ignore[arg-type]
        console.until_position(latitude, longitude)
        phone.wait_for_timeout(max(0, began + fixes - time.monotonic()) * 1000)
    live.watch.until_moving(RED)
    assert fixes >= QUIET * 0.7, f"only {fixes} positions came"
    assert said(console.page) == []
    assert said(phone) == []

    # And what matters is said, once.
    console.write("Help is on the way.")
    sight.until(phone, lambda: said(phone), "the message, said")
    live.caller.write("one person is inside")
    sight.until(console.page, lambda: said(console.page), "the answer, said")
    expect(console.said("one person is inside")).to_be_visible()
    (heard,) = said(console.page)
    assert heard[1] == "Caller: one person is inside"
    first, *rest = said(phone)
    assert "Help is on the way." in first[1]
    assert all("#chat" in place for place, _ in rest), rest
    scene.tell(f"live regions: nothing in {QUIET} s with {fixes} positions")


def test_nothing_moves_for_whoever_asks_for_stillness(scene: Scene) -> None:
    console = scene.console(**STILL)
    live = scene.live(console, **STILL)
    console.write("Help is on the way.")
    expect_text(live.caller.page, "Help is on the way")
    hold = console.page.get_by_role("button", name="Revoke link")
    hold.focus()
    console.page.keyboard.down("Space")  # the one thing that moves on the console
    moving = senses.ask(console.page, "moving()")
    console.page.keyboard.press("Escape")
    console.page.evaluate("() => document.activeElement.blur()")
    assert moving == [], moving
    assert senses.ask(live.caller.page, "moving()") == []
    admin = scene.signed_in("administrator", viewport=DESK, **STILL)
    for path in ("/account/login/", "/console/history/", "/demo/phone/", "/admin/calls/call/"):
        admin.goto(scene.origin + path)
        assert senses.ask(admin, "moving()") == [], path


def test_a_thumb_hits_every_button_of_the_callers_page(scene: Scene) -> None:
    """44 px at least; the one main button 64. (24 px on the other pages: axe looks at that.)"""
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link, script=phones.TWO_CAMERAS)
    page = caller.page
    caller.until("ready")
    assert senses.ask(page, "small(it)", 44) == []
    for height in (640, 480):
        page.set_viewport_size({"width": 360, "height": height})
        box = caller.start.bounding_box()
        assert box
        assert box["height"] >= 64, f"the main button is {box['height']} px high at {height}"
        assert box["y"] + box["height"] <= height, "the main button is on the first screen"
    page.set_viewport_size({"width": 360, "height": 640})
    caller.tap()
    caller.until("live")
    expect(page.get_by_role("button", name="Turn camera")).to_be_visible()
    console.until_media(call, "live")  # before the server knows, there is nobody to ask
    ask(console, call, "mute")
    expect_text(page, "has turned your microphone off")
    ask(console, call, "flip")
    expect_text(page, "asks you to turn the camera around")
    assert senses.ask(page, "small(it)", 44) == []
    caller.stop.click()
    caller.until("stopped")
    assert senses.ask(page, "small(it)", 44) == []
