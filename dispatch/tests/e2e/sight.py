"""What a page really shows and sounds like, judged from its decoded pixels and waveforms."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from playwright.sync_api import Page

from dispatch.tests.e2e import media
from dispatch.tests.e2e.media import RGB, Reading, Subject

T = TypeVar("T")
PROBE = Path(__file__).with_name("probe.js")
PLACEHOLDER_WIDTH = 64  # frames no wider than this are the blank placeholder of a warm seat


LOUD, QUIET = 0.02, 0.002  # what is a tone, and what is none (root mean square)
FROZEN = 2.0  # seconds without a new frame after which a console says so


def until(page: Page, check: Callable[[], T | None], what: str, timeout: float = 10) -> T:
    """The first truthy answer of `check`; `page` keeps its events flowing meanwhile."""
    deadline = time.monotonic() + timeout
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain: {what} (last seen: {answer!r})")
        page.wait_for_timeout(100)


@dataclass(frozen=True)
class Sample:
    """One frame that a <video> presented."""

    at: float  # ms, the page's monotonic clock
    reading: Reading
    width: int
    height: int
    publisher: str | None
    visible: bool

    @property
    def stamp(self) -> int | None:
        return self.reading.stamp

    @property
    def is_camera(self) -> bool:
        return self.width > PLACEHOLDER_WIDTH and self.visible


def sample_from(raw: Sequence[Any]) -> Sample:
    at, stamp, width, height, corners, publisher, visible = raw
    tl, tr, bl, br = ((int(r), int(g), int(b)) for r, g, b in corners)
    return Sample(at, Reading(stamp, (tl, tr, bl, br)), width, height, publisher, visible)


class Watch:
    """A running record of every frame that the videos under a selector present."""

    def __init__(self, page: Page, selector: str) -> None:
        self.page = page
        self.samples: list[Sample] = []
        self._id: int = page.evaluate("s => __probe.follow(s)", selector)

    def look(self) -> list[Sample]:
        """Everything seen so far."""
        raw = self.page.evaluate(
            "([id, from]) => __probe.samples(id, from)", [self._id, len(self.samples)]
        )
        self.samples += [sample_from(one) for one in raw]
        return self.samples

    def camera_frames(self, since: int = 0) -> list[Sample]:
        return [sample for sample in self.look()[since:] if sample.is_camera]

    def until_camera(self, timeout: float = 15) -> Sample:
        """Wait for the next frame that a person can see, whatever it shows."""
        start = len(self.look())

        def first() -> Sample | None:
            return next(iter(self.camera_frames(start)), None)

        return until(self.page, first, "a frame on the screen", timeout)

    def until_moving(self, subject: Subject, frames: int = 15, timeout: float = 15) -> list[Sample]:
        """Wait for that many *new* distinct frames of this camera, and judge them."""
        start = len(self.look())

        def enough() -> list[Sample] | None:
            seen = self.camera_frames(start)
            return seen if len({s.stamp for s in seen} - {None}) >= frames else None

        seen = until(
            self.page, enough, f"{frames} new frames of the {subject.name} camera", timeout
        )
        assert_picture(seen, subject)
        return seen

    def until_back(self, subject: Subject, frames: int = 15, timeout: float = 30) -> list[Sample]:
        """Wait, after something failed, until that many new frames come without a standstill.

        A connection that comes back can show its last few frames, and only then repair itself:
        the picture is back when it flows. What flowed is judged as any other picture.
        """
        start = len(self.look())

        def flowing() -> list[Sample] | None:
            seen = since_standstill(self.camera_frames(start))
            return seen if len({s.stamp for s in seen} - {None}) >= frames else None

        seen = until(
            self.page, flowing, f"{frames} frames of the {subject.name} camera in one go", timeout
        )
        assert_picture(seen, subject)
        return seen


def since_standstill(samples: list[Sample]) -> list[Sample]:
    """The frames after the last standstill that a person would have been told of."""
    cut = 0
    moved = 0  # the newest frame that differed from the one before it
    for at, (before, after) in enumerate(pairwise(samples), 1):
        if before.stamp == after.stamp:
            continue
        if after.at - samples[moved].at > FROZEN * 1000:
            cut = at
        moved = at
    return samples[cut:]


def assert_picture(samples: Sequence[Sample], subject: Subject) -> None:
    """These frames are this camera's, whole, in order and without a long standstill."""
    assert samples, "no frame at all"
    wrong = [s.reading.corners for s in samples if not s.reading.shows(subject)]
    assert not wrong, f"{len(wrong)} of {len(samples)} frames not {subject.name}: {wrong[:3]}"
    whole = [s for s in samples if s.stamp is not None]
    assert len(whole) >= 0.9 * len(samples), f"only {len(whole)} of {len(samples)} stamps readable"
    back = [(a.stamp, b.stamp) for a, b in pairwise(whole) if step(a, b) > media.LOOP // 2]
    assert not back, f"stamps ran backwards: {back[:5]} in {[trace(s) for s in samples]}"
    gap = standstill(whole)
    assert gap <= FROZEN, f"the picture stood still for {gap:.2f} s"


def trace(sample: Sample) -> str:
    """One sample in a failure's words."""
    seen = "" if sample.visible else " hidden"
    return (
        f"{sample.reading.stamp}@{sample.at:.0f} {sample.width}x{sample.height} "
        f"{sample.publisher}{seen}"
    )


def step(before: Sample, after: Sample) -> int:
    """How many camera frames lie between two readings (the camera's file is a loop)."""
    assert before.stamp is not None
    assert after.stamp is not None
    return (after.stamp - before.stamp) % media.LOOP


def standstill(samples: Sequence[Sample]) -> float:
    """The longest time, in seconds, during which no new stamp was presented."""
    moments = [samples[0].at] if samples else []
    moments += [b.at for a, b in pairwise(samples) if a.stamp != b.stamp]
    return max((b - a for a, b in pairwise(moments)), default=0.0) / 1000


def assert_tone(page: Page, subject: Subject, tolerance: float = 15, timeout: float = 10) -> float:
    """What a person at this page would hear is this caller's tone."""

    def heard() -> dict[str, float] | None:
        got: dict[str, float] | None = page.evaluate("() => __probe.listen({audibleOnly: true})")
        return got if got and got["rms"] > LOUD else None

    sound = until(page, heard, f"an audible sound ({subject.tone_hz} Hz)", timeout)
    assert abs(sound["hz"] - subject.tone_hz) <= tolerance, f"heard {sound['hz']:.1f} Hz"
    return sound["hz"]


def loudness(page: Page) -> float:
    """How loud what a person at this page would hear is (root mean square, 1 is full scale)."""
    got = page.evaluate("() => __probe.listen({audibleOnly: true})")
    return float(got["rms"]) if got else 0.0


def until_silent(page: Page, timeout: float = 10) -> None:
    """Nothing can be heard at this page."""
    until(page, lambda: loudness(page) < QUIET, "silence", timeout)


def assert_udp(page: Page, port: int | None = None, timeout: float = 10) -> list[dict[str, Any]]:
    """Every live peer connection of the page is carried by UDP, to LiveKit's own UDP port."""
    pairs: list[dict[str, Any]] = until(
        page, lambda: page.evaluate("() => __probe.pairs()"), "a selected candidate pair", timeout
    )
    for pair in pairs:
        assert pair["local"] == pair["remote"] == "udp", f"not UDP: {pair}"
        assert pair["relay"] is None, f"relayed: {pair}"
        if port is not None:
            assert pair["remote_port"] == port, f"not LiveKit's UDP port {port}: {pair}"
    return pairs


def capture(page: Page) -> dict[str, Any]:
    """What the page holds of its phone: camera and microphone states, position watches, locks."""
    got: dict[str, Any] = page.evaluate("() => __probe.capture()")
    return got


def decode_png(lab: Page, png: bytes) -> media.Image:
    """A screenshot as an RGB array, decoded by a browser page set aside for such work."""
    width, height, data = lab.evaluate(
        """async (b64) => {
          const bytes = Uint8Array.from(atob(b64), (c) => c.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
          const canvas = new OffscreenCanvas(image.width, image.height);
          const pen = canvas.getContext("2d");
          pen.drawImage(image, 0, 0);
          const { data } = pen.getImageData(0, 0, image.width, image.height);
          let text = "";
          for (let at = 0; at < data.length; at += 32768)
            text += String.fromCharCode(...data.subarray(at, at + 32768));
          return [image.width, image.height, btoa(text)];
        }""",
        base64.b64encode(png).decode(),
    )
    pixels = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)
    return pixels[..., :3].copy()


def colours(frame: media.Image, share: float = 0.01) -> list[RGB]:
    """The colours (to 4 bits a channel) that each cover at least this share of a picture."""
    coarse = (frame >> 4).reshape(-1, 3).astype(np.uint16)
    keys, counts = np.unique(coarse @ np.array([256, 16, 1], np.uint16), return_counts=True)
    kept = keys[counts >= share * len(coarse)]
    return [(int(k >> 8) * 16, int(k >> 4 & 15) * 16, int(k & 15) * 16) for k in kept]
