"""Figures as people and machines read them."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from scripts.sightline.paths import LIVEKIT_VERSION, ROOT, VAR


@dataclass(frozen=True)
class Spread:
    n: int
    least: float
    median: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(len(values), min(values), median(values), max(values))

    def __str__(self) -> str:
        return f"{self.least:.0f} / {self.median:.0f} / {self.most:.0f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they must be; the first to the left, the others to the right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "  ".join(cells).rstrip()

    return "\n".join([line(head), "  ".join("─" * width for width in widths), *map(line, rows)])


@dataclass(frozen=True)
class Check:
    """One requirement and how it came out. `must`: failing it fails the run."""

    what: str
    got: float
    limit: float
    must: bool

    @property
    def ok(self) -> bool:
        return self.got <= self.limit

    def __str__(self) -> str:
        sign = "✓" if self.ok else ("✗" if self.must else "·")
        kind = "required" if self.must else "aim"
        return f"{sign} {self.what}: {self.got:.2f} ({kind}: ≤ {self.limit:.2f})"


def verdict(checks: Sequence[Check]) -> int:
    """The exit code."""
    return 0 if all(check.ok or not check.must for check in checks) else 1


def keep(name: str, content: dict[str, Any]) -> Path:
    """A JSON file under var/bench, with what it was measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    machine = {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "system": platform.platform(),
        "livekit": LIVEKIT_VERSION,
    }
    path = VAR / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    whole = {"at": when, "commit": commit, "machine": machine} | content
    path.write_text(json.dumps(whole, indent=1) + "\n")
    return path
