"""The caller's language: chosen by the dispatcher, the browser, or one tap while the video runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from callers import catalogue
from dispatch.tests.e2e import sight
from dispatch.tests.e2e.lab import ROOT
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import CallerPage
from dispatch.tests.e2e.scene import HARBOUR, Scene

#: What assistive technology is told, one file a language. With KEEP_SPOKEN=1 they are written
#: anew, so that a change is seen in review.
SPOKEN = Path(__file__).parent / "spoken"
NAMES = {"Demo", "English", "Español", "Safari", "Chrome"}


class Spoken(CallerPage):
    """The page behind the link, by the names of its controls in another language."""

    def __init__(self, page: Page, language: str) -> None:
        super().__init__(page)
        self.say = say = catalogue.sentences(language)
        self.root = page.locator("html")
        self.start = page.get_by_role("button", name=say["start"], exact=True)
        self.stop = page.get_by_role("button", name=say["stop"], exact=True)
        self.microphone_off = page.get_by_role("button", name=say["micOff"], exact=True)
        self.microphone_on = page.get_by_role("button", name=say["micOn"], exact=True)
        self.message = page.get_by_role("textbox", name=say["message"], exact=True)
        self.send = page.get_by_role("button", name=say["send"], exact=True)
        self.write_instead = page.get_by_role("button", name=say["cannot"], exact=True)
        self.goodbye = page.get_by_role("heading", name=say["endedTitle"], exact=True)

    def until_spoken(self, language: str) -> None:
        expect(self.root).to_have_attribute("lang", language)
        expect(self.root).to_have_attribute("dir", catalogue.direction(language))
        expect(self.page.locator("#stop span")).to_have_text(catalogue.sentences(language)["stop"])

    def change(self, own_name: str) -> None:
        self.page.get_by_role("button", name=own_name, exact=True).click()

    def assert_only_its_own_words(self) -> None:
        """Nothing on the screen is left in Latin letters but names."""
        text = self.page.locator("body").inner_text()
        stray = set(re.findall(r"[A-Za-zÀ-ÿ]{2,}", text)) - NAMES
        assert not stray, f"{stray} in {text!r}"

    def can(self, key: str) -> None:
        """The status says this; the centre's name is kept apart from right-to-left text."""
        wanted = re.escape(self.say[key]).replace(r"\{centre\}", "\u2068?Demo 911\u2069?")
        expect(self.page.get_by_role("status")).to_have_text(re.compile(f"^{wanted}$"))


def test_the_main_job_in_arabic_as_the_dispatcher_chose(scene: Scene) -> None:
    console = scene.console()
    console.language.select_option("ar")
    number, call, link = scene.request(console)
    text = scene.phone.page.get_by_role("listitem").filter(has_text=link).first
    expect(text).to_contain_text("الرجاء فتح هذا الرابط")
    console.select(number)

    # The phone's own language is English; the page comes in it, and changes without a reload.
    caller = Spoken(scene.caller(link).page, "ar")
    caller.until_spoken("ar")
    caller.seated()
    caller.assert_only_its_own_words()
    expect(console.page.get_by_text("reads Arabic")).to_be_visible()
    watch = console.watch()
    caller.tap()
    watch.until_moving(RED)
    caller.until("live")
    caller.can("canSeeAndHear")
    console.until_position(*HARBOUR)

    caller.write("نحن في الطابق الثاني")
    expect(console.said("نحن في الطابق الثاني").first).to_be_visible()
    console.write("نحن في الطريق إليك")
    expect(caller.page.get_by_role("log").get_by_text("نحن في الطريق إليك")).to_be_visible()
    caller.microphone_off.click()
    caller.can("canSee")
    caller.microphone_on.click()
    caller.can("canSeeAndHear")
    caller.assert_only_its_own_words()

    caller.stop.click()
    caller.until("stopped")
    caller.assert_only_its_own_words()
    caller.start.click()
    watch.until_camera()
    console.action("Close call").click()
    expect(caller.goodbye).to_be_visible()
    caller.assert_only_its_own_words()
    assert console.facts(call)["call"]["language"] == "ar"


def test_a_tap_changes_the_language_while_the_picture_goes_on(scene: Scene) -> None:
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)
    # Nobody has chosen: the browser's own language.
    caller = Spoken(scene.caller(link, locale="es-MX").page, "es")
    caller.until_spoken("es")
    caller.seated()
    watch = console.watch()
    caller.tap()
    watch.until_moving(RED)
    caller.until("live")
    caller.can("canSeeAndHear")
    expect(console.page.get_by_text("reads Spanish")).to_be_visible()
    publisher = console.facts(call)["call"]["publisher"]

    # The words cannot be had: all stays as it is, and the next tap tries again.
    def refuse(route: Route) -> None:
        route.abort()

    caller.page.route("**/words/*.json*", refuse)
    with caller.page.expect_event("requestfailed"):
        caller.change("English")
    caller.can("canSeeAndHear")
    caller.until_spoken("es")
    caller.page.unroute("**/words/*.json*", refuse)

    before = len(watch.look())
    english = Spoken(caller.page, "en")
    english.change("English")
    english.until_spoken("en")
    english.can("canSeeAndHear")
    expect(english.page.get_by_role("button", name="English")).to_be_hidden()
    expect(english.page.get_by_role("button", name="Español")).to_be_focused()  # and back again
    expect(console.page.get_by_text("reads English")).to_be_visible()
    watch.until_moving(RED)
    frames = watch.camera_frames(before)
    sight.assert_picture(frames, RED)
    assert {frame.publisher for frame in frames} == {publisher["identity"]}
    assert console.facts(call)["call"]["publisher"] == publisher, "a new tap"
    assert sight.capture(english.page)["camera"] == ["live"], "the camera was asked for again"
    # The person's own choice outlives a reload, which would come in Spanish.
    english.page.reload()
    english.until_spoken("en")
    scene.tell(f"language changed while live: picture stood still {sight.standstill(frames):.2f} s")


def test_what_assistive_technology_is_told_in_three_languages(scene: Scene) -> None:
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)
    caller = Spoken(scene.caller(link).page, "en")
    told: dict[str, list[str]] = {"en": [], "es": [], "ar": []}
    names = {"en": "English", "es": "Español", "ar": "العربية"}

    def listen(state: str) -> None:
        for language in ("es", "ar", "en"):  # back to English, where the next step begins
            caller.change(names[language])
            page = Spoken(caller.page, language)
            page.until_spoken(language)
            if state == "live":
                page.can("canSeeAndHear")
            told[language].append(f"# {state}\n{page.root.aria_snapshot()}\n")

    caller.until("ready")
    listen("reading")
    caller.seated()
    caller.tap()
    caller.until("live")
    console.until_position(*HARBOUR)
    listen("live")
    caller.stop.click()
    caller.until("stopped")
    listen("stopped")
    console.api(f"calls/{call}/close/", "POST", {})
    caller.until("ended")
    listen("ended")
    wrong = []
    for language, states in told.items():
        file = SPOKEN / f"caller.{language}.txt"
        heard = "\n".join(states)
        if os.environ.get("KEEP_SPOKEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(heard)
        elif not file.exists() or file.read_text() != heard:
            (ROOT / "var" / "e2e" / file.name).write_text(heard)
            wrong.append(file.name)
    assert not wrong, f"{wrong} differ from what is in var/e2e; KEEP_SPOKEN=1 takes that over"
