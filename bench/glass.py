"""From the phone's own picture to the console's, frame by frame; ours, and a bare page's.

    python -m bench.glass [--blocks 5] [--seconds 6]

Every frame of the fake camera carries its number. The caller's page and the viewer's each note
when they present which frame; the difference is the delay. Both ways take turns, a block each, so
that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from playwright.sync_api import Page

from bench.figures import Check, keep, percentile, table, verdict
from bench.ground import REST, Ground
from bench.modes import LIVEKIT, PATIENCE, Shot, livekit, warm
from dispatch.tests.e2e import media, sight

SIGHTLINE = "sightline"
MODES: dict[str, Callable[[Ground, str, ExitStack], Shot]] = {SIGHTLINE: warm, LIVEKIT: livekit}
OWN = "#own"
SHOWN = {SIGHTLINE: "video[data-publisher]", LIVEKIT: "#remote"}
SETTLE = 2.0  # seconds after the first frame in which buffers find their size
AIM = 5.0  # ms more than the bare page, at the median
FEWEST = 0.8  # share of the camera's frames that must have been seen at both ends
LOOP_MS = 1000 * media.LOOP / media.FPS


@dataclass(frozen=True)
class Block:
    """One call's delays, in ms."""

    mode: str
    delays: list[float]


def record(ground: Ground, mode: str, seconds: float) -> Block:
    """One call, measured for so long once it has settled."""
    with ExitStack() as opened:
        shot = MODES[mode](ground, REST, opened)
        shot.tap()
        seen = "() => __marks.first?.corners"
        shot.viewer.wait_for_function(seen, timeout=PATIENCE, polling=50)
        sight.assert_udp(shot.phone)
        sight.assert_udp(shot.viewer, shot.udp_port)
        shot.viewer.wait_for_timeout(SETTLE * 1000)
        trails = [follow(shot.phone, OWN), follow(shot.viewer, SHOWN[mode])]
        shot.viewer.wait_for_timeout(seconds * 1000)
        shown = stamps(shot.viewer, trails[1])
        given = stamps(shot.phone, trails[0])
    delays = match(given, shown)
    wanted = FEWEST * seconds * media.FPS
    assert len(delays) >= wanted, (
        f"{mode}: only {len(delays)} frames at both ends, not {wanted:.0f}"
    )
    return Block(mode, delays)


def follow(page: Page, selector: str) -> int:
    trail: int = page.evaluate("(selector) => __probe.follow(selector)", selector)
    return trail


def stamps(page: Page, trail: int) -> list[tuple[float, int]]:
    """When each whole frame was first presented, by the wall clock in ms, and its number."""
    origin = float(page.evaluate("performance.timeOrigin"))
    raw: list[Any] = page.evaluate("(trail) => __probe.unfollow(trail)", trail)
    found: list[tuple[float, int]] = []
    for at, stamp, *_ in raw:
        if stamp is not None and (not found or found[-1][1] != stamp):
            found.append((origin + float(at), int(stamp)))
    return found


def match(given: list[tuple[float, int]], shown: list[tuple[float, int]]) -> list[float]:
    """For each frame shown, how long ago the phone presented the same one. The camera's film is a
    loop, so a number counts once within half of its length."""
    delays = []
    for at, stamp in shown:
        ago = [at - then for then, number in given if number == stamp]
        near = [ms for ms in ago if abs(ms) < LOOP_MS / 2]
        if near:
            delays.append(min(near, key=abs))
    return delays


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--blocks", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=6, help="of each block")
    told = asked.parse_args()
    began = time.monotonic()
    blocks: list[Block] = []
    with Ground(None) as ground:
        for turn in range(told.blocks):
            order = list(MODES)[:: 1 if turn % 2 == 0 else -1]
            blocks += [record(ground, mode, told.seconds) for mode in order]
            sys.stderr.write(f"\r  block {turn + 1} of {told.blocks} ")
            sys.stderr.flush()
    sys.stderr.write("\n")
    delays = {
        mode: [ms for block in blocks if block.mode == mode for ms in block.delays]
        for mode in MODES
    }
    rows = [
        [mode, str(len(ms)), *(f"{percentile(ms, share):.0f}" for share in (0.5, 0.95, 0.99))]
        for mode, ms in delays.items()
    ]
    print(table(["phone's picture → console's, ms", "frames", "p50", "p95", "p99"], rows))
    more = percentile(delays[SIGHTLINE], 0.5) - percentile(delays[LIVEKIT], 0.5)
    checks = [Check("ms more than the bare page, at the median", more, AIM, must=False)]
    print(checks[0])
    kept = keep("glass", {"blocks": [asdict(b) for b in blocks], "more_ms": more})
    print(f"{kept}, {time.monotonic() - began:.0f} s")
    return verdict(checks)


if __name__ == "__main__":
    sys.exit(main())
