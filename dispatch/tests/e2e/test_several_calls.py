"""Two callers at once, and one caller with two devices: never the wrong picture."""

from __future__ import annotations

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import BLUE, RED, Subject
from dispatch.tests.e2e.pages import ConsolePage
from dispatch.tests.e2e.scene import Scene, expect_text

INLAND = (46.0569, 14.5058)


def publisher(console: ConsolePage, call: str) -> str:
    identity: str = console.facts(call)["call"]["publisher"]["identity"]
    return identity


def test_two_callers_at_once_never_cross(scene: Scene) -> None:
    console = scene.console()
    red = scene.live(console, RED)
    blue = scene.live(console, BLUE, place=INLAND)
    owners: dict[str | None, Subject] = {
        publisher(console, red.id): RED,
        publisher(console, blue.id): BLUE,
    }
    watch = console.watch()
    for live, subject in ((red, RED), (blue, BLUE), (red, RED), (blue, BLUE)):
        console.select(live.number)
        expected = publisher(console, live.id)

        def arrived(expected: str = expected, subject: Subject = subject) -> bool:
            last = watch.camera_frames()[-5:]
            mine = [s for s in last if s.publisher == expected and s.reading.shows(subject)]
            return len(mine) == 5

        sight.until(console.page, arrived, f"the {subject.name} picture after choosing it")
    console.until_position(*INLAND)
    console.ensure_sound()
    sight.assert_tone(console.page, BLUE)

    crossed = [
        (s.publisher, s.reading.corners)
        for s in watch.camera_frames()
        if s.publisher not in owners or not s.reading.shows(owners[s.publisher])
    ]
    assert not crossed, f"{len(crossed)} frames under another caller's name: {crossed[:3]}"


def test_a_second_device_takes_over_and_the_first_stops(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console, RED)
    other = scene.caller(live.link, BLUE)
    other.seated()
    other.tap()
    live.caller.until("taken")
    start = len(live.watch.look())
    sight.until(
        console.page,
        lambda: any(s.reading.shows(BLUE) for s in live.watch.camera_frames(start)),
        "the second device's picture",
    )
    live.watch.until_moving(BLUE)
    other.until("live")
    held = sight.until(
        live.caller.page,
        lambda: (got := sight.capture(live.caller.page))["watches"] == 0 and got,
        "the first device to let go",
    )
    assert {*held["camera"], *held["microphone"]} == {"ended"}, held
    expect_text(live.caller.page, "another (phone|tab|device)")

    # It does not fight back: the second device's picture goes on alone.
    seen = live.watch.until_moving(BLUE, frames=30)
    assert {s.publisher for s in seen} == {publisher(console, live.id)}
