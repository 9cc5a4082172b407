"""The link in a second hand: a browser that never taps gets nothing and disturbs nothing."""

from __future__ import annotations

import uuid
from typing import Any

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import BLUE, RED
from dispatch.tests.e2e.pages import CallerPage, ConsolePage
from dispatch.tests.e2e.scene import Scene

SEAT = """async (boot) => {
  const session = performance.getEntriesByType("resource")
    .map((entry) => new URL(entry.name).pathname.match(/^\\/s\\/([^/]+)\\//))
    .find(Boolean)[1];
  const answer = await fetch(`/s/${session}/seat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ boot }),
  });
  return answer.ok ? await answer.json() : { refused: answer.status };
}"""


def test_a_lurker_gets_no_frame_and_moves_nothing(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    console.until_media(live.id, "live", camera=True, microphone=True)
    before = console.facts(live.id)["call"]
    start = len(live.watch.look())

    # First the app's own page, in another browser, never tapped.
    lurker = scene.caller(live.link, BLUE)
    lurker.seated()
    boot = "00000000-0000-4000-8000-000000000000"
    seat: dict[str, Any] = lurker.page.evaluate(SEAT, boot)

    # Then a page of the intruder's own making, with that browser's own seat.
    got: dict[str, Any] | None = None
    if "token" in seat:
        scene.town.ledger.note_tokens(seat["token"])
        got = scene.lab(BLUE).evaluate(
            "([url, token]) => lab.intrude(url, token, 4000)", [seat["url"], seat["token"]]
        )
        assert got is not None
        assert got["subscribed"] == 0, got
        assert got["widest"] <= sight.PLACEHOLDER_WIDTH, got
        assert got["totals"]["framesDecoded"] == 0, got
        assert got["totals"]["videoBytesIn"] == 0, got
        assert got["totals"]["audioBytesIn"] == 0, got
    assert_saw_nothing(lurker)

    # The picture went on, the same one, without a pause; no stage and no publisher moved.
    live.watch.until_moving(RED)
    seen = live.watch.camera_frames(start)
    sight.assert_picture(seen, RED)
    assert {s.publisher for s in seen} == {before["publisher"]["identity"]}
    after = console.facts(live.id)["call"]
    for fact in ("stages", "publisher", "generation", "media"):
        assert after[fact] == before[fact], f"{fact} moved: {before[fact]} -> {after[fact]}"
    live.caller.until("live")
    assert_instrument(scene, console, live.id)
    scene.tell(f"intruder: {got or seat} · longest still {sight.standstill(seen):.2f} s")


def assert_instrument(scene: Scene, console: ConsolePage, call: str) -> None:
    """With a staff seat the same script sees the picture: its seeing nothing was no accident."""
    seat = console.api(f"calls/{call}/seat/", "POST", {"boot": str(uuid.uuid4())})
    scene.town.ledger.note_tokens(seat["token"])
    seen: dict[str, Any] = scene.lab(BLUE).evaluate(
        "([url, token]) => lab.intrude(url, token, 3000)", [seat["url"], seat["token"]]
    )
    assert seen["subscribed"] >= 2, seen
    assert seen["widest"] > sight.PLACEHOLDER_WIDTH, seen
    assert seen["totals"]["framesDecoded"] > 0, seen


def assert_saw_nothing(lurker: CallerPage) -> None:
    totals = lurker.page.evaluate("() => __probe.totals()")
    assert totals["framesDecoded"] == totals["videoBytesIn"] == totals["audioBytesIn"] == 0, totals
    held = sight.capture(lurker.page)
    assert (held["camera"], held["microphone"], held["watches"]) == ([], [], 0), held
