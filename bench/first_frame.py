"""From the tap to the first camera frame on the console: ours, and two bare peers, in turns.

    python -m bench.first_frame [--runs 20] [--slow-runs N] [--minutes 11]

Exit code 1 when a requirement is not met, or when runs failed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import asdict
from statistics import median

from playwright.sync_api import Error

from bench.figures import Check, Spread, keep, table, verdict
from bench.ground import REST, Ground
from bench.lane import SLOW, possible
from bench.modes import EARLY, LIVEKIT, MODES, PAIR, WARM, Run, run

REQUIRED_WARM, REQUIRED_EARLY = 0.5, 1.15  # of the bare livekit-client page, at rest
#: Stages worth a column, in their order; the rest is in the JSON file.
STAGES = (
    "camera",
    "session",
    "media code",
    "seat",
    "signalling",
    "answered",
    "handed over",
    "connected",
    "console knew",
    "frame received",
)


class Record:
    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.repeated: list[str] = []
        self.failed: list[str] = []

    def take(self, ground: Ground, mode: str, place: str) -> None:
        """One run; one that cannot be judged is told, and made once more."""
        for again in (True, False):
            try:
                self.runs.append(run(ground, mode, place))
            except (AssertionError, Error) as error:
                said = f"{mode}, {place}: {str(error).splitlines()[0]}"
                (self.repeated if again else self.failed).append(said)
                sys.stderr.write(f"  failed: {said}\n")
            else:
                return

    def of(self, mode: str, place: str) -> list[Run]:
        return [one for one in self.runs if (one.mode, one.place) == (mode, place)]

    def spread(self, mode: str, place: str) -> Spread:
        return Spread.of([one.ms for one in self.of(mode, place)])


def measure(ground: Ground, runs: dict[str, int], deadline: float) -> Record:
    """All modes of a place in turns, each round beginning with another one."""
    record, modes = Record(), list(MODES)
    for place in ground.places:
        for mode in modes:
            Record().take(ground, mode, place)  # the first warms caches, and is thrown away
        for turn in range(runs[place]):
            if time.monotonic() > deadline:
                sys.stderr.write(f"  {place}: out of time after {turn} rounds\n")
                break
            at = turn % len(modes)
            for mode in modes[at:] + modes[:at]:
                record.take(ground, mode, place)
            sys.stderr.write(f"\r  {place}: round {turn + 1} of {runs[place]} ")
            sys.stderr.flush()
        sys.stderr.write("\n")
    return record


def medians(runs: list[Run]) -> dict[str, float]:
    """The median of each stage that most runs have."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in runs:
        for name, ms in one.stages.items():
            found[name].append(ms)
    return {name: median(ms) for name, ms in found.items() if len(ms) * 2 > len(runs)}


def first_frames(record: Record, place: str) -> str:
    bare, floor = record.spread(LIVEKIT, place), record.spread(PAIR, place)
    rows = []
    for mode in MODES:
        got = record.spread(mode, place)
        ratios = f"{got.median / bare.median:.2f}", f"{got.median / floor.median:.2f}"
        rows.append([mode, str(got.n), str(got), *ratios])
    head = ["tap → first frame, ms", "runs", "min / median / max", "÷ livekit", "÷ pair"]
    return table(head, rows)


def stages(record: Record, place: str) -> str:
    found = {mode: medians(record.of(mode, place)) for mode in MODES}
    rows = [
        [mode, *(f"{at[name]:.0f}" if name in at else "" for name in STAGES)]
        for mode, at in found.items()
    ]
    return table(["median ms after the tap", *STAGES], rows)


def cold(record: Record, place: str) -> str:
    """What a browser that was never here waits for and takes."""
    rows = []
    for mode in (EARLY, LIVEKIT):
        runs = record.of(mode, place)
        usable = Spread.of([one.cold["usable"] for one in runs])
        frame = Spread.of([one.cold["first frame"] for one in runs])
        kinds = sorted({kind for one in runs for kind in one.kilobytes})
        weights = {kind: median([one.kilobytes.get(kind, 0.0) for one in runs]) for kind in kinds}
        told = " · ".join(f"{kind} {weight:.0f}" for kind, weight in weights.items())
        rows.append([mode, str(usable), str(frame), f"{sum(weights.values()):.0f}: {told}"])
    return table(["page cold, ms after it was asked for", "button", "first frame", "kB"], rows)


def checks(record: Record) -> list[Check]:
    warm, early, bare, floor = (
        record.spread(mode, REST).median for mode in (WARM, EARLY, LIVEKIT, PAIR)
    )
    return [
        Check("warm ÷ bare livekit-client, at rest", warm / bare, REQUIRED_WARM, must=True),
        Check("tap before the seat ÷ bare livekit-client", early / bare, REQUIRED_EARLY, must=True),
        Check("warm ÷ bare peer connections, at rest", warm / floor, 1.0, must=False),
    ]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=20, help="of each mode, at rest")
    asked.add_argument("--slow-runs", type=int, help="of each mode, on the slow link")
    asked.add_argument("--minutes", type=float, default=11, help="begin no round after these")
    told = asked.parse_args()
    began = time.monotonic()
    link = SLOW if possible() and told.slow_runs != 0 else None
    if not possible():
        sys.stderr.write("  No slow link: network namespaces need root, `ip` and `tc`.\n")
    with Ground(link) as ground:
        slow_runs = told.runs if told.slow_runs is None else told.slow_runs
        runs = {place: told.runs if place == REST else slow_runs for place in ground.places}
        record = measure(ground, runs, began + told.minutes * 60)
        places = ground.places
    for place in places:
        print(f"\n── {place}\n")
        for part in (first_frames, stages, cold):
            print(part(record, place), "\n")
    judged = checks(record)
    print("\n".join(map(str, judged)))
    print(f"clocks of two pages apart by at most {max(r.skew_ms for r in record.runs):.1f} ms")
    print("every run over UDP (asserted)" if not record.failed else "FAILED RUNS:")
    for line in record.failed:
        print(f"  {line}")
    for line in record.repeated:
        print(f"repeated: {line}")
    content = {
        "runs": [asdict(one) for one in record.runs],
        "failed": record.failed,
        "repeated": record.repeated,
        "checks": [asdict(check) | {"ok": check.ok} for check in judged],
    }
    print(f"{keep('first-frame', content)}, {time.monotonic() - began:.0f} s")
    return verdict(judged) or int(bool(record.failed))


if __name__ == "__main__":
    sys.exit(main())
