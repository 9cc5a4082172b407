"""The examination: every part looked at once, side by side, each within its time.

A part that stands on another is not looked at when that one failed: it could only be blamed
wrongly. Nothing here raises; what goes wrong in a check is that check's result.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db import connections

from dispatch.upkeep.doctor.result import PARTS, Result, State, failed, not_checked

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Longest that one part may take, and all together, in seconds.
PART_LIMIT_S = 5.0
TOTAL_LIMIT_S = 20.0

Seen = Mapping[str, list[Result]]


@dataclass(frozen=True)
class Check:
    """How one part is looked at.

    `needs` must work, or this part is not looked at; `after` are awaited only, for what they
    found out. `look` gets the results of both.
    """

    part: str
    look: Callable[[Seen], Result | list[Result]]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    limit_s: float = PART_LIMIT_S


@dataclass
class _Run:
    checks: dict[str, Check]
    seen: dict[str, list[Result]] = field(default_factory=dict)
    done: dict[str, threading.Event] = field(default_factory=dict)


def examine(checks: Collection[Check], *, only: Collection[str] = ()) -> list[Result]:
    """Look at every part (or `only` these), and at what they stand on.

    With `only`, what they stand on is told as well where it does not work.
    """
    known = {check.part: check for check in checks}
    wanted = set(only) or set(known)
    run = _Run({part: known[part] for part in _with_ground(known, wanted)})
    run.done = {part: threading.Event() for part in run.checks}
    with _quiet():
        # Daemons: a check that hangs must not keep the process, nor its answer, waiting.
        for check in run.checks.values():
            threading.Thread(target=_carry, args=(run, check), daemon=True).start()
        until = time.monotonic() + TOTAL_LIMIT_S
        for part, event in run.done.items():
            if not event.wait(max(0.0, until - time.monotonic())):
                why = f"The time for all parts ({TOTAL_LIMIT_S:.0f} s) was over."
                run.seen.setdefault(part, [not_checked(part, why)])
    return [
        result
        for part in PARTS
        if part in run.checks
        for result in run.seen[part]
        if part in wanted or not result.works
    ]


def first_bad(seen: Seen, parts: Collection[str]) -> Result | None:
    """The first of these parts that does not work."""
    return next((r for part in parts for r in seen.get(part, []) if not r.works), None)


def _with_ground(known: Mapping[str, Check], wanted: set[str]) -> list[str]:
    found, rest = set(), list(wanted)
    while rest:
        part = rest.pop()
        if part in known and part not in found:
            found.add(part)
            rest += [*known[part].needs, *known[part].after]
    return [part for part in PARTS if part in found]


def _carry(run: _Run, check: Check) -> None:
    for part in (*check.needs, *check.after):
        if part in run.done:
            run.done[part].wait()
    # A copy: the others go on writing.
    seen = {part: run.seen[part] for part in (*check.needs, *check.after) if part in run.seen}
    bad = first_bad(seen, check.needs)
    if bad is None:
        results = _bounded(check, seen)
    else:
        results = [not_checked(check.part, _because(bad))]
    run.seen[check.part] = results
    run.done[check.part].set()


def _because(bad: Result) -> str:
    if bad.state is State.NOT_CHECKED:
        return bad.what  # the same reason
    return f"It stands on {bad.part}, which does not work."


def _bounded(check: Check, seen: Seen) -> list[Result]:
    """What the check found, or that it did not come back in time."""
    found: list[Result] = []
    began = time.monotonic()

    def work() -> None:
        try:
            results = check.look(seen)
            found.extend(results if isinstance(results, list) else [results])
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the result
            # Its text may hold an address with a password; its kind does not.
            found.append(
                failed(
                    check.part,
                    f"Looking at it failed unexpectedly ({type(problem).__name__}).",
                    "See the logs of this part; if it works, this is a fault in doctor.",
                )
            )
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(check.limit_s)
    if thread.is_alive():
        return [
            replace(
                failed(
                    check.part,
                    f"No answer within {check.limit_s:.0f} s.",
                    "It is there but stuck, or the way to it is blocked: see its log, restart it.",
                ),
                ms=_ms_since(began),
            )
        ]
    return [result if result.ms else replace(result, ms=_ms_since(began)) for result in found]


def _ms_since(began: float) -> int:
    return max(1, round((time.monotonic() - began) * 1000))


@contextmanager
def _quiet() -> Iterator[None]:
    """Other modules log what fails; here it is a result, and the output is ours alone."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
