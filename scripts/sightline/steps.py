"""Steps of `make test`: each has a name, takes its time, and is told apart from the others."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .paths import ROOT
from .say import say

_printing = threading.Lock()
COUNT = re.compile(r"(\d+) (passed|failed|error|skipped|xfailed|xpassed|deselected)")


@dataclass
class Step:
    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    env: Mapping[str, str] = field(default_factory=dict)
    live: bool = False  # show the output as it comes
    skip: str = ""  # why there is nothing to do


@dataclass
class Result:
    name: str
    ok: bool
    seconds: float
    output: str = ""
    skipped: str = ""


class Report:
    def __init__(self) -> None:
        self.results: list[Result] = []
        self._began = time.monotonic()

    def run(self, step: Step) -> Result:
        """One step; its output is shown when it fails, or as it comes."""
        if step.skip:
            return self._done(Result(step.name, ok=True, seconds=0, skipped=step.skip))
        if step.live:
            say(f"\n── {step.name}")
        began = time.monotonic()
        code, output = _execute(step)
        if code < 0:  # a run that was ended says nothing itself
            said = f"{step.name} was ended by {signal.Signals(-code).name}."
            output += said + "\n"
            say(said)
        return self._done(
            Result(step.name, ok=code == 0, seconds=time.monotonic() - began, output=output),
            show=not step.live,
        )

    def run_all(self, steps: Sequence[Step], *, at_once: int = 2) -> None:
        """Independent steps, a few at a time: one failing does not hide the others."""
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(self.run, steps))

    def call(self, name: str, work: Callable[[], None]) -> Result:
        """A step that is a function; it fails by raising."""
        began = time.monotonic()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the step's failure
            return self._done(
                Result(name, ok=False, seconds=time.monotonic() - began, output=str(error))
            )
        return self._done(Result(name, ok=True, seconds=time.monotonic() - began))

    @property
    def ok(self) -> bool:
        return all(result.ok for result in self.results)

    def finish(self) -> int:
        say("\nSummary")
        for result in self.results:
            mark = "-" if result.skipped else "ok" if result.ok else "FAILED"
            note = f"  {result.skipped}" if result.skipped else ""
            say(f"  {mark:<7}{result.name:<34}{result.seconds:7.1f} s{note}")
        failed = [result.name for result in self.results if not result.ok]
        say(f"  Total {time.monotonic() - self._began:.0f} s")
        say(f"  Failed steps: {', '.join(failed)}" if failed else "  All steps passed.")
        say(self._counts())
        return 1 if failed else 0

    def _counts(self) -> str:
        """Over all the runs of pytest, in pytest's own words."""
        total = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
        for result in self.results:
            last = result.output.strip().splitlines()[-1:] if "pytest" in result.name else []
            for number, word in COUNT.findall("".join(last)):
                if word in total:
                    total[word] += int(number)
        return (
            f"{total['passed']} passed, {total['failed']} failed, "
            f"{total['error']} errors, {total['skipped']} skipped"
        )

    def _done(self, result: Result, *, show: bool = True) -> Result:
        with _printing:
            self.results.append(result)
            mark = "-" if result.skipped else "ok" if result.ok else "FAILED"
            say(f"{mark:<7}{result.name} ({result.seconds:.1f} s)")
            if not result.ok and show:
                say("".join(f"    {line}\n" for line in result.output.strip().splitlines()[-80:]))
        return result


def _execute(step: Step) -> tuple[int, str]:
    try:
        process = subprocess.Popen(  # noqa: S603
            list(step.command),
            cwd=step.cwd,
            env=os.environ | dict(step.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        return 127, f"{step.command[0]}: {error.strerror}"
    lines: list[str] = []
    with process:
        for line in process.stdout or ():
            lines.append(line)
            if step.live:
                say(line.rstrip("\n"))
    return process.returncode, "".join(lines)
