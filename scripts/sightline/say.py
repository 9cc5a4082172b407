"""What the tools say: plain lines on the terminal, and one kind of failure."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Trouble(Exception):
    """Something a person has to act on: what was tried, and what to do next.

    The commands print it as it is; nobody gets a stack trace for a taken port.
    """

    def __init__(self, what: str, *, tried: str = "", hint: str = "", detail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.tried = tried
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        lines = [self.what]
        if self.tried:
            lines.append(f"  tried:   {self.tried}")
        if self.detail:
            lines.extend(f"  | {line}" for line in self.detail.splitlines())
        if self.hint:
            lines.append(f"  to do:   {self.hint}")
        return "\n".join(lines)


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


@contextmanager
def timed(line: str) -> Iterator[None]:
    """Announce slow work, and say how long it took."""
    say(f"{line} …")
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    if took >= 1:
        say(f"  done in {took:.0f} s")
