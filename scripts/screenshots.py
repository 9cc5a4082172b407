"""Pictures of every surface, made by doing the main job: `make screenshots`.

They go to docs/images, at phone and desktop width, light and dark, as small palette PNGs.
`python -m scripts.screenshots console` takes only those of the console's states, `… pages` only
those of all other pages; most of the latter go to var/pictures, to be looked at and not kept.
"""

from __future__ import annotations

import re
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect, sync_playwright

from dispatch.tests.e2e import media, sight
from dispatch.tests.e2e.browsers import Browsers
from dispatch.tests.e2e.lab import Lab
from dispatch.tests.e2e.media import Image, Subject
from dispatch.tests.e2e.pages import CallerPage, ConsolePage
from dispatch.tests.e2e.scene import HARBOUR, Scene, Town
from scripts import console_states, page_states
from scripts.sightline.paths import ROOT, VAR
from scripts.sightline.stack import Stack

IMAGES = ROOT / "docs" / "images"
SPARE = VAR / "pictures"
STREET = Subject("street", (0, 0, 0), 300)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 768}


class Album:
    def __init__(self, scene: Scene, kept: frozenset[str] | None = None) -> None:
        """`kept`: only these go to the documentation, the others to var/pictures."""
        self.scene = scene
        self.kept = kept

    def take(self, page: Page, name: str, *schemes: str) -> None:
        """One picture a colour scheme; the console has its own themes, see `console_theme`."""
        for scheme in schemes or ("light",):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.wait_for_function("() => document.fonts.status === 'loaded'")
            self.keep(page, f"{name}-{scheme}")
        page.emulate_media(color_scheme="light")

    def keep(self, page: Page, name: str) -> None:
        shot = sight.decode_png(self.scene.bench, page.screenshot())
        folder = IMAGES if self.kept is None or name in self.kept else SPARE
        path = folder / f"{name}.png"
        path.write_bytes(palette_png(shot))
        sys.stdout.write(f"  {path.relative_to(ROOT)}  {path.stat().st_size // 1024} KB\n")


def main() -> None:
    for folder in (IMAGES, SPARE):
        folder.mkdir(parents=True, exist_ok=True)
    only = sys.argv[1:]
    files = VAR / "e2e" / "media"
    camera = media.camera_path(STREET, files)
    if not camera.exists():
        media.write_y4m(camera, street())
    with (
        tempfile.TemporaryDirectory(prefix="sightline-pictures-") as directory,
        sync_playwright() as playwright,
        Stack(Path(directory), port=0) as stack,
    ):
        browsers, lab = Browsers(playwright, files), Lab()
        scene = Scene(Town(stack, browsers, lab, Path(directory) / "unused"))
        album = Album(scene)
        if not only:
            tour(scene, album)
        if only != ["pages"]:
            console_states.tour(scene, album, STREET)
        if only != ["console"]:
            page_states.tour(scene, Album(scene, page_states.KEPT), STREET)
        scene.close()
        browsers.close()
        lab.close()


def tour(scene: Scene, album: Album) -> None:
    staff_pages(scene, album)
    console = scene.console()
    album.keep(console.page, "console-empty")

    number, call, link = scene.request(console)
    for width, size in (("phone", PHONE), ("desktop", DESK)):
        reader = scene.caller(link, STREET, viewport=size)
        reader.until("reading", "ready")
        album.take(reader.page, f"caller-reading-{width}", "light", "dark")
        reader.page.close()
    dead = scene.caller(link[:-4] + "0000", STREET, viewport=PHONE)
    dead.until("dead")
    album.take(dead.page, "caller-dead-phone")

    console.select(number)
    caller = scene.caller(link, STREET, viewport=PHONE)
    caller.seated()
    watch = console.watch()
    caller.tap()
    caller.until("live")
    caller.write("two cars, one person is inside")
    console.write("Help is on the way. Stay off the road.")
    console.until_stage(call, "first_frame")
    console.until_position(*HARBOUR)
    sight.until(console.page, lambda: len(watch.camera_frames()) > 60, "a settled picture")
    caller.page.get_by_text("Help is on the way").first.wait_for()
    album.take(caller.page, "caller-live-phone", "light", "dark")
    waiting_calls(scene)
    for theme in ("Dark", "Light"):
        console_states.wear(console.page, theme)
        still_there(console, caller)
        album.keep(console.page, f"console-live-{theme.lower()}")
    console_states.wear(console.page, "Dark")
    console.page.set_viewport_size({"width": 390, "height": 844})
    album.keep(console.page, "console-live-phone")
    console.page.set_viewport_size({"width": 1366, "height": 768})

    console.select(number)
    console.action("Close call").click()
    ended(caller, album)
    album.keep(console.page, "console-closed")
    phone = scene.phone
    phone.page.goto(phone.url)
    for width, size in (("phone", PHONE), ("desktop", DESK)):
        phone.page.set_viewport_size({"width": size["width"], "height": size["height"]})
        album.take(phone.page, f"demo-phone-{width}")


def still_there(console: ConsolePage, caller: CallerPage) -> None:
    """A phone reports again where it is; a browser's emulated one has to be told to."""
    latitude, longitude = HARBOUR
    place = {"latitude": latitude, "longitude": longitude, "accuracy": 12}
    caller.page.context.set_geolocation(place)  # type: ignore[arg-type]
    fresh = re.compile(r"· [01] s ago")
    expect(console.position).to_contain_text(fresh)


def ended(caller: CallerPage, album: Album) -> None:
    caller.goodbye.wait_for()
    album.take(caller.page, "caller-ended-phone", "light", "dark")


def waiting_calls(scene: Scene) -> None:
    """Some more calls on the board, each further than the one before."""
    colleague = scene.console("colleague")
    for step in range(3):
        _, call, link = scene.request(colleague)
        if step:
            scene.caller(link, STREET, viewport=PHONE)
            colleague.until_stage(call, "opened")


def staff_pages(scene: Scene, album: Album) -> None:
    """Sign-in and the admin."""
    for width, size in (("phone", PHONE), ("desktop", DESK)):
        page = scene.stranger(viewport=size)
        page.goto(f"{scene.origin}/account/login/")
        album.keep(page, f"login-{width}")
    admin = scene.signed_in("administrator", viewport=DESK)
    admin.goto(f"{scene.origin}/admin/")
    album.keep(admin, "admin-desktop")
    admin.set_viewport_size({"width": 390, "height": 844})
    album.keep(admin, "admin-phone")


def palette_png(frame: Image) -> bytes:
    """A PNG of at most 256 colours: the commonest ones, the others as the nearest of them."""
    height, width = frame.shape[:2]
    coarse = (frame & 0xF8).astype(np.uint32)
    keys = (coarse[..., 0] << 16 | coarse[..., 1] << 8 | coarse[..., 2]).ravel()
    found, index, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kept = np.argsort(counts)[::-1][:256]
    colours = _mean_colours(frame.reshape(-1, 3), index, kept)
    spread = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.int32)
    nearest = np.empty(len(found), np.uint8)
    for start in range(0, len(found), 1024):
        part = spread[start : start + 1024, None, :] - colours[None, :, :]
        nearest[start : start + 1024] = (part**2).sum(axis=2).argmin(axis=1)
    rows = nearest[index].reshape(height, width)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", colours.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(raw, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _mean_colours(
    pixels: Image, index: NDArray[np.intp], kept: NDArray[np.intp]
) -> NDArray[np.int32]:
    """The true mean of the pixels behind each kept colour, so that nothing shifts."""
    counts = np.maximum(np.bincount(index), 1)
    means = [np.bincount(index, weights=pixels[:, c]) / counts for c in range(3)]
    return np.stack(means, axis=1)[kept].round().astype(np.int32)


def street() -> Iterator[Image]:
    """What a passer-by might film: a wet road at dusk, a car in the ditch, blinking lights."""
    height, width = media.HEIGHT, media.WIDTH
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sky = np.stack([70 + y * 0.35, 80 + y * 0.30, 120 - y * 0.05], axis=2)
    scene = sky.copy()
    hill = y > 150 + 18 * np.sin(x / 90) + 10 * np.sin(x / 37)
    scene[hill] = (46, 58, 52)
    road = (y > 190) & (abs(x - 300) < (y - 180) * 1.7)
    scene[road] = (58, 60, 66)
    dash = (
        (abs(x - 300) < (y - 180) * 0.035 + 1)
        & (y > 192)
        & (1500 / np.maximum(y - 178, 1) % 12 < 6)
    )
    scene[dash] = (190, 186, 170)
    for post in (60, 130, 480, 570):
        scene[(abs(x - post) < 3) & (y > 140) & (y < 230)] = (32, 34, 36)
    lean = y - (x - 430) * 0.22
    body = (abs(x - 440) < 78) & (lean > 205) & (lean < 246)
    cabin = (abs(x - 445) < 42) & (lean > 178) & (lean <= 206)
    scene[body], scene[cabin] = (128, 34, 38), (28, 34, 44)
    for wheel in (392, 492):
        tyre = 244 + (wheel - 430) * 0.22
        scene[(x - wheel) ** 2 + (y - tyre) ** 2 < 17**2] = (18, 18, 20)
    for number in range(media.LOOP):
        frame = scene.copy()
        if number // 8 % 2:
            for lamp in (364, 516):
                glow = np.exp(-((x - lamp) ** 2 + (y - 226 - (lamp - 430) * 0.22) ** 2) / 200)
                frame += glow[..., None] * np.array([230, 130, 20], np.float32)
        for puff in range(6):
            age = (number / media.LOOP * 3 + puff / 6) % 1
            cx, cy, r = 500 + 70 * age + 6 * np.sin(puff), 190 - 130 * age, 12 + 46 * age
            smoke = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / r**2) * (1 - age) * 0.7
            frame += (np.array([150, 150, 155], np.float32) - frame) * smoke[..., None]
        sway = round(3 * np.sin(number / media.LOOP * 6 * np.pi))
        yield np.roll(frame, sway, axis=1).clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
