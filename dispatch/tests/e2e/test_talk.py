"""Messages both ways, and a second dispatcher who sees the same."""

from __future__ import annotations

from playwright.sync_api import expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import HARBOUR, Scene

HOSTILE = "<img src=x onerror=\"document.title='hit'\"><b>fire</b> & 'smoke'"


def test_messages_go_both_ways_and_stay_text(scene: Scene) -> None:
    console = scene.console()
    number, _, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link)
    caller.until("reading", "ready")

    # Before any tap: somebody who cannot use video can still write.
    caller.write("second floor, back door")
    expect(console.said("second floor, back door")).to_be_visible()
    console.write("We are on our way.")
    expect(caller.page.get_by_text("We are on our way.").first).to_be_visible()

    caller.tap()
    caller.until("live")
    caller.write(HOSTILE)
    expect(console.said(HOSTILE)).to_be_visible()
    console.write(HOSTILE)
    expect(caller.page.get_by_text(HOSTILE).last).to_be_visible()
    for page in (console.page, caller.page):
        assert page.title() != "hit"
        assert page.locator("img[src=x]").count() == 0


def test_a_second_dispatcher_of_the_centre_sees_the_same(scene: Scene) -> None:
    first = scene.console()
    second = scene.console("colleague")
    live = scene.live(first)
    second.select(live.number)
    second.watch().until_moving(RED)
    second.until_position(*HARBOUR)
    second.ensure_sound()
    sight.assert_tone(second.page, RED)

    live.caller.write("two of us are here")
    for console in (first, second):
        expect(console.said("two of us are here")).to_be_visible()
    second.write("Stay where you are.")
    expect(first.said("Stay where you are.")).to_be_visible()
    mine, theirs = (console.api("snapshot/") for console in (first, second))
    assert mine["items"] == theirs["items"]

    # Taking over changes the owner on both consoles.
    second.action("Take over").click()
    sight.until(
        first.page,
        lambda: first.facts(live.id)["call"]["owner"]["name"] == "Second Dispatcher",
        "the new owner",
    )
    expect(first.page.get_by_text("Second Dispatcher").first).to_be_visible()
    live.watch.until_moving(RED)
