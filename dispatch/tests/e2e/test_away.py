"""A page that is put away: behind another app or a lock, and back again."""

from __future__ import annotations

import time
from typing import Any

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.browsers import Standstill
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import Scene, expect_text

OWN = "--sightline-away"
# What a phone tells a page whose app is left, or whose screen goes dark.
SEEN = """(state) => {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  Object.defineProperty(document, "hidden", { value: state === "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_hidden_then_locked_and_back_without_a_tap(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console, own=(OWN,))
    page = live.caller.page

    def session() -> dict[str, Any]:
        found: dict[str, Any] = console.facts(live.id)["sessions"][0]
        return found

    def hidden() -> bool:
        return "hidden" in session()["conditions"]

    page.evaluate(SEEN, "hidden")
    sight.until(console.page, hidden, "hidden, as a fact")
    with Standstill(OWN):
        away = time.monotonic()
        sight.until(console.page, lambda: not session()["online"], "the phone silent", 8)
        gone = time.monotonic() - away
        expect_text(console.page, "locked or in another app")
    assert gone <= 5, f"gone after {gone:.1f} s"
    page.evaluate(SEEN, "visible")
    back = time.monotonic()
    live.watch.until_back(RED)
    scene.tell(
        f"phone locked: gone {gone:.1f} s after its last sign; "
        f"unlocked: picture {time.monotonic() - back:.1f} s later, without a tap"
    )
    sight.until(console.page, lambda: bool(session()["online"]), "the phone heard again", 15)
    sight.until(console.page, lambda: not hidden(), "in front again, as a fact")
