"""What the fake cameras and microphones of the test browsers play, and how to read it back.

Every frame carries its own number as sixteen two-row bars: a bit above, its complement below,
so that a damaged or blended frame is known for what it is instead of giving a wrong number.
Two opposite corners carry the caller's colour and the two others white: a picture from another
caller, or one that was mirrored or turned, does not pass. `probe.js` reads the same in a page.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
RGB = tuple[int, int, int]

WIDTH, HEIGHT, FPS = 640, 360, 15
LOOP = 150  # frames: ten seconds, then the camera starts again at 0
BITS = 16
# Fractions of the picture, so that a scaled-down layer reads the same.
BARS_LEFT, BARS_WIDTH = 0.1, 0.8
BIT_ROW, COMPLEMENT_ROW, ROW_HEIGHT = 0.40, 0.52, 0.12
CORNER_W, CORNER_H = 0.16, 0.22
WHITE: RGB = (230, 230, 230)
GREY: RGB = (110, 110, 110)
# The codecs' 601/709 mix-up alone moves a saturated channel by some 40.
COLOUR_TOLERANCE = 60
SAMPLE_RATE = 48_000


@dataclass(frozen=True)
class Subject:
    """What one fake phone shows and plays."""

    name: str
    colour: RGB
    tone_hz: int


RED = Subject("red", (200, 0, 0), 1000)
BLUE = Subject("blue", (0, 0, 200), 440)


@dataclass(frozen=True)
class Reading:
    """One frame as read: its number (None where the bars do not agree) and its corners."""

    stamp: int | None
    corners: tuple[RGB, RGB, RGB, RGB]  # top left, top right, bottom left, bottom right

    def shows(self, subject: Subject) -> bool:
        wanted = (subject.colour, WHITE, WHITE, subject.colour)
        return all(near(got, want) for got, want in zip(self.corners, wanted, strict=True))


def near(got: RGB, want: RGB) -> bool:
    return all(abs(g - w) <= COLOUR_TOLERANCE for g, w in zip(got, want, strict=True))


def draw(subject: Subject, number: int, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """One frame as RGB."""
    frame = np.empty((height, width, 3), np.uint8)
    frame[:] = GREY
    cw, ch = round(width * CORNER_W), round(height * CORNER_H)
    frame[:ch, :cw] = frame[-ch:, -cw:] = subject.colour
    frame[:ch, -cw:] = frame[-ch:, :cw] = WHITE
    cell = width * BARS_WIDTH / BITS
    tops = [round(height * row) for row in (BIT_ROW, COMPLEMENT_ROW)]
    tall = round(height * ROW_HEIGHT)
    for bit in range(BITS):
        left = round(width * BARS_LEFT + bit * cell)
        right = round(width * BARS_LEFT + (bit + 1) * cell)
        value = 255 if number >> (BITS - 1 - bit) & 1 else 0
        frame[tops[0] : tops[0] + tall, left:right] = value
        frame[tops[1] : tops[1] + tall, left:right] = 255 - value
    return frame


def read(frame: Image) -> Reading:
    """The stamp and the corners of one RGB picture of any size."""
    height, width = frame.shape[:2]

    def patch(x: float, y: float) -> RGB:
        cx, cy = int(width * x), int(height * y)
        r = max(1, width // 160)
        mean = frame[cy - r : cy + r, cx - r : cx + r, :3].reshape(-1, 3).mean(axis=0)
        return (int(mean[0]), int(mean[1]), int(mean[2]))

    def luma(x: float, y: float) -> float:
        red, green, blue = patch(x, y)
        return 0.3 * red + 0.59 * green + 0.11 * blue

    stamp: int | None = 0
    for bit in range(BITS):
        x = BARS_LEFT + (bit + 0.5) * BARS_WIDTH / BITS
        contrast = luma(x, BIT_ROW + ROW_HEIGHT / 2) - luma(x, COMPLEMENT_ROW + ROW_HEIGHT / 2)
        if abs(contrast) < 96:
            stamp = None
            break
        assert stamp is not None
        stamp = stamp << 1 | (contrast > 0)
    x, y = CORNER_W / 2, CORNER_H / 2
    corners = (patch(x, y), patch(1 - x, y), patch(x, 1 - y), patch(1 - x, 1 - y))
    return Reading(stamp, corners)


def camera_file(subject: Subject, folder: Path) -> Path:
    """A looping Y4M for --use-file-for-fake-video-capture; made once, some 50 MB."""
    path = camera_path(subject, folder)
    if not path.exists():
        write_y4m(path, (draw(subject, number) for number in range(LOOP)))
    return path


def camera_path(subject: Subject, folder: Path) -> Path:
    return folder / f"{subject.name}-{WIDTH}x{HEIGHT}-{FPS}-{LOOP}.y4m"


def write_y4m(path: Path, frames: Iterable[Image]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420\n".encode())
        for frame in frames:
            out.write(b"FRAME\n" + _i420(frame))
    part.rename(path)


def microphone_file(subject: Subject, folder: Path) -> Path:
    """A steady tone for --use-file-for-fake-audio-capture (whole periods: no click at the loop)."""
    path = folder / f"{subject.name}-{subject.tone_hz}hz.wav"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        seconds = np.arange(SAMPLE_RATE * 10) / SAMPLE_RATE
        samples = (0.5 * 32767 * np.sin(2 * np.pi * subject.tone_hz * seconds)).astype("<i2")
        part = path.with_suffix(".part")
        with wave.open(str(part), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(SAMPLE_RATE)
            out.writeframes(samples.tobytes())
        part.rename(path)
    return path


def _i420(frame: Image) -> bytes:
    """RGB to planar YUV 4:2:0, BT.601 limited range, the way cameras deliver it."""
    rgb = frame.astype(np.float32)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 16 + 0.257 * red + 0.504 * green + 0.098 * blue
    cb = 128 - 0.148 * red - 0.291 * green + 0.439 * blue
    cr = 128 + 0.439 * red - 0.368 * green - 0.071 * blue
    planes = (luma, cb[::2, ::2], cr[::2, ::2])
    return b"".join(plane.round().clip(0, 255).astype(np.uint8).tobytes() for plane in planes)
