"""The main job without a pointer, on both sides: proved by pixels, tones and positions."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import BLUE, RED
from dispatch.tests.e2e.pages import ConsolePage
from dispatch.tests.e2e.scene import DESK, HARBOUR, Scene
from dispatch.tests.e2e.senses import Hands, in_order


def test_the_main_job_by_keyboard_alone(scene: Scene) -> None:
    console = sign_in_by_keyboard(scene)
    page, hands = console.page, Hands(console.page)

    # Two links, then the choice of a call.
    page.keyboard.press("n")
    numbers = [scene.new_number(), scene.new_number()]
    for number in numbers:
        hands.type(number)
        hands.press("Enter")
        expect(console.call(number)).to_have_attribute("aria-current", "true")
        expect(console.number).to_have_value("")
    hands.press("Escape")
    hands.until_at(_digits(numbers[1]))
    other = console.call(numbers[0])
    hands.press("ArrowUp")
    expect(other).to_have_attribute("aria-current", "true")
    hands.until_at(_digits(numbers[0]))
    number, call = numbers[0], console.call_id(numbers[0])

    # The phone: from its first focus to the camera.
    caller = scene.caller(scene.text_for(number))
    caller.seated()
    phone = Hands(caller.page)
    stops = phone.tab_to("^Start video$")
    assert in_order(stops) == ["nav", "main"], stops
    watch = console.watch()
    caller.page.keyboard.press("Enter")
    caller.until("live")
    phone.until_at("can see you")
    watch.until_moving(RED)

    # Hear, read where, write.
    sight.assert_tone(page, RED)
    hands.press("m")
    sight.until_silent(page)
    hands.press("m")
    sight.assert_tone(page, RED)
    console.until_position(*HARBOUR)
    hands.press("p")
    expect(console.position.get_by_role("button", name="Copied position")).to_be_visible()
    hands.press("w")
    hands.until_at("Message to caller")
    hands.type("Stay off the road.")
    hands.press("Enter")
    expect(console.said("Stay off the road.")).to_be_visible()
    hands.press("Escape")
    expect(caller.page.get_by_text("Stay off the road.").first).to_be_visible()
    phone.tab_to("^Message$")
    phone.type("one person is inside")
    phone.press("Enter")
    expect(console.said("one person is inside")).to_be_visible()

    # The microphone on the phone; mute and ask again on the console.
    phone.tab_to("^Turn microphone off$")
    phone.press("Enter")
    sight.until_silent(page)
    phone.until_at("^Turn microphone on$")
    phone.press("Enter")
    sight.assert_tone(page, RED)
    hands.press("s")
    sight.until_silent(page)
    expect(console.action("Ask for sound")).to_be_visible()
    hands.press("s")
    expect(caller.page.locator("#wish-yes")).to_be_visible()
    phone.tab_to("^Turn microphone on$")
    phone.press("Enter")
    sight.assert_tone(page, RED)

    # Talk, while a key is held.
    sight.until_silent(caller.page)
    page.keyboard.down("t")
    sight.assert_tone(caller.page, BLUE)
    page.keyboard.up("t")
    sight.until_silent(caller.page)

    # Stopped on the phone, asked for again, begun again.
    phone.tab_to("^Stop video$")
    caller.page.keyboard.press("Enter")
    caller.until("stopped")
    phone.until_at("^Video is off$")
    console.until_media(call, "stopped")
    hands.press("c")
    expect(caller.page.locator("#wish-yes")).to_be_visible()
    phone.tab_to("^Start the camera$")
    caller.page.keyboard.press("Enter")
    caller.until("live")
    watch.until_moving(RED)

    # The link as a code, over the page and away again.
    hands.press("q")
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    hands.until_at("^Close$")
    hands.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    hands.until_at(_digits(number))

    # Closed by its button, which is gone then; undone, and closed by the key.
    stops = hands.tab_to("^Close call$")
    assert in_order(stops)[-1] == "main", stops
    page.keyboard.press("Enter")
    phone.until_at("^The call has ended$")
    hands.until_at("^Undo close$")
    hands.press("u")
    expect(console.action("Close call")).to_be_visible()
    phone.until_at("^The call is open again$")
    hands.here()
    hands.press("x")
    expect(console.action("Undo close")).to_be_visible()
    phone.until_at("^The call has ended$")
    hands.here()


def test_tab_goes_through_the_console_as_the_eye_does(scene: Scene) -> None:
    console = scene.console()
    scene.live(console)
    console.page.evaluate("() => document.activeElement.blur()")
    console.page.keyboard.press("n")
    stops = Hands(console.page).tab_to("^Send message$")
    assert in_order(stops) == ["header", "nav", "main", "aside"], stops


def test_focus_is_kept_where_a_control_leaves_the_page(scene: Scene) -> None:
    """Whoever pressed what is gone now goes on beside it."""
    console = scene.console()
    hands = Hands(console.page)
    number, _, _ = scene.request(console)
    row = console.call(number)
    row.focus()
    row.press("Enter")
    hands.press("x")  # the row goes to the closed calls
    expect(console.action("Undo close")).to_be_visible()
    hands.until_at(_digits(number))
    hands.press("u")
    expect(row).to_be_visible()
    hands.until_at(_digits(number))

    console.number.focus()
    hands.type(number)
    hands.press("Enter")
    hands.tab_to("^Open the call$")
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_role("button", name="Open the call")).to_have_count(0)
    assert hands.here().name != ""
    hands.press("x")  # a key at once: focus is in no field
    expect(console.action("Undo close")).to_be_visible()


def sign_in_by_keyboard(scene: Scene) -> ConsolePage:
    page = scene.stranger(BLUE, viewport=DESK, permissions=["clipboard-write", "microphone"])
    email, password = scene.town.account("dispatcher")
    page.goto(f"{scene.origin}/console/")
    hands = Hands(page)
    hands.until_at("^E-mail address$")
    hands.type(email)
    hands.press("Tab")
    hands.until_at("^Password$")
    hands.type(password)
    stops = hands.tab_to("^Sign in$")
    assert in_order(stops) == ["main"], stops
    page.keyboard.press("Enter")
    console = ConsolePage(page, scene.origin)
    page.wait_for_url(re.compile("/console/"))
    console.until_live()
    scene.town.signed_in.setdefault(email, page.context.storage_state())  # its calls get closed
    return console


def _digits(number: str) -> str:
    return r"\D*".join(number[-7:])
