"""Watches over a stack: notices a part that dies, starts it again, stops everything at the end."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType

from .part import Part
from .say import Trouble, complain, say
from .stack import Stack

QUICK = 10.0  # dying sooner than this after the start counts as a quick death
PATIENCE = 5  # so many of them in a row, and we give up
FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
LOOK_EVERY = 0.2
NOT_READY_FOR = 60.0


class Stop(BaseException):
    """Ctrl-C or SIGTERM while something is still starting."""


class Supervisor:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.stopping = threading.Event()
        self._interruptible = False
        self._failures: dict[str, int] = {}
        self._due: dict[str, float] = {}  # when a dead part is started again
        self._coming: set[str] = set()  # started again, not ready yet
        self._given_up: set[str] = set()

    def start(self) -> None:
        """Start everything; a signal meanwhile raises Stop at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        self._interruptible = True
        try:
            self.stack.start()
        finally:
            self._interruptible = False
        if self.stopping.is_set():
            raise Stop

    def watch(self) -> None:
        """Until someone asks to stop, or a part without which nothing works cannot be kept up."""
        while not self.stopping.wait(LOOK_EVERY):
            now = time.monotonic()
            for name, part in self.stack.parts.items():
                if name in self._given_up:
                    continue
                if name in self._due:
                    if now >= self._due[name]:
                        del self._due[name]
                        part.start()
                        self._coming.add(name)
                elif not part.alive:
                    self._died(part)
                elif name in self._coming and part.ready():
                    self._coming.discard(name)
                    say(f"{part.title} is back.")
                elif name in self._failures and now - part.started_at > QUICK * 6:
                    del self._failures[name]
                elif name in self._coming and now - part.started_at > NOT_READY_FOR:
                    complain(f"{part.title} runs but does not answer. Starting it anew.")
                    part.kill()

    @property
    def calm(self) -> bool:
        """Nothing is being started again just now."""
        return not self._due and not self._coming

    def stop(self) -> None:
        self.stopping.set()
        self.stack.stop()

    def _died(self, part: Part) -> None:
        ended, lived = part.how_it_ended(), time.monotonic() - part.started_at
        self._coming.discard(part.name)
        count = self._failures.get(part.name, 0) + 1 if lived < QUICK else 1
        self._failures[part.name] = count
        if count >= PATIENCE:
            self._give_up(part, ended)
            return
        wait = min(FIRST_WAIT * 2 ** (count - 1), LONGEST_WAIT)
        self._due[part.name] = time.monotonic() + wait
        complain(f"{part.title} stopped ({ended}). Starting it again. Its log: {part.log}")

    def _give_up(self, part: Part, ended: str) -> None:
        self._given_up.add(part.name)
        what = f"{part.title} stopped {PATIENCE} times in a row ({ended})."
        if part.essential:
            raise Trouble(what, detail=part.tail(), hint=f"the whole log is {part.log}")
        complain(f"{what} Going on without it.\n{part.tail()}")

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        first = not self.stopping.is_set()
        self.stopping.set()
        if first and self._interruptible:
            self._interruptible = False
            raise Stop
