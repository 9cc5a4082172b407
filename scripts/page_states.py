"""Pictures of the states of the caller's page and of the staff's plain pages, on phone and desk.

All of them go to var/pictures, to be looked at; those that the documentation shows are KEPT.
"""

from __future__ import annotations

import re
import uuid
from typing import Protocol

from playwright.sync_api import Page, expect

from dispatch.tests.e2e import phones
from dispatch.tests.e2e.media import Subject
from dispatch.tests.e2e.pages import CallerPage, ConsolePage
from dispatch.tests.e2e.scene import Scene, expect_text
from scripts import console_states

SIZES = {"phone": {"width": 360, "height": 640}, "desktop": {"width": 1366, "height": 768}}
SCHEMES = ("light", "dark")
THEMES = {"Dark": "dark", "Light": "light", "Night red": "night"}
KEPT = frozenset(
    {
        "caller-refused-phone-light",
        "caller-asked-phone-dark",
        "caller-stopped-phone-light",
        "caller-arabic-live-phone-light",
        "console-live-night",
        "history-call-desktop-dark",
    }
)
DENIED = ("NotAllowedError", "Permission denied")


class Album(Protocol):
    def take(self, page: Page, name: str, *schemes: str) -> None: ...
    def keep(self, page: Page, name: str) -> None: ...


def tour(scene: Scene, album: Album, subject: Subject) -> None:
    """`subject` is what the caller's camera films."""
    console = scene.console()
    for width, size in SIZES.items():
        caller_states(scene, console, album, subject, width, size)
    console_in_every_theme(scene, console, album, subject)
    plain_pages(scene, album)


def caller_states(
    scene: Scene,
    console: ConsolePage,
    album: Album,
    subject: Subject,
    width: str,
    size: dict[str, int],
) -> None:
    number, call, link = scene.request(console)
    console.select(number)

    def take(caller: CallerPage, state: str) -> None:
        album.take(caller.page, f"caller-{state}-{width}", *SCHEMES)

    first = scene.caller(link, subject, viewport=size, script=phones.TWO_CAMERAS)
    first.seated()
    take(first, "ready")
    first.write_instead.click()
    first.write("the back door is open")
    take(first, "writing")
    first.tap()
    first.until("live")
    console.until_stage(call, "first_frame")
    console.write("Help is on the way. Stay off the road.")
    expect_text(first.page, "Help is on the way")
    take(first, "live")
    ask(console, call, "mute")
    expect_text(first.page, "has turned your microphone off")
    take(first, "muted")
    ask(console, call, "flip")
    expect_text(first.page, "asks you to turn the camera around")
    take(first, "asked")
    first.page.locator("#wish-no").click()
    first.stop.click()
    first.until("stopped")
    take(first, "stopped")

    refused = scene.caller(
        link, subject, viewport=size, script=phones.capture(video=DENIED, audio=DENIED)
    )
    refused.until("ready")
    refused.tap()
    expect_text(refused.page, "does not let this page use the camera")
    take(refused, "refused")
    scene.leave(refused)

    offline = scene.caller("about:blank", subject, viewport=size)
    offline.page.route_web_socket(re.compile("/s/.*/ws$"), lambda socket: socket.close())
    offline.open(link)
    offline.until("ready")
    offline.page.route(re.compile("/s/"), lambda route: route.abort())
    expect_text(offline.page, "No connection", timeout=20)
    take(offline, "offline")
    scene.leave(offline)

    first.tap()
    first.until("live")
    arabic = scene.caller(link, subject, viewport=size)
    arabic.until("ready")
    arabic.page.get_by_role("button", name="العربية").click()
    expect(arabic.page.locator("html[dir=rtl]")).to_be_visible()
    take(arabic, "arabic-ready")
    arabic.page.locator("#start").click()
    arabic.until("live")
    first.until("taken")
    take(arabic, "arabic-live")
    take(first, "taken")
    console.action("Close call").click()
    first.until("ended")
    take(first, "ended")
    first.open(f"{scene.origin}/nobody")
    take(first, "unknown")


def ask(console: ConsolePage, call: str, what: str) -> None:
    console.api(f"calls/{call}/ask/", "POST", {"what": what, "command": str(uuid.uuid4())})


def console_in_every_theme(
    scene: Scene, console: ConsolePage, album: Album, subject: Subject
) -> None:
    page = console.page
    live = scene.request(console)
    console.select(live[0])
    caller = scene.caller(live[2], subject, viewport=SIZES["phone"])
    caller.seated()
    caller.tap()
    console.until_stage(live[1], "first_frame")
    caller.write("two cars, one person is inside")
    expect(console.said("two cars, one person is inside")).to_be_visible()
    for theme, name in THEMES.items():
        console_states.wear(page, theme)
        album.keep(page, f"console-live-{name}")
        page.keyboard.press("q")
        expect(page.get_by_role("dialog")).to_be_visible()
        album.keep(page, f"console-qr-{name}")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        album.keep(page, f"console-keys-{name}")
        page.keyboard.press("Escape")
        console.number.fill(live[0])
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Open the call")).to_be_visible()
        album.keep(page, f"console-number-{name}")
        page.get_by_role("button", name="Open the call").click()
        page.get_by_role("button", name="account and settings").click()
        album.keep(page, f"console-menu-{name}")
        page.keyboard.press("Escape")
    console_states.wear(page, "Dark")
    page.set_viewport_size({"width": 320, "height": 256})
    console_states.painted(page)
    album.keep(page, "console-live-enlarged")
    page.set_viewport_size({"width": 1366, "height": 768})
    console.action("Close call").click()
    expect(console.action("Undo close")).to_be_visible()
    page.goto(f"{scene.origin}/console/history/{live[1]}/")


def plain_pages(scene: Scene, album: Album) -> None:
    """Sign-in, history and administration."""
    staff = scene.signed_in("dispatcher")
    staff.goto(f"{scene.origin}/console/history/")
    call = staff.get_by_role("table").get_by_role("link").first.get_attribute("href")
    admin = scene.signed_in("administrator")
    for width, size in SIZES.items():
        for page in (staff, admin):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for theme in THEMES.values():
            staff.context.add_cookies(
                [{"name": "sl_theme", "value": theme, "url": scene.origin, "sameSite": "Lax"}]
            )
            for name, path in (
                ("history", "/console/history/"),
                ("history-call", str(call)),
                ("refused", "/console/?centre=nobodys"),
                ("sign-out", "/account/logout/"),
            ):
                staff.goto(scene.origin + path)
                staff.wait_for_load_state("networkidle")
                album.keep(staff, f"{name}-{width}-{theme}")
        for scheme in SCHEMES:
            admin.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for name, path in (
                ("index", "/admin/"),
                ("calls", "/admin/calls/call/"),
                ("staff", "/admin/centres/membership/"),
                ("add", "/admin/centres/membership/add/"),
            ):
                admin.goto(scene.origin + path)
                admin.wait_for_load_state("networkidle")
                album.keep(admin, f"admin-{name}-{width}-{scheme}")
