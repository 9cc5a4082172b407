"""A permission refused costs only itself, and the console says which it was."""

from __future__ import annotations

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import HARBOUR, Scene, expect_text

REFUSED = r"{what}[^.]{{0,12}}(refused|denied)"


def test_without_the_microphone(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console, ask=True, grants=["camera", "geolocation"])
    expect_text(console.page, REFUSED.format(what="microphone"))
    console.until_position(*HARBOUR)
    permissions = console.facts(live.id)["sessions"][0]["permissions"]
    assert permissions["camera"]["outcome"] == "granted"
    assert permissions["microphone"]["outcome"] != "granted"
    assert permissions["position"]["outcome"] == "granted"


def test_without_the_position(scene: Scene) -> None:
    console = scene.console()
    scene.live(console, ask=True, grants=["camera", "microphone"], place=None)
    expect_text(console.page, REFUSED.format(what="position"))
    console.ensure_sound()
    sight.assert_tone(console.page, RED)


def test_without_the_camera(scene: Scene) -> None:
    """No picture, but sound, position and words."""
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link, ask=True, grants=["microphone", "geolocation"])
    caller.seated()
    watch = console.watch()
    caller.tap()
    expect_text(console.page, REFUSED.format(what="camera"))
    console.until_position(*HARBOUR)
    console.ensure_sound()
    sight.assert_tone(console.page, RED)
    caller.write("I can hear you")
    console.said("I can hear you").wait_for()
    assert not watch.camera_frames()
    assert not (console.facts(call)["call"]["stages"].get("first_frame") or {}).get("at")
