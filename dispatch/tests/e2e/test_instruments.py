"""The instruments themselves: what they must accept, and what they must refuse."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page

from dispatch.tests.e2e import leaks, media, sight
from dispatch.tests.e2e.browsers import Browsers, Ledger, visit
from dispatch.tests.e2e.lab import Lab
from dispatch.tests.e2e.media import BLUE, RED


@pytest.mark.parametrize("size", [(640, 360), (320, 180), (160, 90)])
def test_a_stamp_survives_scaling(size: tuple[int, int]) -> None:
    for number in (0, 1, 77, 149, 0xABCD, 0xFFFF):
        got = media.read(media.draw(RED, number, *size))
        assert got.stamp == number
        assert got.shows(RED)
        assert not got.shows(BLUE)


def test_a_damaged_or_mirrored_frame_is_known() -> None:
    frame = media.draw(RED, 77)
    blended = ((frame.astype(np.uint16) + media.draw(RED, 178)) // 2).astype(np.uint8)
    assert media.read(blended).stamp is None
    assert not media.read(frame[:, ::-1]).shows(RED)
    assert media.read(np.zeros_like(frame)).stamp is None


@pytest.mark.parametrize("before", range(4))
def test_a_secret_is_found_in_whatever_form_it_was_kept(before: int) -> None:
    secret = "Zk3-9_aQw7LmXo2RtYb1Cd"
    wanted = leaks.needles(Ledger(links={secret}))
    message = json.dumps(
        {"to": "x" * before, "link": f"http://host/demo#{secret}", "n": 1}
    ).encode()
    raw = base64.urlsafe_b64decode(secret + "==")
    for kept in (message, base64.b64encode(message), message.hex().encode(), raw.hex().encode()):
        assert leaks.search([("there", kept)], wanted) == ["link 1 in there"]
    assert not leaks.search([("there", base64.b64encode(message[::-1]))], wanted)


@pytest.fixture
def loopback(browsers: Browsers, lab: Lab) -> Iterator[Page]:
    """A real encoder, network and decoder, and nothing else."""
    phone = visit(browsers.get(RED), "loopback", Ledger())
    # Without these, peers know each other by mDNS names only, which nothing here resolves.
    phone.context.grant_permissions(["camera", "microphone"], origin=lab.url)
    page = phone.page()
    page.goto(lab.url)
    page.mouse.click(5, 5)  # sound needs a person's gesture, here as in the app
    page.evaluate("() => lab.loopback()")
    yield page
    phone.close()


def test_picture_sound_and_pair_through_a_real_codec(loopback: Page) -> None:
    seen = sight.Watch(loopback, "#remote").until_moving(RED)
    with pytest.raises(AssertionError, match="not blue"):
        sight.assert_picture(seen, BLUE)
    with pytest.raises(AssertionError, match="backwards"):
        sight.assert_picture(seen[::-1], RED)
    still = [replace(seen[0], at=at) for at in (0, 600, 1200, 1800)]
    with pytest.raises(AssertionError, match="stood still"):
        sight.assert_picture([*still, replace(seen[1], at=2400)], RED)
    again = [replace(one, at=one.at + 2400) for one in seen[1:]]
    assert sight.since_standstill([*still, *again]) == again
    assert sight.since_standstill(seen) == seen

    assert abs(sight.assert_tone(loopback, RED) - RED.tone_hz) < 5
    with pytest.raises(AssertionError, match="heard 1"):
        sight.assert_tone(loopback, BLUE)

    pairs = sight.assert_udp(loopback)
    assert len(pairs) == 2
    with pytest.raises(AssertionError, match="not LiveKit's UDP port"):
        sight.assert_udp(loopback, port=1)

    # A screenshot of the same picture, read in Python.
    shot = sight.decode_png(loopback, loopback.locator("#remote").screenshot())
    assert media.read(shot).shows(RED)
    assert len(sight.colours(shot)) >= 4
    assert len(sight.colours(np.full((90, 160, 3), 7, np.uint8))) == 1


def test_a_stopped_camera_and_a_muted_sound_are_noticed(loopback: Page) -> None:
    assert sight.capture(loopback)["camera"] == ["live"]
    loopback.evaluate("() => { document.querySelector('#remote').muted = true }")
    with pytest.raises(AssertionError, match="audible"):
        sight.assert_tone(loopback, RED, timeout=0.5)
    loopback.evaluate(
        "async () => { (await navigator.mediaDevices.getUserMedia({video: true}))"
        ".getTracks().forEach((track) => track.stop()) }"
    )
    assert sight.capture(loopback)["camera"] == ["live", "ended"]
