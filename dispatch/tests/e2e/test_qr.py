"""The link as a QR code on the console, asked for by one key."""

from __future__ import annotations

from playwright.sync_api import expect

from dispatch.tests.e2e.scene import Scene, expect_text


def test_the_link_is_shown_by_one_key_and_leaves_with_the_dialog(scene: Scene) -> None:
    console = scene.console()
    number, call, _link = scene.request(console)
    console.select(number)
    console.action("Show QR").focus()
    console.page.keyboard.press("q")
    dialog = console.page.get_by_role("dialog", name="Link of")
    code = dialog.get_by_role("img", name="QR code of the link")
    expect(code).to_be_visible()
    drawn = code.locator("svg").bounding_box()
    assert drawn, "no QR code was drawn"
    assert min(drawn["width"], drawn["height"]) > 300, f"too small to scan from a desk: {drawn}"
    console.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(code.locator("svg")).to_have_count(0)
    expect(console.action("Show QR")).to_be_focused()
    expect_text(console.page, "Link shown as QR")

    # A link that is dead is not shown, and the sheet does not outlive its call.
    console.action("Show QR").click()
    expect(code).to_be_visible()
    console.api(f"calls/{call}/close/", "POST", {})
    expect(dialog).to_be_hidden()
    expect(console.action("Undo close")).to_be_visible()
