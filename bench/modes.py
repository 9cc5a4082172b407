"""One run of each way to a first picture: what is ready before the tap, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Page

from bench.ground import Ground
from dispatch.tests.e2e import sight
from dispatch.tests.e2e.media import RED

PATIENCE = 20_000  # ms for a first frame
SKEW = 5.0  # ms by which two pages' clocks may differ

WARM = "sightline, seat warm"
EARLY = "sightline, tap before the seat"
LIVEKIT = "bare livekit-client"
PAIR = "bare peer connections"
AT_ONCE = "window.__tapAtOnce = true;"


@dataclass
class Run:
    """Times in ms after the tap; `cold`: ms after the page was asked for."""

    mode: str
    place: str
    ms: float
    stages: dict[str, float]
    cold: dict[str, float]
    skew_ms: float
    kilobytes: dict[str, float] = field(default_factory=dict)


class Weight:
    """What a page takes from the network, by kind, as it came over the wire."""

    def __init__(self, page: Page) -> None:
        self._kinds: dict[str, str] = {}
        self._bytes: dict[str, float] = {}
        session: CDPSession = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.loadingFinished", self._on_finished)
        session.on("Network.webSocketFrameReceived", self._on_frame)
        session.on("Network.webSocketFrameSent", self._on_frame)
        session.send("Network.enable")

    def kilobytes(self) -> dict[str, float]:
        return {kind: round(size / 1000, 1) for kind, size in self._bytes.items()}

    def _on_response(self, event: dict[str, Any]) -> None:
        self._kinds[event["requestId"]] = str(event["type"]).lower()

    def _on_finished(self, event: dict[str, Any]) -> None:
        kind = self._kinds.get(event["requestId"], "other")
        self._bytes[kind] = self._bytes.get(kind, 0) + float(event["encodedDataLength"])

    def _on_frame(self, event: dict[str, Any]) -> None:
        size = len(event["response"]["payloadData"])
        self._bytes["websocket"] = self._bytes.get("websocket", 0) + size


@dataclass
class Shot:
    """A phone and a viewer, ready for the tap."""

    phone: Page
    viewer: Page
    tap: Callable[[], None]
    weight: Weight | None = None
    udp_port: int | None = None


def warm(ground: Ground, place: str, opened: ExitStack) -> Shot:
    """The person has read; the page sits in the room with its blank picture."""
    call = opened.enter_context(ground.call())
    phone = opened.enter_context(ground.phone(place))
    phone.goto(call.link, wait_until="commit")
    viewer = ground.console.page
    placeholder = "async () => (await __probe.totals()).widest > 0"
    sight.until(viewer, lambda: viewer.evaluate(placeholder), "the placeholder", timeout=20)
    viewer.evaluate("() => __marks.arm()")
    return Shot(phone, viewer, phone.locator("#start").click, udp_port=_udp(ground))


def early(ground: Ground, place: str, opened: ExitStack) -> Shot:
    """A tap in the moment in which the button first does anything."""
    call = opened.enter_context(ground.call())
    phone = opened.enter_context(ground.phone(place, AT_ONCE))
    weight = Weight(phone)
    viewer = ground.console.page
    viewer.evaluate("() => __marks.arm()")
    go = lambda: void(phone.goto(call.link, wait_until="commit"))  # noqa: E731
    return Shot(phone, viewer, go, weight=weight, udp_port=_udp(ground))


def livekit(ground: Ground, place: str, opened: ExitStack) -> Shot:
    room = opened.enter_context(ground.room())
    viewer = ground.viewers["livekit"]
    viewer.evaluate(
        "([url, token]) => bare.livekit.view(url, token)", [room["url"], room["viewer"]]
    )
    opened.callback(viewer.evaluate, "() => bare.livekit.leave()")
    phone = opened.enter_context(ground.phone(place))
    weight = Weight(phone)
    phone.goto(ground.pages.url("livekit"))
    phone.evaluate(
        "([url, token]) => bare.livekit.ready(url, token)", [room["url"], room["caller"]]
    )
    viewer.evaluate("() => __marks.arm()")
    return Shot(phone, viewer, phone.locator("#start").click, weight, _udp(ground))


def pair(ground: Ground, place: str, opened: ExitStack) -> Shot:
    viewer = ground.viewers["pair"]
    phone = opened.enter_context(ground.phone(place))
    url = ground.line.url(f"{id(phone)}")
    viewer.evaluate("(url) => bare.pair.view(url)", url)
    opened.callback(viewer.evaluate, "() => bare.pair.leave()")
    phone.goto(ground.pages.url("pair"))
    phone.evaluate("(url) => bare.pair.ready(url)", url)
    viewer.evaluate("() => __marks.arm()")
    return Shot(phone, viewer, phone.locator("#start").click)


MODES = {WARM: warm, EARLY: early, LIVEKIT: livekit, PAIR: pair}


def run(ground: Ground, mode: str, place: str) -> Run:
    """Prepare, tap, take down. Raises AssertionError where the picture is not what it must be."""
    with ExitStack() as opened:
        shot = MODES[mode](ground, place, opened)
        shot.tap()
        seen = "() => __marks.first?.corners"
        shot.viewer.wait_for_function(seen, timeout=PATIENCE, polling=50)
        return _judged(mode, place, shot)


def _judged(mode: str, place: str, shot: Shot) -> Run:
    weight = shot.weight.kilobytes() if shot.weight else {}
    first = shot.viewer.evaluate("() => __marks.first")
    seen = sight.sample_from([0, first["stamp"], first["width"], 0, first["corners"], None, True])
    assert seen.reading.shows(RED), f"{mode}: the first frame is not the camera's: {first}"
    for page in (shot.phone, shot.viewer):
        sight.assert_udp(page, shot.udp_port if page is shot.viewer else None)
    at: dict[str, float] = shot.phone.evaluate("() => __marks.requests()")
    skews = [float(page.evaluate("() => __marks.skew()")) for page in (shot.phone, shot.viewer)]
    skew = abs(skews[0] - skews[1])
    assert skew <= SKEW, f"the pages' clocks are {skew:.1f} ms apart"
    tap = at.pop("tap")
    origin = float(shot.phone.evaluate("performance.timeOrigin"))
    cold = {name: when - origin for name, when in at.items()} | {
        "first frame": first["at"] - origin
    }
    if first["element"]:
        at["console knew"] = first["element"]
    if first["received"]:
        at["frame received"] = first["received"]
    stages = {name: round(when - tap, 1) for name, when in sorted(at.items(), key=lambda i: i[1])}
    return Run(
        mode=mode,
        place=place,
        ms=round(first["at"] - tap, 1),
        stages=stages,
        cold={name: round(value, 1) for name, value in cold.items()},
        skew_ms=round(skew, 2),
        kilobytes=weight,
    )


def _udp(ground: Ground) -> int:
    return ground.stack.livekit.udp_port


def void(_: object) -> None:
    """An answer nobody needs."""
