"""Pictures of the console's states: asked, talking, frozen, phone lost, alarm, video stopped."""

from __future__ import annotations

import re
from typing import Protocol

from playwright.sync_api import Page, expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.browsers import Standstill
from dispatch.tests.e2e.media import Subject
from dispatch.tests.e2e.pages import ConsolePage
from dispatch.tests.e2e.scene import Scene

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 768}
STOPS = ("--phone-that-stands-still",)
THEMES = ("Dark", "Light")
TIME_PASSES = """
from datetime import timedelta
from django.utils import timezone
from dispatch.calls.models import Call
from dispatch.centres.access import system_scope
with system_scope("camera.unwatched"):
    calls = Call.objects.filter(pk="{call}", unwatched_since__isnull=False)
    print(calls.update(unwatched_since=timezone.now() - timedelta(seconds={seconds})))
"""


class Album(Protocol):
    def keep(self, page: Page, name: str) -> None: ...


def tour(scene: Scene, album: Album, subject: Subject) -> None:
    """`subject` is what the caller's camera films."""
    console = scene.console(subject=subject)
    number, call, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link, subject, viewport=PHONE, own=STOPS)
    caller.seated()
    caller.tap()
    console.until_stage(call, "first_frame")
    caller.write("two cars, one person is inside")
    console.said("two cars, one person is inside").wait_for()
    for theme in THEMES:
        wear(console.page, theme)
        asked_and_talking(console, album, theme.lower())
        with Standstill(STOPS[0]):
            expect(console.picture).to_contain_text(re.compile(r"Frozen\s+\d+ s"))
            album.keep(console.page, f"console-frozen-{theme.lower()}")
            expect(console.picture).to_contain_text("Phone lost")
            album.keep(console.page, f"console-lost-{theme.lower()}")
        expect(console.picture).to_contain_text("Live")
    nobody_watches(scene, console, album, subject)


def asked_and_talking(console: ConsolePage, album: Album, theme: str) -> None:
    console.page.keyboard.press("f")
    console.page.keyboard.down("t")
    expect(console.picture.get_by_text("Talking")).to_be_visible()
    expect(console.page.get_by_text(re.compile(r"Asked 0:0[1-9]"))).to_be_visible()
    album.keep(console.page, f"console-asked-talking-{theme}")
    if theme == "dark":
        narrow(console.page, album, "console-asked-phone")
    console.page.keyboard.up("t")


def nobody_watches(scene: Scene, console: ConsolePage, album: Album, subject: Subject) -> None:
    """A colleague's call, whose console goes away."""
    colleague = scene.console("colleague")
    number, call, link = scene.request(colleague)
    colleague.select(number)
    caller = scene.caller(link, subject, viewport=PHONE)
    caller.seated()
    caller.tap()
    colleague.until_stage(call, "first_frame")
    colleague.page.close()
    time_passes(scene, console, call, 16)
    for theme in reversed(THEMES):
        wear(console.page, theme)
        expect(console.alarm).to_contain_text("Nobody is watching", timeout=10_000)
        album.keep(console.page, f"console-alarm-{theme.lower()}")
    narrow(console.page, album, "console-alarm-phone")
    time_passes(scene, console, call, 61)
    expect(console.call(number)).to_contain_text("Stopped", timeout=10_000)
    console.select(number)
    album.keep(console.page, "console-unwatched-dark")


def time_passes(scene: Scene, console: ConsolePage, call: str, seconds: int) -> None:
    """Once the server has noticed by itself that nobody watches this call."""
    code = TIME_PASSES.format(call=call, seconds=seconds)

    def noticed() -> bool:
        return scene.stack.manage("shell", "-c", code).strip().endswith("1")

    sight.until(console.page, noticed, "the server noticing that nobody watches", 60)


def narrow(page: Page, album: Album, name: str) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.get_by_role("group", name="Actions").scroll_into_view_if_needed()
    painted(page)
    album.keep(page, name)
    page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})


def wear(page: Page, theme: str) -> None:
    """Through the user's own menu, as a dispatcher would; until the map wears it too."""
    page.get_by_role("button", name="account and settings").click()
    choice = page.get_by_role("radio", name=theme)
    before = None if choice.is_checked() else map_corner(page)
    choice.check()
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    painted(page)
    if before:
        sight.until(page, lambda: map_corner(page) != before, f"the map in {theme}")


def map_corner(page: Page) -> bytes:
    """A piece of the map with nothing over it."""
    box = page.get_by_role("region", name="Map").bounding_box()
    if box is None:
        raise RuntimeError("the map is not shown")
    return page.screenshot(clip={"x": box["x"] + 8, "y": box["y"] + 40, "width": 48, "height": 48})


def painted(page: Page) -> None:
    """Everything that was changed is on the screen."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
