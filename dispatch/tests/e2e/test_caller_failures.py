"""Everything that can be wrong with a phone: what the caller reads, what the dispatcher sees, and
which step of help is left (picture, sound, position, words)."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from dispatch.tests.e2e import phones, sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import CallerPage
from dispatch.tests.e2e.scene import HARBOUR, Scene, expect_text

DENIED = ("NotAllowedError", "Permission denied")
DISMISSED = ("NotAllowedError", "Permission dismissed")
ABSENT = ("NotFoundError", "Requested device not found")
BUSY = ("NotReadableError", "Could not start video source")


@dataclass(frozen=True)
class Row:
    """One thing wrong, and what must be so."""

    name: str
    script: str
    reads: str  # the caller
    sees: str  # the dispatcher
    left: str  # of picture, sound, position, words: their first letters
    button: str = ""  # the caller's one button beside the sentence
    fact: tuple[str, str] = ("", "")  # permission and outcome
    condition: str = ""


CAMERA = [
    Row("refused", phones.capture(video=DENIED), "does not let this page use the camera",
        "Camera.{0,12}refused", "spw", "Try again", ("camera", "denied")),
    Row("dismissed", phones.capture(video=DISMISSED), "camera is not allowed yet",
        "Camera.{0,12}dismissed", "spw", "Try again", ("camera", "dismissed")),
    Row("absent", phones.capture(video=ABSENT), "found no camera",
        "Camera.{0,12}none on this phone", "spw", "", ("camera", "absent")),
    Row("busy", phones.capture(video=BUSY), "Another app uses the camera",
        "Camera.{0,12}used by another app", "spw", "Try again", ("camera", "busy")),
]  # fmt: skip
MICROPHONE = [
    Row("refused", phones.capture(audio=DENIED), "microphone is off. Your video goes on",
        "Microphone.{0,12}refused", "Pxw", "Try again", ("microphone", "denied")),
    Row("dismissed", phones.capture(audio=DISMISSED), "microphone is not allowed yet",
        "Microphone.{0,12}dismissed", "Pxw", "Try again", ("microphone", "dismissed")),
    Row("absent", phones.capture(audio=ABSENT), "found no microphone",
        "Microphone.{0,12}none on this phone", "Pxw", "", ("microphone", "absent")),
    Row("busy", phones.capture(audio=BUSY), "phone call uses the microphone",
        "Microphone.{0,12}used by another app", "Pxw", "Try again", ("microphone", "busy")),
]  # fmt: skip
POSITION = [
    Row("refused", phones.position(1), "does not say where you are",
        "Position.{0,12}refused", "Ptw", "Try again", ("position", "denied")),
    Row("dismissed", phones.position(1, "prompt"), "do not know where you are yet",
        "Position.{0,12}dismissed", "Ptw", "Try again", ("position", "dismissed")),
    Row("not found", phones.position(2, "granted"), "cannot find where you are yet",
        "Position.{0,12}failed", "Ptw", "", ("position", "failed")),
]  # fmt: skip


class Desk:
    """One call for many phones: each opens the same link, and the newest tap publishes."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.console = scene.console()
        self.number, self.call, self.link = scene.request(self.console)
        self.console.select(self.number)
        self.watch = self.console.watch()

    def phone(self, script: str = "", **options: Any) -> CallerPage:
        caller = self.scene.caller(self.link, script=script, **options)
        caller.until("ready")
        return caller

    def session(self, caller: CallerPage) -> dict[str, Any]:
        """The facts of this page's session: the newest one opened. Its page may be quicker to
        speak to the person than to the server, so it is waited for."""

        def newest() -> dict[str, Any] | None:
            sessions = self.console.facts(self.call)["sessions"]
            opened = [one for one in sessions if one["opened_at"]]
            return max(opened, key=lambda one: one["opened_at"], default=None)

        return sight.until(caller.page, newest, "an opened session on the console")

    def until_outcome(self, caller: CallerPage, what: str, outcome: str) -> None:
        def known() -> bool:
            found = self.session(caller)["permissions"].get(what)
            return bool(found and found["outcome"] == outcome)

        sight.until(caller.page, known, f"{what} {outcome} on the console", 20)

    def until_condition(self, caller: CallerPage, name: str, there: bool = True) -> None:
        def known() -> bool:
            return (name in self.session(caller)["conditions"]) is there

        sight.until(caller.page, known, f"condition {name} {'there' if there else 'gone'}", 25)

    def check(self, row: Row, caller: CallerPage) -> None:
        start = len(self.watch.look())
        caller.tap()
        expect_text(caller.page, row.reads)
        remedy = caller.page.locator("#remedy")
        if row.button:
            expect(remedy).to_have_text(row.button)
        else:
            expect(remedy).to_be_hidden()
        if row.fact[0]:
            self.until_outcome(caller, *row.fact)
        expect_text(self.console.page, row.sees)
        self.still_helps(row, caller, start)

    def still_helps(self, row: Row, caller: CallerPage, start: int) -> None:
        """The steps of the ladder that are left, each proved by what arrives."""
        if "P" in row.left:
            self.watch.until_moving(RED)
        else:
            assert not self.watch.camera_frames(start), "a picture where none can be"
        if "s" in row.left or "t" in row.left:
            self.console.ensure_sound()
            sight.assert_tone(self.console.page, RED)
        if "p" in row.left:
            self.console.until_position(*HARBOUR)
        said = f"words {row.name} {time.monotonic_ns()}"
        caller.write(said)
        expect(self.console.said(said)).to_be_visible()


@pytest.mark.parametrize(
    "rows", [CAMERA, MICROPHONE, POSITION], ids=["camera", "microphone", "position"]
)
def test_what_a_phone_may_refuse(scene: Scene, rows: list[Row]) -> None:
    desk = Desk(scene)
    for row in rows:
        caller = desk.phone(row.script)
        desk.check(row, caller)
        scene.leave(caller)


def test_never_answered(scene: Scene) -> None:
    """As in some apps' own browsers: the page asks, nobody is asked, nothing ever comes."""
    desk = Desk(scene)
    caller = desk.phone(phones.capture(video=None, audio=None) + phones.position(0))
    caller.tap()
    expect_text(caller.page, "If it did not ask, open this link in Safari or Chrome", timeout=20)
    for what in ("camera", "microphone", "position"):
        desk.until_outcome(caller, what, "timeout")
        expect_text(desk.console.page, f"{what}.{{0,12}}no answer")
    caller.write("nothing happens here")
    expect(desk.console.said("nothing happens here")).to_be_visible()


def test_no_webrtc(scene: Scene) -> None:
    desk = Desk(scene)
    caller = desk.phone(phones.NO_WEBRTC)
    caller.tap()
    expect_text(caller.page, "This app cannot send video")
    desk.until_condition(caller, "no_webrtc")
    desk.console.until_position(*HARBOUR)
    caller.write("no video here")
    expect(desk.console.said("no video here")).to_be_visible()


def test_no_secure_context(scene: Scene) -> None:
    """A page that came over plain HTTP: no camera, no position; words still work."""
    desk = Desk(scene)
    insecure = desk.link.replace("localhost", "caller.test")
    caller = scene.caller(insecure)
    caller.until("ready")
    caller.tap()
    expect_text(caller.page, "Ask the person on the phone to send you a new link")
    desk.until_outcome(caller, "camera", "insecure")
    desk.until_outcome(caller, "position", "insecure")
    expect_text(desk.console.page, "page not secure")
    caller.write("no camera here")
    expect(desk.console.said("no camera here")).to_be_visible()


def test_black_and_standing_pictures(scene: Scene) -> None:
    desk = Desk(scene)
    covered = desk.phone(phones.COVERED)
    covered.tap()
    expect_text(covered.page, "Your picture is black", timeout=15)
    desk.until_condition(covered, "picture_black")
    scene.leave(covered)
    stuck = desk.phone(phones.STUCK)
    stuck.tap()
    expect_text(stuck.page, "Your picture stands still", timeout=15)
    expect(stuck.page.locator("#remedy")).to_have_text("Try again")
    desk.until_condition(stuck, "picture_frozen")


def test_a_blocked_socket_is_replaced_by_asking(scene: Scene) -> None:
    """HTTP carries chat both ways, position and state; the picture needs none of it."""
    desk = Desk(scene)
    caller = scene.caller("about:blank")
    caller.page.route_web_socket(re.compile("/s/.*/ws$"), lambda socket: socket.close())
    caller.open(desk.link)
    caller.until("ready")
    caller.tap()
    desk.watch.until_moving(RED)
    desk.console.until_position(*HARBOUR)
    caller.write("by HTTP")
    expect(desk.console.said("by HTTP")).to_be_visible()
    desk.until_condition(caller, "no_socket")
    desk.console.write("and back")
    expect(caller.page.get_by_text("and back").first).to_be_visible(timeout=10_000)
    expect(caller.page.locator("#trouble")).to_be_hidden()
    assert desk.session(caller)["online"]
    desk.console.action("Close call").click()
    expect(caller.goodbye).to_be_visible(timeout=10_000)


@pytest.mark.parametrize("part", ["media", "later"])
def test_a_part_of_the_page_that_was_lost_on_the_way_is_had_in_the_end(
    scene: Scene, part: str
) -> None:
    """Older browsers remember for a page's whole life that a module could not be fetched."""
    desk = Desk(scene)
    caller = scene.caller("about:blank")
    pages: list[str] = []
    lost: list[str] = []

    def remember(route: Route) -> None:
        if len(pages) > 1:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort("connectionreset")

    def count(request: Request) -> None:
        if request.is_navigation_request():
            pages.append(request.url)

    caller.page.on("request", count)
    caller.page.route(re.compile(rf"/assets/{part}-[^/]*\.js"), remember)
    caller.open(desk.link)
    sight.until(caller.page, lambda: len(pages) == 2, "a new beginning")
    caller.until("ready")
    caller.tap()
    desk.watch.until_moving(RED, timeout=20)
    caller.write("all there")
    expect(desk.console.said("all there")).to_be_visible()
    assert lost
    assert len(pages) == 2, "and began anew once"


def test_the_first_question_of_the_page_is_asked_again_when_it_is_lost(scene: Scene) -> None:
    """It goes out before any script has come, so nothing but those scripts can repeat it."""
    desk = Desk(scene)
    caller = scene.caller("about:blank")
    asked: list[str] = []

    def lose(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    caller.page.route(re.compile(r"/s/$"), lose)
    caller.open(desk.link)
    caller.until("ready")
    caller.tap()
    desk.watch.until_moving(RED)
    assert len(asked) == 2, "asked once more, and not oftener"


def test_udp_blocked_the_picture_takes_the_slow_way(scene: Scene) -> None:
    livekit = scene.stack.livekit
    with phones.blocked(("udp", livekit.udp_port)):
        desk = Desk(scene)
        caller = desk.phone()
        began = time.monotonic()
        caller.tap()
        desk.watch.until_back(RED, timeout=40)
        took = time.monotonic() - began
        for page in (caller.page, desk.console.page):
            pairs = page.evaluate("() => __probe.pairs()")
            assert pairs, "no selected pair"
            assert {(pair["local"], pair["remote_port"]) for pair in pairs} == {
                ("tcp", livekit.tcp_port)
            }, pairs
        desk.until_condition(caller, "tcp")
    scene.tell(f"UDP blocked: picture over TCP {took:.2f} s after the tap")


def test_all_media_blocked_words_and_position_go_on(scene: Scene) -> None:
    livekit = scene.stack.livekit
    desk = Desk(scene)
    with phones.blocked(("udp", livekit.udp_port), ("tcp", livekit.tcp_port)):
        caller = desk.phone()
        caller.tap()
        expect_text(caller.page, "network does not let the video through", timeout=30)
        desk.until_condition(caller, "no_media")
        desk.console.until_position(*HARBOUR)
        caller.write("no picture here")
        expect(desk.console.said("no picture here")).to_be_visible()
        opened = time.monotonic()
    desk.watch.until_back(RED, timeout=60)
    desk.until_condition(caller, "no_media", there=False)
    scene.tell(f"video no longer blocked: picture {time.monotonic() - opened:.1f} s later, no tap")
