"""axe-core on every page and state, in every theme: nothing shuts anybody out (WCAG 2.2 AA)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from dispatch.tests.e2e import phones, sight
from dispatch.tests.e2e.pages import CallerPage, ConsolePage, sign_in
from dispatch.tests.e2e.scene import DESK, Scene, expect_text
from dispatch.tests.e2e.senses import SCHEMES, Audit
from dispatch.tests.e2e.test_caller_failures import DENIED
from dispatch.tests.e2e.test_console_failures import unwatched_for
from dispatch.tests.e2e.test_requests import ask

ARABIC = "العربية"


@pytest.fixture
def audit() -> Audit:
    return Audit()


def theme(page: Page, name: str) -> str:
    """Chosen in the user's own menu; what the page then is drawn by."""
    page.get_by_role("button", name="account and settings").click()
    page.get_by_role("radio", name=name).check()
    page.keyboard.press("Escape")
    return str(page.evaluate("() => document.documentElement.dataset.theme"))


def test_the_dispatchers_pages(scene: Scene, audit: Audit) -> None:
    page = scene.stranger(viewport=DESK)
    page.goto(f"{scene.origin}/account/login/")
    audit.console(page, "sign-in")
    email, password = scene.town.account("dispatcher")
    page.get_by_role("textbox", name=re.compile("e-?mail", re.I)).fill(email)
    page.get_by_label("Password", exact=True).fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    audit.console(page, "sign-in refused")
    sign_in(page, scene.origin, email, password)
    console = ConsolePage(page, scene.origin)
    console.until_live()
    for name, attribute in (("Light", "light"), ("Night red", "night"), ("Dark", "dark")):
        assert theme(page, name) == attribute
    audit.console(page, "console, empty")
    page.get_by_role("button", name="account and settings").click()
    audit.console(page, "console, menu")
    page.keyboard.press("Escape")
    console.number.fill("12")
    page.keyboard.press("Enter")
    expect(console.number).to_have_attribute("aria-invalid", "true")
    audit.console(page, "console, number refused")
    console.number.fill("")

    number, call, _ = scene.request(console)
    console.select(number)
    console.number.fill(number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Open the call")).to_be_visible()
    audit.console(page, "console, calling; the number has a call")
    page.get_by_role("button", name="Open the call").click()
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.get_by_role("dialog")).to_be_visible()
    audit.console(page, "console, QR")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    audit.console(page, "console, keys")
    page.keyboard.press("Escape")
    console.action("Close call").click()
    expect(console.action("Undo close")).to_be_visible()
    audit.console(page, "console, closed")

    page.goto(f"{scene.origin}/console/history/")
    audit.console(page, "history")
    page.goto(f"{scene.origin}/console/?centre=nobodys")
    expect(page.get_by_role("heading", name="Not here")).to_be_visible()
    audit.console(page, "refused")
    console.open(f"#call={call}")
    page.context.clear_cookies()
    page.get_by_role("button", name="Undo close", exact=True).last.click()
    expect(console.connection).to_contain_text("You are signed out")
    audit.console(page, "console, signed out")
    audit.settle()
    scene.tell(f"axe: dispatcher's pages, {audit.looks} looks")


def test_a_live_call_on_the_console(scene: Scene, audit: Audit) -> None:
    console = scene.console()
    page = console.page
    live = scene.live(console, script=phones.TWO_CAMERAS)
    live.caller.write("two cars, one person is inside")
    console.write("Help is on the way.")
    expect(console.said("two cars, one person is inside")).to_be_visible()
    audit.console(page, "console, live")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("f")
    expect_text(page, "^Asked")
    page.get_by_role("button", name="Revoke link").click()  # too short: it asks for more
    expect_text(page, "keep holding")
    audit.console(page, "console, asked")
    for answer in ("Not now",):
        live.caller.page.get_by_role("button", name=answer).click()
    live.caller.stop.click()
    expect_text(page, "Caller stopped the video")
    audit.console(page, "console, stopped")

    lost = scene.signed_in("dispatcher")
    sockets: list[WebSocketRoute] = []

    def line(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if len(sockets) == 1:
            socket.connect_to_server()
        else:
            socket.close()

    lost.route_web_socket(re.compile("/ws/console/"), line)
    second = ConsolePage(lost, scene.origin).open(f"#call={live.id}")
    sockets[0].close()
    expect(second.connection).to_contain_text("Connection lost", timeout=10_000)
    audit.console(lost, "console, connection lost")
    lost.close()

    colleague = scene.console("colleague")
    live.caller.tap()
    live.caller.until("live")
    live.watch.until_camera()
    page.close()
    unwatched_for(scene, live, colleague.page, 16)
    expect(colleague.alarm).to_contain_text("Nobody is watching", timeout=10_000)
    audit.console(colleague.page, "console, alarm")
    colleague.page.get_by_role("button", name="Watch", exact=True).click()
    colleague.action("Close call").click()
    expect(colleague.action("Undo close")).to_be_visible()
    colleague.page.goto(f"{scene.origin}/console/history/{live.id}/")
    expect(colleague.page.get_by_role("heading", name="What happened")).to_be_visible()
    audit.console(colleague.page, "history of a call")
    audit.settle()
    scene.tell(f"axe: live call, {audit.looks} looks")


def test_the_callers_page(scene: Scene, audit: Audit) -> None:
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)

    first = scene.caller("about:blank")
    held: list[object] = []
    first.page.route(re.compile(r"/s/$"), lambda route: held.append(route))
    first.open(link)
    sight.until(first.page, lambda: held, "the page's first question, held back")
    first.until("reading")
    audit.page(first.page, "reading")
    first.page.unroute_all()
    first.page.reload()
    first.until("ready")
    audit.page(first.page, "ready")
    first.write_instead.click()
    first.write("the back door")
    audit.page(first.page, "writing before the tap")
    first.tap()
    first.until("live")
    console.write("Stay where you are.")
    expect_text(first.page, "Stay where you are")
    audit.page(first.page, "live")
    asks_and_answers(console, call, first, audit, "")
    first.stop.click()
    first.until("stopped")
    audit.page(first.page, "stopped")

    refused = scene.caller(link, script=phones.capture(video=DENIED))
    refused.until("ready")
    refused.tap()
    expect_text(refused.page, "does not let this page use the camera")
    audit.page(refused.page, "camera refused")
    scene.leave(refused)

    cut = scene.caller("about:blank")
    cut.page.route_web_socket(re.compile("/s/.*/ws$"), lambda socket: socket.close())
    cut.open(link)
    cut.until("ready")
    cut.page.route(re.compile("/s/"), lambda route: route.abort())
    expect_text(cut.page, "No connection", timeout=20)
    audit.page(cut.page, "offline")
    scene.leave(cut)

    first.tap()
    first.until("live")
    arabic = scene.caller(link)
    arabic.until("ready")
    arabic.page.get_by_role("button", name=ARABIC).click()
    expect(arabic.page.locator("html[lang=ar][dir=rtl]")).to_be_visible()
    audit.page(arabic.page, "ready, Arabic")
    arabic.page.locator("#start").click()
    arabic.until("live")
    audit.page(arabic.page, "live, Arabic")
    first.until("taken")
    audit.page(first.page, "taken")
    console.action("Close call").click()
    arabic.until("ended")
    audit.page(arabic.page, "ended, Arabic")

    dead = scene.caller(link[:-4] + "0000")
    dead.until("dead")
    audit.page(dead.page, "dead link")
    dead.page.goto(f"{scene.origin}/nobody")
    expect(dead.page.get_by_role("heading")).to_be_visible()
    audit.page(dead.page, "unknown centre")
    audit.settle()
    scene.tell(f"axe: caller's page, {audit.looks} looks")


def asks_and_answers(
    console: ConsolePage, call: str, caller: CallerPage, audit: Audit, language: str
) -> None:
    """Muted by the centre, then asked to speak again: a trouble with a button, and a wish."""
    ask(console, call, "mute")
    expect_text(caller.page, "has turned your microphone off")
    audit.page(caller.page, f"muted{language}")
    ask(console, call, "microphone")
    expect_text(caller.page, "asks to hear you")
    audit.page(caller.page, f"asked{language}")
    caller.page.locator("#wish-yes").click()


def test_the_demo_phone_and_the_administration(scene: Scene, audit: Audit) -> None:
    console = scene.console()
    _, call, _ = scene.request(console)
    audit.page(scene.phone.page, "demo phone")
    page = scene.signed_in("administrator", viewport=DESK)
    site = f"{scene.origin}/admin"
    for scheme in SCHEMES:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for name, path in (
            ("index", "/"),
            ("calls", "/calls/call/"),
            ("a call", f"/calls/call/{call}/change/"),
            ("staff", "/centres/membership/"),
            ("add to the staff", "/centres/membership/add/"),
            ("centre", "/centres/centre/"),
        ):
            page.goto(site + path)
            if name == "centre":
                page.locator("#result_list a[href*='/change/']").first.click()
                page.get_by_role("textbox", name="Name").first.wait_for()
            assert page.evaluate("() => document.documentElement.classList.contains('dark')") == (
                scheme == "dark"
            ), "the theme follows the browser"
            audit.once(page, f"admin, {name}, {scheme}")
    audit.settle()
    scene.tell(f"axe: demo phone and administration, {audit.looks} looks")
