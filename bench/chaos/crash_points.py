"""`kill -9` at every boundary of sending a link and closing a call, then at random moments.

    python -m bench.chaos.crash_points --kills 200 --seed 1

Real web processes and workers (dispatch.tests.crash), real HTTP, a provider that counts what it
accepts by our reference, a real LiveKit. Exit code 1 where a text went twice, or something that
was acknowledged is lost. At most about 2.5 s a kill.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.chaos import crash_boundaries, crash_broker, crash_random, crash_sleep
from bench.chaos.crash_boundaries import Boundary
from bench.figures import keep, table
from dispatch.tests.crash.scene import Scene

#: Slowest text that a killed process may cause, in seconds from its death (or from the request,
#: where that is later) to the provider.
DELAY_LIMIT_S = 3.0
RANDOM = "random kills"


@dataclass(frozen=True)
class Row:
    """What one part of the run came to."""

    name: str
    passed: bool
    figures: dict[str, float | int | str]
    why: str = ""


def rows(*, kills: int, seed: int, short: bool = False, only: str = "") -> list[Row]:
    """Every boundary once, the broker's faults, then so many random kills, on one system."""
    with (
        tempfile.TemporaryDirectory(prefix="sightline-crash-") as directory,
        Scene(Path(directory)) as scene,
    ):
        wanted = [*crash_boundaries.ALL, *crash_sleep.ALL, *(() if short else crash_broker.ALL)]
        wanted.append(Boundary("afterwards", crash_boundaries.afterwards))
        found = [_told(_boundary(scene, one)) for one in wanted if only in one.name]
        if kills and only in RANDOM:
            found.append(_told(_random(scene, kills, seed)))
    return found


def _boundary(scene: Scene, boundary: Boundary) -> Row:
    began = time.monotonic()
    try:
        figures = boundary.run(scene)
    except AssertionError as problem:
        return Row(boundary.name, False, {}, str(problem).splitlines()[0])
    late = figures.get("delay_s", 0.0) > DELAY_LIMIT_S
    took = round(time.monotonic() - began, 1)
    return Row(boundary.name, not late, {**figures, "took_s": took}, "late" if late else "")


def _random(scene: Scene, kills: int, seed: int) -> Row:
    tally = crash_random.run(scene, kills=kills, seed=seed)
    why = "; ".join(tally.why[:5])
    return Row(f"{kills} {RANDOM}, seed {seed}", not tally.why, tally.figures(), why)


def _told(row: Row) -> Row:
    figures = ", ".join(f"{name} {value}" for name, value in row.figures.items())
    print(f"{'✓' if row.passed else '✗'} {row.name}: {figures} {row.why}".rstrip(), flush=True)
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="without the broker's faults")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    options = parser.parse_args()
    found = rows(kills=options.kills, seed=options.seed, short=options.short, only=options.only)
    bad = [row for row in found if not row.passed]
    print(f"\n{len(found) - len(bad)} passed, {len(bad)} failed")
    print(table(("failed", "why"), [[row.name, row.why] for row in bad]) if bad else "")
    keep("crash-points", {"seed": options.seed, "rows": [asdict(row) for row in found]})
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
