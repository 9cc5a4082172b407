"""Looks at a page as those do who do not point, do not see well, listen, or want it still."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.lab import ROOT

SENSES = Path(__file__).with_name("senses.js")
AXE = ROOT / "static/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: What depends on colours; all else is the same in every theme, and is looked at once.
COLOURS = ["color-contrast", "link-in-text-block"]
SCHEMES = ("light", "dark")
THEMES = ("light", "night", "dark")  # of the console; the last one is its own again
#: A window of 1280 by 1024 at 400 %, in the page's own pixels.
ENLARGED: dict[str, Any] = {"width": 320, "height": 256}


def ask(page: Page, expression: str, argument: Any = None) -> Any:
    """The answer of senses.js, which is brought to the page when it is first asked."""
    if not page.evaluate("() => '__senses' in window"):
        page.evaluate(SENSES.read_text())
    return page.evaluate(f"(it) => __senses.{expression}", argument)


@dataclass
class Audit:
    """Looks at one state after another and tells at the end what it found in all of them."""

    found: list[str] = field(default_factory=list)
    looks: int = 0

    def page(self, page: Page, state: str) -> None:
        """A page that follows the browser's light and dark."""
        for number, scheme in enumerate(SCHEMES):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            self.once(page, f"{state}, {scheme}", colours=number > 0)

    def console(self, page: Page, state: str) -> None:
        """A staff page in its three themes. That the menu sets this very attribute is a test of
        its own; behind a dialog the menu is out of reach."""
        for number, theme in enumerate(THEMES):
            page.evaluate("(to) => (document.documentElement.dataset.theme = to)", theme)
            self.once(page, f"{state}, {theme}", colours=number > 0)

    def once(self, page: Page, state: str, *, colours: bool = False) -> None:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE.read_text())
        rules = {"type": "rule", "values": COLOURS}
        self.looks += 1
        only = rules if colours else {"type": "tag", "values": TAGS}
        for one in ask(page, "violations(it)", only):
            places = "\n    ".join(one["at"])
            self.found.append(f"{state}: {one['id']} ({one['help']})\n    {places}")

    def settle(self) -> None:
        assert self.looks, "nothing was looked at"
        assert not self.found, f"{len(self.found)} findings:\n" + "\n".join(self.found)


class Glass:
    """A page at 400 %: collects what is lost in one state after another."""

    def __init__(self) -> None:
        self.lost: list[str] = []

    def look(self, page: Page, state: str) -> None:
        assert page.evaluate("() => innerWidth") == ENLARGED["width"]
        self.lost += [f"{state}: {one}" for one in ask(page, "lost()")]

    def settle(self) -> None:
        assert not self.lost, f"{len(self.lost)} lost:\n" + "\n".join(self.lost)


@dataclass(frozen=True)
class Focus:
    name: str
    area: str  # the landmark around it
    top: float
    inside: bool  # of what is on the screen
    acts: bool  # a control; else a text that was given focus so that it is read
    ring: bool


class Hands:
    """Someone without a pointer: presses keys on one page, and looks where the focus is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focus(self) -> Focus | None:
        got = ask(self.page, "focus()")
        return Focus(**got) if got else None

    def here(self) -> Focus:
        """Where the focus is: somewhere, on the screen, and to be seen."""
        found = self.focus()
        assert found, "the focus is lost"
        assert found.inside, f"the focus is off the screen: {found}"
        assert found.ring or not found.acts, f"the focus cannot be seen: {found}"
        return found

    def press(self, key: str) -> None:
        """A key that may change the page: the focus survives it."""
        self.page.keyboard.press(key)
        self.here()

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, name: str) -> list[Focus]:
        """By Tab alone; every stop on the way."""
        wanted = re.compile(name)
        stops: list[Focus] = []
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.focus() is None:
                continue  # past the end: the browser's own controls, then from the start again
            stops.append(self.here())
            if wanted.search(stops[-1].name):
                return stops
        raise AssertionError(f"Tab never comes to {name}: {[stop.name for stop in stops]}")

    def until_at(self, name: str, timeout: float = 10) -> None:
        """The focus comes by itself to where this is said."""
        wanted = re.compile(name)

        def there() -> bool:
            found = self.focus()
            return bool(found and wanted.search(found.name))

        sight.until(self.page, there, f"focus on {name}, not on {self.focus()}", timeout)
        self.here()


def in_order(stops: list[Focus]) -> list[str]:
    """The landmarks in the order of the stops; inside of each, focus only goes down the page."""
    areas: list[str] = []
    before: Focus | None = None
    for stop in stops:
        if before and before.area == stop.area:
            assert stop.top >= before.top - 12, f"focus went up, from {before} to {stop}"
        else:
            areas.append(stop.area)
        before = stop
    return areas
