"""Positions to many consoles through one web process; ours, Channels' group send, and bare `ws`.

    python -m bench.fanout [--consoles 100] [--rate 100] [--seconds 5] [--rounds 3]

The real web process with the real console's socket, everybody signed in, as many open calls as
fixes a second: a call's position is pushed at most twice a second, so a hundred fixes a second
are those of fifty calls or more. The three take turns; each gets the same bytes by Redis and
writes the same bytes to the same readers, who read everything.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.fanout_ways import GROUP, OURS, WS, Way, bare_ws, group, layer, ours
from bench.figures import Check, keep, percentile, table, verdict
from scripts.sightline.paths import ROOT
from scripts.sightline.stack import Stack

#: Shares of a peer's CPU seconds per delivery that ours may take.
OF_GROUP, OF_WS = 1 / 4, 1.5
P99_MS = 50.0
WARM_UP_S = 1.0
STILL_S = 2.0  # nothing has come for so long: what is missing does not come any more
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Round:
    """One turn of one way."""

    way: str
    published: int
    rate: float  # really published, a second
    delays: list[float]  # ms
    lost: int
    doubled: int
    cpu: float  # seconds of the serving process, all its threads

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor for each delivery."""
        return self.cpu / max(1, len(self.delays)) * 1e6


class Readers:
    """The process that holds all sockets of one turn."""

    def __init__(self, way: Way, sockets: int) -> None:
        arguments = [str(way.port), way.path, str(sockets), way.cookie, way.hello]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.fanout_reader", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"

    def ask(self, what: str) -> Any:
        assert self._process.stdin
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the readers have ended"
        return json.loads(line)


class Publisher:
    """Says one position after the other, each a new version, at a steady pace."""

    def __init__(self, values: list[dict[str, Any]]) -> None:
        self._values = values
        self._version = 1

    def run(self, way: Way, *, numbers: range, rate: float) -> float:
        """Publish so many; the seconds it took."""
        began = time.monotonic()
        for turn, number in enumerate(numbers):
            due = began + turn / rate
            time.sleep(max(0.0, due - time.monotonic()))
            if turn % len(self._values) == 0:
                self._version += 1
            value = self._values[turn % len(self._values)]
            body = {**value["body"], "n": number, "sent": time.monotonic_ns()}
            way.publish({**value, "version": self._version, "body": body})
        return time.monotonic() - began


def measure(way: Way, publisher: Publisher, *, consoles: int, rate: float, seconds: float) -> Round:
    """One turn."""
    readers = Readers(way, consoles)
    try:
        warm = int(WARM_UP_S * rate)
        publisher.run(way, numbers=range(-warm, 0), rate=rate)
        settle(readers, warm * consoles)
        before, count = cpu(way.pid), int(seconds * rate)
        took = publisher.run(way, numbers=range(count), rate=rate)
        settle(readers, (warm + count) * consoles)
        used = cpu(way.pid) - before
        found = readers.ask("stop")
    finally:
        readers.close()
    different = sum(own for own, _ in found["got"])
    return Round(
        way.name,
        published=count,
        rate=count / took,
        delays=[delay / 1e6 for delay in found["delays"]],
        lost=count * consoles - different,
        doubled=sum(every for _, every in found["got"]) - different,
        cpu=used,
    )


def settle(readers: Readers, wanted: int) -> None:
    """Return when all has come, or nothing more does."""
    had, since = -1, time.monotonic()
    while (got := readers.ask("count")) < wanted and time.monotonic() - since < STILL_S:
        if got != had:
            had, since = got, time.monotonic()
        time.sleep(0.1)


def cpu(pid: int) -> float:
    """Seconds of processor that a process has used, in user and in system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--consoles", type=int, default=100)
    asked.add_argument("--rate", type=float, default=100, help="fixes a second")
    asked.add_argument("--seconds", type=float, default=5, help="of each turn")
    asked.add_argument("--rounds", type=int, default=3)
    told = asked.parse_args()
    rounds: list[Round] = []
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="sightline-fanout-"))
        stack = opened.enter_context(Stack(Path(folder), parts=("postgres", "redis", "web")))
        mine, values = ours(stack, calls=max(1, round(told.rate)))
        layer(stack)
        ways = [mine, opened.enter_context(group(stack)), opened.enter_context(bare_ws(stack))]
        publisher = Publisher(values)
        for _ in range(told.rounds):
            for way in ways:
                one = measure(
                    way,
                    publisher,
                    consoles=told.consoles,
                    rate=told.rate,
                    seconds=told.seconds,
                )
                print(
                    f"{one.way}: {len(one.delays)} deliveries, {one.cpu:.2f} s of CPU", flush=True
                )
                rounds.append(one)
    return report(rounds, vars(told))


def report(rounds: list[Round], told: dict[str, Any]) -> int:
    by_way = {way: [one for one in rounds if one.way == way] for way in (OURS, GROUP, WS)}
    rows, cost = [], {}
    for way, found in by_way.items():
        delays = [delay for one in found for delay in one.delays]
        cost[way] = median(one.cpu_us for one in found)
        rows.append(
            [
                way,
                f"{median(one.rate for one in found):.0f}",
                str(sum(one.lost for one in found)),
                str(sum(one.doubled for one in found)),
                f"{percentile(delays, 0.5):.1f}",
                f"{percentile(delays, 0.99):.1f}",
                f"{1e6 / cost[way]:,.0f}",
                f"{cost[way] / cost[OURS]:.2f}",
            ]
        )
    head = ["", "fixes/s", "lost", "doubled", "p50 ms", "p99 ms", "deliveries/CPU s", "CPU ÷ ours"]
    print()
    print(table(head, rows))
    mine = by_way[OURS]
    delays = [delay for one in mine for delay in one.delays]
    checks = [
        Check("lost or doubled", sum(one.lost + one.doubled for one in mine), 0, must=True),
        Check("CPU per delivery ÷ group send's", cost[OURS] / cost[GROUP], OF_GROUP, must=True),
        Check("CPU per delivery ÷ bare ws's", cost[OURS] / cost[WS], OF_WS, must=False),
        Check("p99, ms", percentile(delays, 0.99), P99_MS, must=False),
    ]
    print()
    print("\n".join(map(str, checks)))
    kept = keep(
        "fanout",
        {
            "asked": told,
            "rounds": [
                {
                    "way": one.way,
                    "rate": one.rate,
                    "deliveries": len(one.delays),
                    "lost": one.lost,
                    "doubled": one.doubled,
                    "cpu_s": one.cpu,
                    "p50_ms": percentile(one.delays, 0.5),
                    "p99_ms": percentile(one.delays, 0.99),
                }
                for one in rounds
            ],
        },
    )
    print(f"\nAll figures: {kept.relative_to(ROOT)}")
    return verdict(checks)


if __name__ == "__main__":
    raise SystemExit(main())
