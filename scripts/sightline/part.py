"""One part of the running system: a process, its log, and how to know that it is ready."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

from .say import Trouble

TETHER = Path(__file__).with_name("tether.py")
LOG_LIMIT = 5_000_000


class Part:
    """Subclasses say what to run and when it is ready; this class does the rest."""

    name: ClassVar[str]
    title: ClassVar[str]
    death_signal: ClassVar[signal.Signals] = signal.SIGKILL  # sent when the supervisor dies
    stop_signals: ClassVar[tuple[signal.Signals, ...]] = (signal.SIGTERM,)
    stop_grace: ClassVar[float] = 8.0
    ready_within: ClassVar[float] = 30.0
    essential: ClassVar[bool] = True  # without it nothing else makes sense

    def __init__(self, *, log_dir: Path) -> None:
        self.log = log_dir / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self._log_from = 0

    # What subclasses fill in.

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def ready(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> None:
        """Whatever has to exist before the process starts."""

    def finish(self) -> None:
        """Once, after the first time it is ready."""

    user = "-"
    directory: Path | None = None
    descriptors: tuple[int, ...] = ()  # open files of ours that it inherits
    standard_input: bytes | None = None

    # What they get.

    def start(self) -> None:
        """Start the process. Call it from a thread that lives as long as the part:
        the kernel takes the death of the starting thread for the death of the parent."""
        if self.alive:
            return
        self.prepare()
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as out:
            self._log_from = out.tell()
            death = str(int(self.death_signal))
            tether = [sys.executable, "-I", "-S", str(TETHER)]
            self.process = subprocess.Popen(  # noqa: S603
                [*tether, str(os.getpid()), death, self.user, *self.command()],
                stdin=subprocess.PIPE if self.standard_input else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self.environment(),
                pass_fds=self.descriptors,
            )
        self.started_at = time.monotonic()
        if self.standard_input and self.process.stdin:
            try:
                self.process.stdin.write(self.standard_input)
                self.process.stdin.close()
            except BrokenPipeError:
                pass  # it is dead already; wait_ready says why

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def wait_ready(self, timeout: float | None = None) -> None:
        limit = self.ready_within if timeout is None else timeout
        until = time.monotonic() + limit
        while not self._is_ready():
            if not self.alive:
                raise Trouble(
                    f"{self.title} stopped while starting ({self.how_it_ended()}).",
                    detail=self.tail(),
                    hint=f"the whole log is {self.log}",
                )
            if time.monotonic() > until:
                raise Trouble(
                    f"{self.title} was not ready within {limit:.0f} s.",
                    detail=self.tail(),
                    hint=f"the whole log is {self.log}",
                )
            time.sleep(0.03)
        self.finish()

    def _is_ready(self) -> bool:
        return self.alive and self.ready()

    def stop(self) -> None:
        """Ask politely, ask again, then end it: it never stays."""
        if self.process is None:
            return
        for number in self.stop_signals:
            self._signal(number)
            last = number is self.stop_signals[-1]
            if self._gone_within(self.stop_grace if last else 1.0):
                break
        else:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """As a crash would: SIGKILL to the process and everything it started."""
        self._signal(signal.SIGKILL)
        self._gone_within(5)

    def _signal(self, number: int) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                os.kill(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            # A moment after the start it may not lead its own group yet.
            self.process.send_signal(number)

    def _gone_within(self, seconds: float) -> bool:
        if self.process is None:
            return True
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def how_it_ended(self) -> str:
        code = self.process.poll() if self.process else None
        if code is None:
            return "it runs"
        if code < 0:
            return f"ended by {signal.Signals(-code).name}"
        return f"exit code {code}"

    def said(self) -> str:
        """What it wrote to its log since it was last started."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_from)
                return log.read(1_000_000).decode(errors="replace")
        except OSError:
            return ""

    def tail(self, lines: int = 12) -> str:
        return "\n".join(self.said().splitlines()[-lines:])
