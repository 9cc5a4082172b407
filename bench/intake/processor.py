"""Processor time of processes and of what they started."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


class Processor:
    """Of these processes and their children, together."""

    def __init__(self, *pids: int | None) -> None:
        self._pids = {pid for pid in pids if pid is not None}

    def seconds(self) -> float:
        """User and system time until now, with that of children that have ended."""
        times: dict[int, float] = {}
        parents: dict[int, int] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile; its parent has its time
            pid = int(path.parent.name)
            parents[pid] = int(fields[1])
            times[pid] = sum(int(ticks) for ticks in fields[11:15]) / _TICK
        return sum(used for pid, used in times.items() if self._ours(pid, parents))

    def _ours(self, pid: int, parents: dict[int, int]) -> bool:
        while pid not in self._pids:
            if pid not in parents:
                return False
            pid = parents[pid]
        return True
