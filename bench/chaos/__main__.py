"""`python -m bench.chaos [--rows 1,3,5] [--minutes N] [--short]`: see docs/chaos.md.

Exit code 1 where a row failed. A row that could not be injected is skipped, never passed.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench.chaos.ground import Ground, Plan, Skip
from bench.chaos.plant import KINDS
from bench.chaos.row import Outcome, Row, Stage
from bench.chaos.rows import clocks, flood, pages, stores, web, webhooks, work
from bench.figures import keep, table

ROWS: list[Row] = sorted(
    (row for room in (web, stores, work, webhooks, pages, clocks, flood) for row in room.ROWS),
    key=lambda row: int(row.number),
)


async def run(
    rows: Sequence[Row], *, short: bool = False, minutes: float = 0, plant: str = ""
) -> list[Outcome]:
    """Each row on a system of its plan; rows of the same plan share one.

    `plant`: lose or double something before each judgement (bench.chaos.plant).
    """
    outcomes: list[Outcome] = []
    plans: list[Plan] = []
    for row in rows:
        if row.plan not in plans:
            plans.append(row.plan)
    for plan in plans:
        theirs = [row for row in rows if row.plan == plan]
        outcomes += await _on(plan, theirs, short=short, minutes=minutes, plant=plant)
    return sorted(outcomes, key=lambda outcome: int(outcome.row.number))


async def _on(
    plan: Plan, rows: Sequence[Row], *, short: bool, minutes: float, plant: str
) -> list[Outcome]:
    async with AsyncExitStack() as opening:
        try:
            ground = await opening.enter_async_context(Ground(plan))
        except Skip as reason:
            return [_said(Outcome(row, "skipped", [str(reason)])) for row in rows]
        except Exception as problem:  # noqa: BLE001 (it is told, and fails its rows)
            why = f"the system did not start: {type(problem).__name__}: {str(problem)[:300]}"
            return [_said(Outcome(row, "failed", [why])) for row in rows]
        return [await one(ground, row, short=short, minutes=minutes, plant=plant) for row in rows]


async def one(
    ground: Ground, row: Row, *, short: bool = False, minutes: float = 0, plant: str = ""
) -> Outcome:
    """One row on a ground that runs; whatever goes wrong is the row's failure."""
    outcome, began = Outcome(row), time.monotonic()
    try:
        async with asyncio.timeout(row.longest + minutes * 60):
            await ground.whole()
            async with Stage(ground, outcome, short=short, minutes=minutes, plant=plant) as stage:
                await row.act(stage)
                await stage.judge()
    except Skip as reason:
        outcome.state, outcome.why = "skipped", [str(reason)]
    except Exception as problem:  # noqa: BLE001 (it is told, and fails the row)
        outcome.fail(f"{type(problem).__name__}: {str(problem)[:200]}")
        outcome.notes += traceback.format_exc().strip().splitlines()[-6:]
    outcome.took = time.monotonic() - began
    return _said(outcome)


def _said(outcome: Outcome) -> Outcome:
    row, verdict = outcome.row, outcome.verdict
    print(f"\nrow {row.number}, {row.title}: {outcome.state} ({outcome.took:.0f} s)", flush=True)
    print(
        f"  {verdict.acked} acknowledged, {len(verdict.lost)} lost, {len(verdict.doubled)} doubled;"
        f" healed {outcome.heal:.1f} s {row.what} (limit {row.limit:g} s)"
    )
    for word, lines in (("why", outcome.why), ("shown", outcome.shown), ("note", outcome.notes)):
        for line in lines:
            print(f"  {word}: {line}")
    sys.stdout.flush()
    return outcome


def summary(outcomes: Sequence[Outcome]) -> str:
    """The table, and how many passed, failed and were skipped."""
    lines = [
        [
            f"{outcome.row.number} {outcome.row.title}",
            outcome.state,
            str(outcome.verdict.acked),
            str(len(outcome.verdict.lost)),
            str(len(outcome.verdict.doubled)),
            f"{outcome.heal:.1f}",
            f"{outcome.row.limit:g}",
        ]
        for outcome in outcomes
    ]
    counts = {
        state: sum(outcome.state == state for outcome in outcomes)
        for state in ("passed", "failed", "skipped")
    }
    said = ", ".join(f"{count} {state}" for state, count in counts.items())
    head = ("row", "state", "acked", "lost", "doubled", "healed s", "limit s")
    return f"\n{table(head, lines)}\n\n{said}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench.chaos", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rows", default="", help="numbers, as 1,3,5; all by default")
    parser.add_argument("--minutes", type=float, default=0, help="how long row 1 goes on killing")
    parser.add_argument("--short", action="store_true", help="fewer people and shorter faults")
    parser.add_argument("--plant", default="", choices=KINDS, help="show that rows can fail")
    options = parser.parse_args()
    wanted = [number for number in options.rows.split(",") if number]
    unknown = set(wanted) - {row.number for row in ROWS}
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    rows = [row for row in ROWS if not wanted or row.number in wanted]
    # Ended politely, everything started here is ended too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    outcomes = asyncio.run(
        run(rows, short=options.short, minutes=options.minutes, plant=options.plant)
    )
    print(summary(outcomes))
    keep("chaos", {"rows": [_record(outcome) for outcome in outcomes]})
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0


def _record(outcome: Outcome) -> dict[str, object]:
    return {
        "row": outcome.row.number,
        "state": outcome.state,
        "acked": outcome.verdict.acked,
        "lost": outcome.verdict.lost,
        "doubled": outcome.verdict.doubled,
        "healed_s": round(outcome.heal, 2),
        "limit_s": outcome.row.limit,
        "took_s": round(outcome.took, 1),
        "why": outcome.why,
        "shown": outcome.shown,
        "notes": outcome.notes,
    }


if __name__ == "__main__":
    sys.exit(main())
