"""Browsers with fake cameras, and contexts that remember everything they asked of the network."""

from __future__ import annotations

import os
import re
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Playwright,
    Response,
    WebSocket,
)

from dispatch.tests.e2e import media, sight
from dispatch.tests.e2e.media import Subject

# No browser of these tests may look anything up or call home; --disable-gpu leaves WebGL to
# SwiftShader, which the map draws with.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RESOLVER = (
    "--host-resolver-rules=MAP caller.test 127.0.0.1, MAP * ~NOTFOUND,"
    " EXCLUDE localhost, EXCLUDE 127.0.0.1"
)
JWT = re.compile(rb"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}")
Size = dict[str, int]


@dataclass
class Ledger:
    """Every secret the run has used, for the search at its end."""

    links: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    cookies: set[str] = field(default_factory=set)

    def note_tokens(self, text: bytes | str) -> None:
        raw = text.encode() if isinstance(text, str) else text
        self.tokens.update(found.decode() for found in JWT.findall(raw))


class Browsers:
    """One Chromium per fake camera (its file is a launch flag), started when first needed."""

    def __init__(
        self,
        playwright: Playwright,
        files: Path,
        *,
        host: str = "",
        home: Path | None = None,
    ) -> None:
        """`host`: one more that pages may be on; `home`: where Chromium keeps its authorities."""
        self.playwright = playwright
        self._files = files
        self._flags = [*FLAGS, f"{RESOLVER}, EXCLUDE {host}" if host else RESOLVER]
        self._env: dict[str, str | float | bool] = dict(os.environ)
        if home:
            self._env["HOME"] = str(home)
        self._running: dict[tuple[str, bool, tuple[str, ...]], Browser] = {}
        full = shutil.which("chromium") or shutil.which("chromium-browser")
        assert full, "Chromium is missing: `make test` installs it (apt install chromium)"
        self._full = full
        # The shell has no windows to draw: the same engine for less work.
        self._shell = shutil.which("chromium-headless-shell") or full

    def get(
        self, subject: Subject | None = None, *, ask: bool = False, own: tuple[str, ...] = ()
    ) -> Browser:
        """`ask` leaves camera and microphone to the context's own grants, to test refusals.
        `own` are flags of a browser apart from the others."""
        key = (subject.name if subject else "", ask, own)
        if key not in self._running:
            flags = [*self._flags, *own]
            if subject:
                camera = media.camera_file(subject, self._files)
                microphone = media.microphone_file(subject, self._files)
                flags += [
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-video-capture={camera}",
                    f"--use-file-for-fake-audio-capture={microphone}",
                ]
                if not ask:
                    flags.append("--use-fake-ui-for-media-stream")
            self._running[key] = self.playwright.chromium.launch(
                # Only the full browser has anything that could ask.
                executable_path=self._full if ask else self._shell,
                headless=True,
                args=flags,
                env=self._env,
            )
        return self._running[key]

    def close(self) -> None:
        for browser in self._running.values():
            browser.close()


class Standstill:
    """All processes of one browser, stopped between two instructions as a phone without power.

    No goodbye is sent and no socket is closed. The browser is known by a flag of its own.
    """

    def __init__(self, flag: str) -> None:
        self._pids = _family(flag)
        assert self._pids, f"no browser runs with {flag}"

    def __enter__(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        for pid in reversed(self._pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _family(flag: str) -> list[int]:
    """The process started with this flag, and its children's children; parents first."""
    children: dict[int, list[int]] = {}
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            pid = int(folder.name)
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(pid)
            if flag.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(pid)
    for pid in found:  # grows while it is read
        found += [child for child in children.get(pid, []) if child not in found]
    return found


class Visit:
    """One context (one phone, one dispatcher's browser) and what it did."""

    def __init__(self, name: str, context: BrowserContext, ledger: Ledger) -> None:
        self.name = name
        self.context = context
        self.ledger = ledger
        self.urls: list[str] = []
        self.console: list[str] = []
        self._closed = False
        self.foreign: set[str] = set()  # hosts that this visit alone may ask
        self.broken: list[str] = []  # uncaught errors and refusals by the page's own policy
        context.add_init_script(path=sight.PROBE)
        context.on("request", lambda request: self.urls.append(request.url))
        context.on("response", self._on_response)
        context.on("page", self._on_page)
        context.on("weberror", lambda error: self.broken.append(str(error.error)))
        context.on("console", lambda message: self._on_console(message.type, message.text))

    def page(self) -> Page:
        return self.context.new_page()

    def strangers(self, allowed: set[str]) -> list[str]:
        """URLs that lead anywhere but to these `host:port`s."""
        local = ("data", "blob", "about")
        parts = [(url, urlsplit(url)) for url in self.urls]
        return [url for url, p in parts if p.scheme not in local and p.netloc not in allowed]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for cookie in self.context.cookies():
            if cookie.get("name") == "sl_session":
                self.ledger.cookies.add(str(cookie.get("value")))
        self.context.close()

    def _on_page(self, page: Page) -> None:
        page.on("websocket", self._on_websocket)

    def _on_websocket(self, socket: WebSocket) -> None:
        self.urls.append(socket.url)
        self.ledger.note_tokens(socket.url)
        # LiveKit renews a connected client's token inside its signalling.
        socket.on("framereceived", self.ledger.note_tokens)

    def _on_response(self, response: Response) -> None:
        if not urlsplit(response.url).path.rstrip("/").endswith(("/seat", "/s")) or not response.ok:
            return
        try:
            self.ledger.note_tokens(response.body())
        except Error as gone:  # the page navigated away; its socket's URL has the token too
            self.console.append(f"[harness] seat answer not read: {gone}")

    def _on_console(self, kind: str, text: str) -> None:
        self.console.append(f"[{kind}] {text}")
        if kind == "error" and "Content Security Policy" in text:
            self.broken.append(text)


def visit(browser: Browser, name: str, ledger: Ledger, **options: Any) -> Visit:
    return Visit(name, browser.new_context(**options), ledger)
