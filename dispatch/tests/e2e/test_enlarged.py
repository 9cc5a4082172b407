"""Pages at 400 %: one column, nothing beside the screen, nothing cut off, everything in reach."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from dispatch.tests.e2e import phones
from dispatch.tests.e2e.scene import DESK, HARBOUR, Scene, expect_text
from dispatch.tests.e2e.senses import ENLARGED, Glass
from dispatch.tests.e2e.test_requests import ask

DESKTOP: dict[str, Any] = {"viewport": ENLARGED, "is_mobile": False, "has_touch": False}


def test_the_callers_page_enlarged(scene: Scene) -> None:
    glass = Glass()
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link, script=phones.TWO_CAMERAS, **DESKTOP)
    page = caller.page
    caller.until("ready")
    glass.look(page, "ready")
    caller.write_instead.click()
    glass.look(page, "writing")
    caller.tap()
    caller.until("live")
    expect(page.get_by_role("button", name="Turn camera")).to_be_visible()
    glass.look(page, "live")
    console.write("Help is on the way. Stay where you are, and do not move the person.")
    ask(console, call, "mute")
    expect_text(page, "has turned your microphone off")
    ask(console, call, "flip")
    expect_text(page, "asks you to turn the camera around")
    glass.look(page, "live, a message, a trouble and a wish at once")
    page.locator("#wish-no").click()
    caller.stop.click()
    caller.until("stopped")
    glass.look(page, "stopped")
    page.get_by_role("button", name="العربية").click()
    expect(page.locator("html[dir=rtl]")).to_be_visible()
    glass.look(page, "stopped, Arabic")
    console.action("Close call").click()
    caller.until("ended")
    glass.look(page, "ended")
    dead = scene.caller(link[:-4] + "0000", **DESKTOP)
    dead.until("dead")
    glass.look(dead.page, "dead link")
    glass.settle()


def test_the_dispatchers_pages_enlarged(scene: Scene) -> None:
    glass = Glass()
    first = scene.stranger(viewport=ENLARGED)
    first.goto(f"{scene.origin}/account/login/")
    glass.look(first, "sign-in")
    first.get_by_role("textbox", name=re.compile("e-?mail", re.I)).fill("nobody@demo.example")
    first.get_by_label("Password", exact=True).fill("not this one")
    first.keyboard.press("Enter")
    expect(first.get_by_role("alert")).to_contain_text("is not right")
    glass.look(first, "sign-in refused")

    console = scene.console(viewport=ENLARGED)
    page = console.page
    glass.look(page, "empty")
    page.get_by_role("button", name="account and settings").click()
    glass.look(page, "menu")
    page.keyboard.press("Escape")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    live = scene.live(console)
    page.set_viewport_size(ENLARGED)  # type: ignore[arg-type]
    console.write("Help is on the way.")
    console.until_position(*HARBOUR)
    glass.look(page, "live")
    console.number.fill(live.number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Open the call")).to_be_visible()
    glass.look(page, "the number has a call")
    page.get_by_role("button", name="Open the call").click()
    live.caller.stop.click()
    expect_text(page, "Caller stopped the video")
    glass.look(page, "stopped")
    for key, state in (("q", "QR"), ("?", "keys")):
        page.evaluate("() => document.activeElement.blur()")
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        glass.look(page, state)
        page.keyboard.press("Escape")
    console.action("Close call").click()
    expect(console.action("Undo close")).to_be_visible()
    glass.look(page, "closed")
    page.goto(f"{scene.origin}/console/history/")
    glass.look(page, "history")
    page.goto(f"{scene.origin}/console/history/{live.id}/")
    glass.look(page, "history of a call")
    glass.settle()
