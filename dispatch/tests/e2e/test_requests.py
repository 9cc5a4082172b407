"""What the centre asks of the caller's page: the person decides, and the console is told."""

from __future__ import annotations

import uuid
from typing import Any

from playwright.sync_api import expect

from dispatch.tests.e2e import phones, sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import ConsolePage
from dispatch.tests.e2e.scene import Live, Scene, expect_text


def ask(console: ConsolePage, call: str, what: str) -> str:
    answer = console.api(f"calls/{call}/ask/", "POST", {"what": what, "command": str(uuid.uuid4())})
    assert "request" in answer, f"{what} was refused: {answer}"
    found: str = answer["request"]["id"]
    return found


def until_answer(console: ConsolePage, call: str, request: str, answer: str) -> None:
    def there() -> bool:
        requests: list[dict[str, Any]] = console.facts(call)["requests"]
        return any(one["id"] == request and one["answer"] == answer for one in requests)

    sight.until(console.page, there, f"request answered {answer}")


def until_green(live: Live) -> None:
    """The picture is the other camera's: all green."""
    start = len(live.watch.look())

    def green() -> bool:
        frames = live.watch.camera_frames(start)
        return any(
            all(g > 100 and r < 90 and b < 90 for r, g, b in frame.reading.corners)
            for frame in frames[-5:]
        )

    sight.until(live.watch.page, green, "frames of the front camera")


def test_the_camera_turns_by_the_caller_and_on_request(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console, script=phones.TWO_CAMERAS)
    page = live.caller.page
    page.get_by_role("button", name="Turn camera").click()
    until_green(live)
    assert "mirrored" in (page.locator("#own").get_attribute("class") or "")
    page.get_by_role("button", name="Turn camera").click()
    start = len(live.watch.look())

    def back() -> bool:
        return any(one.reading.shows(RED) for one in live.watch.camera_frames(start))

    sight.until(page, back, "frames of the camera at the back")
    live.watch.until_moving(RED)

    request = ask(console, live.id, "flip")
    expect_text(page, "asks you to turn the camera around")
    assert not any(
        frame.reading.corners[0][1] > 100 and frame.reading.corners[0][0] < 90
        for frame in live.watch.camera_frames()[-3:]
    ), "nothing turns before the person says yes"
    page.locator("#wish-yes").click()
    until_green(live)
    until_answer(console, live.id, request, "done")
    expect(page.locator("#wish")).to_be_hidden()


def test_the_camera_is_asked_for_again(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    page = live.caller.page
    live.caller.stop.click()
    live.caller.until("stopped")
    console.until_media(live.id, "stopped")
    refused = ask(console, live.id, "camera")
    expect_text(page, "asks to see again")
    page.get_by_role("button", name="Not now").click()
    until_answer(console, live.id, refused, "declined")
    assert "live" not in sight.capture(page)["camera"], "a question opens no camera"
    again = ask(console, live.id, "camera")
    page.get_by_role("button", name="Start the camera").click()
    live.watch.until_moving(RED)
    until_answer(console, live.id, again, "done")


def test_muted_by_the_centre_and_asked_to_speak_again(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    page = live.caller.page
    console.ensure_sound()
    sight.assert_tone(console.page, RED)
    request = ask(console, live.id, "mute")
    until_answer(console, live.id, request, "done")
    expect_text(page, "has turned your microphone off")
    console.until_media(live.id, "live", microphone=False)
    asked = ask(console, live.id, "microphone")
    expect_text(page, "asks to hear you")
    assert not console.facts(live.id)["call"]["media"]["microphone"]
    page.locator("#wish-yes").click()
    until_answer(console, live.id, asked, "done")
    console.until_media(live.id, "live", microphone=True)
    sight.assert_tone(console.page, RED)


def test_nobody_watching_stops_the_video_and_keeps_the_call(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console)
    page = live.caller.page
    console.page.goto(f"{scene.origin}/console/history/")  # nobody is in the room any more

    def unwatched(alarmed: bool) -> bool:
        """The server has got so far by itself; then 55 s pass."""
        code = (
            "from dispatch.calls.models import Call; from django_scopes import scopes_disabled\n"
            "from datetime import timedelta\n"
            "from django.db.models import F\n"
            "with scopes_disabled():\n"
            f"  found = Call.objects.filter(pk='{live.id}', unwatched_since__isnull=False,"
            f" unwatched_alarm={alarmed})\n"
            "  print(found.update(unwatched_since=F('unwatched_since') - timedelta(seconds=55)))"
        )
        return scene.stack.manage("shell", "-c", code).strip().endswith("1")

    sight.until(page, lambda: unwatched(False), "the server noticing that nobody watches", 30)
    sight.until(page, lambda: unwatched(True), "an alarm before anything is stopped", 30)
    live.caller.until("stopped", timeout=30)
    expect_text(page, "was watching. Your camera is off")
    assert "live" not in sight.capture(page)["camera"]
    facts = console.facts(live.id)["call"]
    assert facts["state"] == "open"
    assert facts["unwatched_stop"]
    live.caller.write("still here")
    console.open()
    console.select(live.number)
    expect(console.said("still here")).to_be_visible()
    watch = console.watch()
    live.caller.tap()
    watch.until_moving(RED)
