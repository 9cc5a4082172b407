"""What a person reads: one real Chromium with the console, and when its words changed."""

from __future__ import annotations

import asyncio
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.chaos.ground import Ground, Skip
from dispatch.tests.e2e.browsers import FLAGS
from dispatch.tests.e2e.pages import ConsolePage, sign_in
from dispatch.tests.e2e.scene import DESK

WATCH = """(place) => {
  const note = () => {
    const text = place.innerText.replace(/\\s+/g, " ").trim();
    if (text !== window.__said.at(-1)?.[1]) window.__said.push([Date.now(), text]);
  };
  window.__said = [];
  note();
  new MutationObserver(note).observe(place, {
    childList: true, subtree: true, characterData: true, attributes: true,
  });
}"""
#: What the console says while nothing is wrong.
FINE = re.compile(r"all parts working", re.I)


class Screen:
    """An asynchronous context. The browser's side is a thread of its own."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="screen")
        self._playwright: Any = None
        self._browser: Any = None
        self._page: Page | None = None

    async def __aenter__(self) -> Screen:
        await self._ask(self._open)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._ask(self._close)
        self._thread.shutdown()

    async def said(self, since: float) -> list[tuple[float, str]]:
        """Each change of the connection's words: seconds after `since` (wall clock), and them."""
        page = self._page
        assert page
        found = await self._ask(lambda: page.evaluate("() => window.__said"))
        return [(at / 1000 - since, text) for at, text in found]

    async def _ask(self, work: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        if program is None:
            raise Skip("Chromium is not installed")
        stack = self._ground.stack
        account = stack.passwords["dispatcher"]
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=program, headless=True, args=[*FLAGS]
        )
        page = self._browser.new_context(viewport=DESK).new_page()
        sign_in(page, stack.web_url, str(account["email"]), str(account["password"]))
        console = ConsolePage(page, stack.web_url).open()
        console.connection.evaluate(WATCH)
        self._page = page

    def _close(self) -> None:
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
