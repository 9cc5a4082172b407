"""Fixes accepted and stored, for each second of processor time, at a thousand callers.

    python -m bench.intake [--callers 1000] [--seconds 15] [--every 1]

The real web process and a PostgreSQL that really writes (fsync); the callers are a process of
their own, which is not counted. In the same run: the way of before (peer.py), and bare psycopg into
a table of the same shape (floor.py). Then the board's snapshot with 10, 100 and 1,000 open calls.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from bench.figures import Check, keep, percentile, table, verdict
from bench.intake.processor import Processor
from scripts.sightline.app import Web
from scripts.sightline.paths import PYTHON, ROOT
from scripts.sightline.stack import Stack

CENTRES = 10  # that the callers are spread over
BOARDS = (10, 100, 1_000)
NOW, BEFORE = "in batches", "one by one"
WAYS = ("socket", "http")


class PeerWeb(Web):
    """The same process with the intake of before."""

    def command(self) -> list[str]:
        return [
            "bench.intake.peer:application" if word == "dispatch.asgi:application" else word
            for word in super().command()
        ]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"BENCH_PEER": "1"}


@dataclass(frozen=True)
class Run:
    """A thousand callers, for a while, on one web process."""

    intake: str
    way: str
    seconds: float
    answered: int
    acked: int
    stored: int
    answers_ms: list[float]
    web_s: float
    postgres_s: float

    @property
    def per_core(self) -> float:
        """Fixes for each second of processor time, of web and PostgreSQL together."""
        return self.stored / (self.web_s + self.postgres_s)


class Ground:
    """Database, Redis, and one web process at a time."""

    def __init__(self, stack: Stack, callers: list[Any]) -> None:
        self.stack, self.callers = stack, callers

    def run(self, intake: str, way: str, seconds: float, every: float) -> Run:
        kind = Web if intake == NOW else PeerWeb
        web = kind(
            base=self.stack.root,
            env=self.stack.env | {"LOG_LEVEL": "WARNING"},
            port=self.stack.ports["web"],
            log_dir=self.stack.log_dir,
        )
        web.start()
        try:
            web.wait_ready()
            return self._load(intake, way, seconds, every, web)
        finally:
            web.stop()

    def _load(self, intake: str, way: str, seconds: float, every: float, web: Web) -> Run:
        boot = f"boot-{len(intake)}-{way}-{time.monotonic_ns()}"
        asked = {
            "port": web.port,
            "way": way,
            "boot": boot,
            "seconds": seconds,
            "every": every,
            "callers": [(str(one.session), one.cookie) for one in self.callers],
        }
        processors = Processor(web.pid), Processor(self.stack.postgres.pid)
        with subprocess.Popen(
            [str(PYTHON), "-m", "bench.intake.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as load:
            assert load.stdin
            assert load.stdout
            assert load.stderr
            load.stdin.write(msgspec.json.encode(asked))
            load.stdin.close()
            said = load.stderr.readline()
            assert said == b"ready\n", said + load.stderr.read()
            began, before = time.monotonic(), [one.seconds() for one in processors]
            said = load.stderr.readline()
            assert said == b"done\n", said + load.stderr.read()
            took = time.monotonic() - began
            used = [one.seconds() - then for one, then in zip(processors, before, strict=True)]
            tally = msgspec.json.decode(load.stdout.read())
        return Run(
            intake=intake,
            way=way,
            seconds=took,
            answered=len(tally["answers_ms"]),
            acked=tally["acked"],
            stored=_stored(boot),
            answers_ms=tally["answers_ms"],
            web_s=used[0],
            postgres_s=used[1],
        )


def _stored(boot: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM callers_fix WHERE boot = %s", [boot])
        return int(cursor.fetchone()[0])


def rates(stack: Stack, callers: list[Any], seconds: float) -> list[Any]:
    """Storing alone: bare, ours, and the way of before, without any web around it."""
    from django.db import connections
    from django.utils import timezone

    from bench.intake import floor, peer
    from callers import fixes, track
    from callers.models import CallerSession
    from dispatch.centres.access import scope

    used = Processor(os.getpid(), stack.postgres.pid)
    of_call = [(one.call, one.session) for one in callers]
    serial = iter(range(1, 2**31))
    queue = fixes.Intake()

    def point(one: Any, boot: str) -> track.Point:
        now = timezone.now()
        values = (-72.9, 41.3, 12.5, None, 90.0, 1.4, now, now, now, False)
        return track.Point(one.session, boot, next(serial), *values)

    def ours() -> int:
        done = [
            queue.put(fixes.Post(one.centre, one.session, [point(one, "bench-ours")]))
            for one in callers
        ]
        for future in done:
            future.result(60)
        return len(done)

    def before() -> int:
        one = callers[next(serial) % len(callers)]
        with scope(one.centre):
            call = CallerSession.objects.select_related("call").get(pk=one.session).call
            peer.take(one.centre, call, [point(one, "bench-before")])
        connections.close_all()
        return 1

    with floor.table(stack.database_url) as wire:
        wall = callers[0].centre.pk
        found = [
            floor.measure("COPY", seconds, used, partial(floor.by_copy, wire, of_call, wall)),
            floor.measure("unnest", seconds, used, partial(floor.by_unnest, wire, of_call, wall)),
        ]
    return [
        *found,
        floor.measure(NOW, seconds, used, ours),
        floor.measure(BEFORE, seconds, used, before, threads=8),
    ]


def measure(told: argparse.Namespace) -> dict[str, Any]:
    """Everything, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        # Not temporary in its own sense: that would be a database that never waits for the disk.
        stack = Stack(Path(folder), parts=("postgres", "redis"), temporary=False)
        try:
            with stack:
                return _measure(stack, told)
        finally:
            stack.postgres.remove()


def _measure(stack: Stack, told: argparse.Namespace) -> dict[str, Any]:
    stack.migrate()
    os.environ.update(stack.env | {"LOG_LEVEL": "WARNING"})
    import django

    django.setup()
    from bench.intake import board

    say("making the callers")
    callers = [
        caller
        for number in range(CENTRES)
        for caller in board.people(
            board.centre(f"Centre {number}"), told.callers // CENTRES, lived=False
        )
    ]
    ground = Ground(stack, callers)
    runs = []
    for intake in (NOW, BEFORE):
        for way in WAYS:
            say(f"{len(callers)} callers by {way}, {intake}")
            runs.append(ground.run(intake, way, told.seconds, told.every))
    say("storing alone")
    alone = rates(stack, callers, told.seconds / 3)
    boards = []
    for calls in told.boards:
        say(f"a board of {calls} calls")
        of = board.centre(f"Board of {calls}")
        board.people(of, calls, lived=True)
        boards.append(board.measure(of))
    return {"callers": len(callers), "runs": runs, "alone": alone, "boards": boards}


def say(what: str) -> None:
    sys.stderr.write(f"  {what}\n")
    sys.stderr.flush()


def report(found: dict[str, Any]) -> list[Check]:
    """Print the tables; what is required of them."""
    runs: list[Run] = found["runs"]
    rows = [
        [
            f"{run.way}, {run.intake}",
            f"{run.stored / run.seconds:.0f}",
            f"{run.per_core:.0f}",
            f"{run.web_s / run.seconds:.2f} + {run.postgres_s / run.seconds:.2f}",
            *(f"{percentile(run.answers_ms, share):.0f}" for share in (0.5, 0.99)),
        ]
        for run in runs
    ]
    head = [f"{found['callers']} callers", "stored/s", "per core", "cores: web + PostgreSQL"]
    print(table([*head, "p50 ms", "p99 ms"], rows))
    print()
    rows = [
        [rate.name, f"{rate.rows / rate.seconds:.0f}", f"{rate.per_core:.0f}"]
        for rate in found["alone"]
    ]
    print(table(["storing alone", "rows/s", "per core"], rows))
    print()
    rows = [
        [
            f"{board.calls} open calls",
            str(board.items),
            str(board.queries),
            f"{percentile(board.took_ms, 0.5):.1f}",
            f"{board.took_ms[-1]:.1f}",
        ]
        for board in found["boards"]
    ]
    print(table(["board's snapshot", "items", "queries", "median ms", "most"], rows))
    print()
    by = {(run.intake, run.way): run for run in runs}
    ours = [run for run in runs if run.intake == NOW]
    cost = {way: by[BEFORE, way].per_core / by[NOW, way].per_core for way in WAYS}
    return [
        Check("answers that acked what is not stored", lost(ours), 0, must=True),
        Check("stored more often than acked", doubled(ours), 0, must=True),
        Check("share of the cost of before, by socket", cost["socket"], 0.67, must=True),
        Check("p99 of the answer by socket, ms", _p99(by[NOW, "socket"]), 100, must=False),
        Check(
            "queries of the largest board beyond the smallest's",
            found["boards"][-1].queries - found["boards"][0].queries,
            0,
            must=True,
        ),
    ]


def lost(runs: list[Run]) -> int:
    return sum(max(0, run.acked - run.stored) for run in runs)


def doubled(runs: list[Run]) -> int:
    return sum(max(0, run.stored - run.answered) for run in runs)


def _p99(run: Run) -> float:
    return percentile(run.answers_ms, 0.99)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--callers", type=int, default=1_000)
    asked.add_argument("--seconds", type=float, default=15, help="of each run")
    asked.add_argument("--every", type=float, default=1, help="seconds between a caller's fixes")
    asked.add_argument("--boards", type=int, nargs="+", default=[*BOARDS], help="open calls")
    told = asked.parse_args()
    began = time.monotonic()
    found = measure(told)
    checks = report(found)
    for check in checks:
        print(check)
    runs = [
        {name: value for name, value in asdict(run).items() if name != "answers_ms"}
        | {"per_core": run.per_core, "p99_ms": _p99(run)}
        for run in found["runs"]
    ]
    plain = {name: [asdict(one) for one in found[name]] for name in ("alone", "boards")}
    kept = keep("intake", {"callers": found["callers"], "runs": runs, **plain})
    print(f"{kept}, {time.monotonic() - began:.0f} s")
    return verdict(checks)


if __name__ == "__main__":
    sys.exit(main())
