"""What all benches stand on: the real system, the bare peers, two browsers, and the slow lane."""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from bench.lane import OFFICE, Lane, Link
from bench.peers import Line, Pages
from dispatch.tests.e2e import media, sight
from dispatch.tests.e2e.browsers import FLAGS
from dispatch.tests.e2e.livekit import Rooms
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import ConsolePage, sign_in
from dispatch.tests.e2e.scene import DESK, GRANTS, HARBOUR, PHONE
from scripts.sightline.install.frontend import MANIFEST
from scripts.sightline.install.tools import Stamp
from scripts.sightline.livekit import LiveKit
from scripts.sightline.paths import ROOT, VAR, digest
from scripts.sightline.stack import Stack

MARKS = Path(__file__).with_name("pages") / "marks.js"
FOLDER = VAR / "bench"
STATIC = FOLDER / "files"
REST = "at rest"
AT_DESK: dict[str, Any] = {"viewport": DESK}


class Reachable(LiveKit):
    """The stack's own server, with its media at an address that the phone can reach too."""

    interface = ""

    @classmethod
    def instead_of(cls, part: LiveKit, *, interface: str) -> Self:
        own = cls.__new__(cls)
        vars(own).update(vars(part))
        own.interface = interface
        return own

    def prepare(self) -> None:
        super().prepare()
        settings = json.loads(self.config.read_text())
        settings["rtc"] |= {"node_ip": OFFICE, "interfaces": {"includes": [self.interface]}}
        self.config.write_text(json.dumps(settings))


@dataclass(frozen=True)
class Call:
    """One call of the app's, open and chosen on the console."""

    id: str
    link: str


class Ground:
    """A context. `link`: also have a slow lane, whose end is the place `str(link)`."""

    def __init__(self, link: Link | None) -> None:
        self.link = link
        self.places = (REST, *([str(link)] if link else []))
        self._open = ExitStack()
        self._numbers = itertools.count(1000)
        self._callers: dict[str, Browser] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            self._build(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def _build(self, opening: ExitStack) -> None:
        # Ended politely, everything started here is ended too.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        folder = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="sightline-bench-")))
        lane = opening.enter_context(Lane(self.link)) if self.link else None
        self.stack = Stack(folder / "stack", port=0, env={"STATIC_ROOT": str(STATIC)})
        if lane:
            ours = Reachable.instead_of(self.stack.livekit, interface=lane.interface)
            self.stack.parts["livekit"] = ours
        opening.enter_context(self.stack)
        self._compress()
        self.pages, self.line = Pages(), Line()
        opening.callback(self.pages.close)
        opening.callback(self.line.close)
        key, _, secret = self.stack.env["LIVEKIT_KEYS"].split(",")[0].partition(":")
        self.rooms = Rooms(self.stack.env["LIVEKIT_API_URL"], key, secret)
        playwright = opening.enter_context(sync_playwright())
        self._browsers(playwright, lane, folder)
        if lane:
            web, livekit = self.stack.ports["web"], self.stack.ports["livekit"]
            lane.open([web, livekit, self.pages.port, self.line.port])

    def _compress(self) -> None:
        """Static files as production serves them, each with its .br and .gz; made once."""
        made = Stamp("static", digest(MANIFEST, ROOT / "dispatch/settings/base.py"), at=FOLDER)
        if made.fresh() and STATIC.is_dir():
            return
        self.stack.manage("collectstatic", "--noinput", "--clear", "-v", "0")
        made.set()
        self.stack.restart("web")  # it lists them when it starts

    def _browsers(self, playwright: Playwright, lane: Lane | None, folder: Path) -> None:
        program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        assert program, "Chromium is missing: `make install` of the tests brings it"
        # Peers would know each other by mDNS names only, which nothing resolves here.
        flags = [*FLAGS, "--disable-features=WebRtcHideLocalIpsWithMdns"]
        devices = [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={media.camera_file(RED, FOLDER / 'media')}",
            f"--use-file-for-fake-audio-capture={media.microphone_file(RED, FOLDER / 'media')}",
        ]

        def launch(path: str, *more: str) -> Browser:
            return playwright.chromium.launch(
                executable_path=path, headless=True, args=[*flags, *more]
            )

        self._desk = launch(program)
        self._callers[REST] = launch(program, *devices)
        if lane:
            self._callers[str(self.link)] = launch(lane.program(program, folder), *devices)
        self.console = self._console()
        self.viewers = {name: self._viewer(name) for name in ("livekit", "pair")}

    # The dispatcher's side

    def _console(self) -> ConsolePage:
        page = self._instrumented(self._desk.new_context(**AT_DESK)).new_page()
        account = self.stack.passwords["dispatcher"]
        origin = self.stack.web_url
        sign_in(page, origin, str(account["email"]), str(account["password"]))
        return ConsolePage(page, origin).open()

    def _viewer(self, name: str) -> Page:
        page = self._instrumented(self._desk.new_context(**AT_DESK)).new_page()
        page.goto(self.pages.url(name))
        return page

    # The caller's side

    @contextlib.contextmanager
    def phone(self, place: str, *scripts: str) -> Iterator[Page]:
        """A page in a browser that has never been anywhere; `scripts` run before its own."""
        options: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
        context = self._instrumented(self._callers[place].new_context(**options), *scripts)
        context.grant_permissions([*GRANTS], origin=self.stack.web_url)
        latitude, longitude = HARBOUR
        context.set_geolocation({"latitude": latitude, "longitude": longitude, "accuracy": 12})
        try:
            yield context.new_page()
        finally:
            context.close()

    @contextlib.contextmanager
    def call(self) -> Iterator[Call]:
        """The app's: a text sent, the call chosen, the console in its room."""
        staff = self.console
        number = f"+1203555{next(self._numbers)}"
        asked = {"number": number, "language": "en", "command": str(uuid.uuid4())}
        call = str(staff.api("calls/", "POST", asked)["call"]["id"])
        try:
            texts = f"{self.stack.web_url}/demo/phone/texts.json"

            def arrived() -> str | None:
                found = staff.page.context.request.get(texts).json()["texts"]
                return next((str(t["link"]) for t in found if t["to"] == number), None)

            link = sight.until(staff.page, arrived, "a text on the demo phone")
            staff.select(number)
            self._until_watched(call)
            yield Call(call, link)
        finally:
            staff.api(f"calls/{call}/close/", "POST", {})

    def _until_watched(self, call: str) -> None:
        """The console is in this very call's room: the one before it may still be connected."""

        def watched() -> bool:
            events: list[dict[str, Any]] = self.console.facts(call)["events"]
            return any(event["kind"] == "room.watching" for event in events)

        sight.until(self.console.page, watched, "the console in the call's room", timeout=20)

    @contextlib.contextmanager
    def room(self) -> Iterator[dict[str, str]]:
        """A bare room: its address, and a token for each side."""
        name = f"bench-{secrets.token_hex(6)}"
        self.rooms.create(name)
        grants = {"room": name, "roomJoin": True}
        yield {
            "url": self.stack.env["LIVEKIT_URL"],
            "viewer": self.rooms.token("viewer", canPublish=False, canSubscribe=True, **grants),
            "caller": self.rooms.token("caller", canPublish=True, canSubscribe=True, **grants),
        }

    def _instrumented(self, context: BrowserContext, *scripts: str) -> BrowserContext:
        for script in scripts:
            context.add_init_script(script)
        context.add_init_script(path=sight.PROBE)
        context.add_init_script(path=MARKS)
        return context
