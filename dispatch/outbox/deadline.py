"""Until when a call may leave, by a clock that goes on while the process stands still."""

from __future__ import annotations

import time
from dataclasses import dataclass

#: On Linux this one also counts the time in which the machine was suspended. It says nothing
#: of a virtual machine that its host held still without telling it.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Passed(Exception):
    """It is too late: what was to be done has surely not been done."""


@dataclass(frozen=True)
class Deadline:
    """A moment after which a call must not leave any more."""

    at: float

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.clock_gettime(_CLOCK) + seconds)

    @property
    def left_s(self) -> float:
        """Seconds that are left; negative afterwards."""
        return self.at - time.clock_gettime(_CLOCK)

    def check(self) -> None:
        """Raise Passed afterwards. To be asked right before the first byte leaves."""
        if self.left_s <= 0:
            raise Passed
