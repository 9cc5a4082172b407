"""What a dispatcher does to be heard, and to have quiet: judged by what the other page hears."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import BLUE, RED
from dispatch.tests.e2e.scene import Scene


def test_a_held_key_is_heard_on_the_phone_and_its_end_is_silence(scene: Scene) -> None:
    console = scene.console(subject=BLUE)
    live = scene.live(console, RED)
    phone = live.caller.page
    expect(console.talk).to_be_enabled()
    assert sight.capture(console.page)["microphone"] == [], "a microphone before the first press"
    sight.until_silent(phone)

    console.page.keyboard.down("t")
    pressed = time.monotonic()
    expect(console.talk).to_have_attribute("aria-pressed", "true")
    expect(console.picture.get_by_text("Talking")).to_be_visible()
    hertz = sight.assert_tone(phone, BLUE)
    heard = time.monotonic() - pressed
    console.page.keyboard.up("t")
    expect(console.talk).to_have_attribute("aria-pressed", "false")
    expect(console.picture.get_by_text("Talking")).to_have_count(0)
    sight.until_silent(phone)
    scene.tell(f"push-to-talk: {hertz:.1f} Hz on the phone, read {heard:.1f} s after the press")

    # The button does the same; the microphone is the one already held.
    console.talk.hover()
    console.page.mouse.down()
    sight.assert_tone(phone, BLUE)
    # Looking away ends it, though the button is still held.
    console.page.evaluate("() => window.dispatchEvent(new Event('blur'))")
    expect(console.talk).to_have_attribute("aria-pressed", "false")
    sight.until_silent(phone)
    console.page.mouse.up()
    assert sight.capture(console.page)["microphone"] == ["live"]

    # By keyboard on the button itself; the caller's picture and sound went on all the while.
    console.talk.focus()
    console.page.keyboard.down("Space")
    sight.assert_tone(phone, BLUE)
    console.page.keyboard.up("Space")
    expect(console.talk).to_have_attribute("aria-pressed", "false")
    live.watch.until_moving(RED)
    console.ensure_sound()
    sight.assert_tone(console.page, RED)

    # Another call chosen: the microphone is given back.
    other, _, _ = scene.request(console)
    console.select(other)
    expect(console.talk).to_have_attribute("aria-disabled", "true")
    assert sight.capture(console.page)["microphone"] == ["ended"]
    sight.until_silent(phone)


def test_a_refused_microphone_is_one_sentence_with_the_next_step(scene: Scene) -> None:
    console = scene.console(subject=BLUE, ask=True, permissions=[])
    scene.live(console, RED)
    console.page.keyboard.press("t")
    problem = console.page.get_by_role("alert").filter(has_text="Microphone blocked")
    expect(problem).to_contain_text("Allow it for this page")
    expect(console.talk).to_have_attribute("aria-pressed", "false")


def test_muting_the_caller_is_silence_at_once_and_the_phone_says_so(scene: Scene) -> None:
    console = scene.console()
    live = scene.live(console, RED)
    console.ensure_sound()
    sight.assert_tone(console.page, RED)
    expect(live.caller.microphone_off).to_be_visible()

    console.page.keyboard.press("s")
    pressed = time.monotonic()
    sight.until_silent(console.page, timeout=3)
    quiet = time.monotonic() - pressed
    expect(console.action("Ask for sound")).to_be_visible()
    expect(live.caller.microphone_on.first).to_be_visible()
    live.watch.until_moving(RED)
    scene.tell(f"mute: silence on the console, read {quiet:.1f} s after the press")
    assert quiet < 1.5, f"silence after {quiet:.1f} s (one reading alone takes 0.4 s)"
