"""The main job: a number, a text, one tap; then picture, sound and position on the console."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import ConsolePage, digits
from dispatch.tests.e2e.scene import HARBOUR, Scene, expect_text

STAGES = ("requested", "accepted", "delivered", "opened", "tapped", "permitted", "joined")


def test_from_a_number_to_picture_sound_and_position(scene: Scene) -> None:
    console = scene.console()
    number = scene.new_number()

    # The request, by keyboard alone: from the top of the page to the call on the board.
    for _ in range(30):
        if console.number.evaluate("(field) => field === document.activeElement"):
            break
        console.page.keyboard.press("Tab")
    expect(console.number).to_be_focused()
    console.send_by_keyboard(number)
    link = scene.text_for(number)
    call = console.call_id(number)
    console.until_stage(call, "delivered")

    # The link: a page to read, a warm seat, and nothing of the phone yet.
    caller = scene.caller(link)
    centre = re.escape(str(console.facts(call)["call"].get("centre_name") or "Demo"))
    expect(caller.page.get_by_role("heading", name=re.compile(centre, re.I)).first).to_be_visible()
    expect(caller.start).to_be_visible()
    console.until_stage(call, "opened")
    caller.seated()
    untouched = sight.capture(caller.page)
    assert (untouched["camera"], untouched["microphone"], untouched["watches"]) == ([], [], 0)
    console.select(number)
    watch = console.watch()
    assert not set(console.facts(call)["call"]["stages"]) & {"tapped", "permitted", "joined"}

    # The tap.
    assert not watch.camera_frames(), "a picture before the tap"
    caller.tap()
    watch.until_moving(RED, frames=30)
    caller.until("live")
    expect_text(caller.page, r"can see you")

    # The first frames are small; soon they are as the camera gives them.
    whole = "a picture as large as the camera gives it"
    sight.until(console.page, lambda: any(s.width == 640 for s in watch.camera_frames()), whole)

    identity = console.facts(call)["call"]["publisher"]["identity"]
    seen = watch.camera_frames()
    assert {s.publisher for s in seen} == {identity}
    assert not [s for s in watch.samples if s.visible and s.width <= sight.PLACEHOLDER_WIDTH]
    console.ensure_sound()
    hertz = sight.assert_tone(console.page, RED)
    udp = scene.stack.livekit.udp_port
    sight.assert_udp(console.page, udp)
    sight.assert_udp(caller.page, udp)

    # Where, and what the phone allowed.
    console.until_position(*HARBOUR)
    assert "12" in console.position.inner_text(), "the accuracy is not shown"
    expect_map(scene, console)
    for what in ("camera", "microphone", "position"):
        expect_text(console.page, rf"{what}[^.]{{0,12}}(allowed|granted)")

    # Every stage, in order, also as the timeline tells it.
    stages = console.until_stage(call, "first_frame")
    moments = [(stages[name]["at"], name) for name in (*STAGES, "first_frame")]
    early = [f"{b[1]} before {a[1]}" for a, b in pairwise(moments) if b[0] < a[0]]
    assert not early, f"{early} in {moments}"
    expect_timeline(console, call)
    scene.tell(f"tone {hertz:.1f} Hz · {len(seen)} frames · stills {sight.standstill(seen):.2f} s")


def expect_map(scene: Scene, console: ConsolePage) -> None:
    """The map has drawn the right place: a harbour, land to the north of it, sea to the south."""
    canvas = console.position.locator("canvas").first
    expect(canvas).to_be_visible()
    # Far enough out to see both, near enough that the other shore is not in sight.
    scale = console.position.get_by_text(re.compile(r"^\d+\s?k?m$"))
    for _ in range(12):
        if re.fullmatch(r"(3|5|10)\s?km", scale.inner_text()):
            break
        before = scale.inner_text()
        console.position.get_by_role("button", name="Zoom out").click()
        # The map glides there; its scale is written anew on the way.
        expect(scale).not_to_have_text(before)

    def drawn() -> bool:
        shot = sight.decode_png(scene.bench, canvas.screenshot()).astype(np.int16)
        height, width = shot.shape[:2]
        # Medians of whole bands: names, and an inlet here or there, do not count.
        north, south = shot[height // 8 : height // 4], shot[-height // 4 : -height // 8]
        land, sea = (np.median(band.reshape(-1, 3), axis=0) for band in (north, south))
        x, y = width // 2, height // 2
        middle = shot[y - 8 : y + 8, x - 8 : x + 8].reshape(-1, 3)
        marked = np.minimum(*(abs(middle - ground).max(axis=1) for ground in (land, sea))) > 80
        return bool(abs(land - sea).max() > 5 and 20 < marked.sum() < 200)

    sight.until(console.page, drawn, "a map with land, sea and a dot", timeout=15)


def expect_timeline(console: ConsolePage, call: str) -> None:
    """The timeline shows the call's events, in the order in which the server recorded them."""
    told = console.timeline.inner_text().lower()
    events = [event["text"].lower() for event in console.facts(call)["events"]]
    assert len(events) >= 5, events
    at = -1
    for text in events:
        found = told.find(text, at + 1)
        assert found > at, f"{text!r} is missing or out of order in the timeline:\n{told}"
        at = found


def test_the_link_can_be_asked_for_from_a_phone_system(scene: Scene) -> None:
    number = scene.new_number()
    console = scene.console(query=f"?number=%2B{number[1:]}")
    value = console.number.input_value()
    assert re.sub(r"\D", "", value).endswith(number[2:])
    console.number.press("Enter")
    expect(console.call(number)).to_be_visible()
    scene.text_for(number)


def test_mistakes_are_told_at_the_field_and_nothing_is_sent(scene: Scene) -> None:
    console = scene.console()
    before = len(console.api("calls/?state=open")["results"])
    for wrong in ("12", "+1 900 555 0199"):  # too short; premium rate
        console.number.fill(wrong)
        console.number.press("Enter")
        expect(console.number).to_have_attribute("aria-invalid", "true")
        expect(console.number).not_to_have_accessible_description("")
    assert len(console.api("calls/?state=open")["results"]) == before


def test_the_same_number_again_offers_the_open_call(scene: Scene) -> None:
    console = scene.console()
    number, call, link = scene.request(console)
    console.number.fill(number)
    console.number.press("Enter")
    expect_text(console.page, r"already|open call")
    expect(console.call(number)).to_have_count(1)
    assert scene.phone.links(number) == [link]

    # Resending is another text with the same link.
    console.select(number)
    console.action("Resend text").click()
    sight.until(
        console.page,
        lambda: sum(t["state"] == "delivered" for t in console.facts(call)["texts"]) == 2,
        "a second text delivered",
    )
    texts = scene.phone.page.get_by_role("listitem").filter(has_text=digits(number))
    expect(texts).to_have_count(2)
    assert scene.phone.links(number) == [link]
