"""The pages as people meet them: by role and accessible name only (docs/driving.md)."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from dispatch.tests.e2e import sight

LINK = re.compile(r"https?://[^\s\"'<>#]+#([A-Za-z0-9_-]{22})")


def digits(number: str) -> re.Pattern[str]:
    """A number as pages show it, grouped in some way: its last digits decide."""
    return re.compile(r"\D*".join(number[-7:]))


def sign_in(page: Page, origin: str, email: str, password: str) -> None:
    page.goto(f"{origin}/console/")
    page.get_by_role("textbox", name=re.compile("e-?mail", re.I)).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{origin}/console/**")


class ConsolePage:
    """A dispatcher's console."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.number = page.get_by_role("textbox", name="Phone number")
        self.language = page.get_by_role("combobox", name="Language")
        self.send_link = page.get_by_role("button", name="Send link")
        self.calls = page.get_by_role("list", name="Open calls")
        self.picture = page.get_by_role("region", name="Live picture")
        self.position = page.get_by_role("region", name="Position")
        self.timeline = page.get_by_role("region", name="Timeline")
        self.message = page.get_by_role("textbox", name="Message to caller")
        self.send_message = page.get_by_role("button", name="Send message")
        self.connection = page.get_by_role("status", name="Connection")
        self.alarm = page.get_by_role("alert", name="Alarm")
        self.talk = page.get_by_role("button", name=re.compile("^Talk"))
        self.sound = page.get_by_role("button", name=re.compile("^Sound (on|off)$"))

    def open(self, query: str = "") -> ConsolePage:
        self.page.goto(f"{self.origin}/console/{query}")
        self.until_live()
        return self

    def until_live(self, timeout: float = 15) -> None:
        expect(self.page.locator("[data-state=live]").first).to_be_visible(timeout=timeout * 1000)

    def action(self, name: str) -> Locator:
        """A button of the chosen call (the board has a small one for each closed call)."""
        return self.page.get_by_role("button", name=name, exact=True).last

    def call(self, number: str) -> Locator:
        """The button of an open call."""
        return self.calls.get_by_role("button", name=digits(number))

    def select(self, number: str) -> None:
        self.call(number).click()

    def send_by_keyboard(self, number: str) -> None:
        """The whole request without a pointer: field, number, Enter."""
        self.number.focus()
        self.page.keyboard.type(number)
        self.page.keyboard.press("Enter")
        expect(self.call(number)).to_be_visible()

    def watch(self) -> sight.Watch:
        """Every video of the page: there is none on which a wrong picture would be right."""
        return sight.Watch(self.page, "video")

    def ensure_sound(self) -> None:
        """Sound as a dispatcher would have it; the button is named by what a press does."""
        expect(self.sound).to_be_visible()
        if (self.sound.inner_text()).endswith("Sound on"):
            self.sound.click()
        audible = "() => __probe.soundTracks().some((s) => s.audible)"
        sight.until(self.page, lambda: self.page.evaluate(audible), "sound that can be heard")

    def write(self, text: str) -> None:
        self.message.fill(text)
        self.page.keyboard.press("Enter")

    def said(self, text: str) -> Locator:
        """A message in the timeline, as it is and not as it is read out."""
        return self.timeline.get_by_text(text, exact=True)

    def coordinates(self) -> tuple[float, float] | None:
        """Latitude and longitude as the Position region prints them."""
        found = re.search(r"(-?\d{1,2}\.\d{3,})[^\d-]+(-?\d{1,3}\.\d{3,})", self._position_text())
        return (float(found[1]), float(found[2])) if found else None

    def _position_text(self) -> str:
        # A typographic minus is what people read; a computer wants the other one.
        return self.position.inner_text().replace("\N{MINUS SIGN}", "-")

    def until_position(self, latitude: float, longitude: float, timeout: float = 10) -> None:
        def there() -> bool:
            got = self.coordinates()
            return bool(got and abs(got[0] - latitude) < 2e-4 and abs(got[1] - longitude) < 2e-4)

        sight.until(self.page, there, f"position {latitude}, {longitude}", timeout)

    def api(self, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
        """The staff API with this dispatcher's own session, as the console itself calls it."""
        headers = {"Origin": self.origin}
        if method != "GET":
            cookies = {c["name"]: c["value"] for c in self.page.context.cookies(self.origin)}
            headers["X-CSRFToken"] = cookies.get("csrftoken", "")
        answer = self.page.context.request.fetch(
            f"{self.origin}/api/v1/centres/demo/{path}",
            method=method,
            headers=headers,
            data=body,
            # A question may be asked again where its connection was just being closed.
            max_retries=1 if method == "GET" else 0,
            ignore_https_errors=True,  # the test's own client knows no authority of ours
        )
        return answer.json() if answer.status != 204 else None

    def call_id(self, number: str) -> str:
        calls = self.api("calls/?state=open")["results"]
        found: str = next(c["id"] for c in calls if c["number"] == number)
        return found

    def facts(self, call: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api(f"calls/{call}/")
        return found

    def until_stage(self, call: str, stage: str, timeout: float = 10) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            stages: dict[str, Any] = self.facts(call)["call"]["stages"]
            return stages if (stages.get(stage) or {}).get("at") else None

        return sight.until(self.page, reached, f"stage {stage}", timeout)

    def until_media(self, call: str, state: str, **sent: bool) -> None:
        """The server knows what the caller's page sends, as the board tells it."""
        wanted = {"state": state, **sent}

        def known() -> bool:
            media: dict[str, Any] = self.facts(call)["call"]["media"]
            return all(media[name] == value for name, value in wanted.items())

        sight.until(self.page, known, f"media {wanted}")


class CallerPage:
    """The page behind the link, on somebody's phone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.main = page.get_by_role("main")
        self.start = page.get_by_role("button", name="Start video")
        self.go_on = page.get_by_role("button", name="Continue")
        self.stop = page.get_by_role("button", name="Stop video")
        self.microphone_off = page.get_by_role("button", name="Turn microphone off")
        self.microphone_on = page.get_by_role("button", name="Turn microphone on")
        self.message = page.get_by_role("textbox", name="Message")
        self.send = page.get_by_role("button", name="Send", exact=True)
        self.write_instead = page.get_by_role("button", name=re.compile("Write instead"))
        self.goodbye = page.get_by_role("heading", name="The call has ended")

    def open(self, link: str) -> CallerPage:
        self.page.goto(link)
        return self

    def until(self, *states: str, timeout: float = 15) -> None:
        wanted = re.compile(f"^({'|'.join(states)})$")
        expect(self.main).to_have_attribute("data-state", wanted, timeout=timeout * 1000)

    def tap(self) -> None:
        self.start.click()

    def write(self, text: str) -> None:
        if not self.message.is_visible():  # before the tap it is behind one button
            self.write_instead.click()
        self.message.fill(text)
        self.send.click()

    def seated(self, timeout: float = 15) -> None:
        """The seat is warm: connected to LiveKit, the placeholder going out."""
        probe = "async () => (await __probe.pairs()).some((p) => p.state === 'connected')"
        sight.until(self.page, lambda: self.page.evaluate(probe), "a warm seat", timeout)


class DemoPhone:
    """The demo provider's phone: every text that went out."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.url = f"{origin}/demo/phone/"

    def links(self, number: str) -> list[str]:
        """Links in the texts to this number, newest first, each once."""
        texts = self.page.get_by_role("listitem").filter(has_text=digits(number))
        found: list[str] = texts.get_by_role("link").evaluate_all("(all) => all.map((a) => a.href)")
        return list(dict.fromkeys(href for href in found if LINK.match(href)))

    def until_link(self, number: str, known: frozenset[str] = frozenset()) -> str:
        """The first link for this number beyond those known; the page shows new texts by itself."""
        if self.page.url != self.url:
            self.page.goto(self.url)

        def fresh() -> str | None:
            return next((link for link in self.links(number) if link not in known), None)

        return sight.until(self.page, fresh, f"a text to {number} on the demo phone")
