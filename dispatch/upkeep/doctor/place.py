"""The machine: its disks and its clock."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from dispatch.upkeep.doctor.examine import Seen
from dispatch.upkeep.doctor.result import Result, failed, not_checked, ok, warning

MB = 1_000_000
#: LiveKit forgives a minute; a certificate or a sign-in may not.
CLOCK_WARN_S, CLOCK_FAIL_S = 2.0, 30.0
SYNC = "Keep clocks by NTP: timedatectl set-ntp true (or chrony) there."


def disk(_: Seen) -> Result:
    """Whether there is room where we write, and whether we may."""
    wanted = settings.DISK_FREE_MB * MB
    places = {"data": settings.BASE_DIR / "var", "static": Path(settings.STATIC_ROOT)}
    free: dict[str, int] = {}
    for name, place in places.items():
        if place.exists():
            free[name] = shutil.disk_usage(place).free
    temporary = tempfile.gettempdir()
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"1")
            file.flush()
        free["temporary"] = shutil.disk_usage(temporary).free
    except OSError:
        what = f"Nothing can be written to {temporary}."
        return failed("disk", what, "Free its disk, or correct its rights (TMPDIR).")
    name = min(free, key=lambda each: free[each])
    where = {"temporary": temporary} | {name: str(place) for name, place in places.items()}
    left, facts = free[name], {"free_bytes": free}
    todo = f"Free space on the disk of {where[name]}: old logs first, then look with du -x."
    if left < wanted / 4:
        what = f"Only {_size(left)} are free for {name} ({where[name]})."
        return failed("disk", what, todo, **facts)
    if left < wanted:
        what = f"{_size(left)} are free for {name} ({where[name]}); {_size(wanted)} are wanted."
        return warning("disk", what, todo, **facts)
    return ok("disk", f"{_size(left)} are free where least is.", **facts)


def clock(seen: Seen) -> Result:
    """This machine's clock against those that the other parts showed in passing."""
    offsets = {
        result.part: float(result.facts["clock_offset_s"])
        for results in seen.values()
        for result in results
        if result.facts.get("clock_offset_s") is not None
    }
    if not offsets:
        return not_checked("clock", "No other part answered, so there is nothing to compare with.")
    facts = {"offsets_s": {part: round(offset, 3) for part, offset in offsets.items()}}
    off = {part: offset for part, offset in offsets.items() if abs(offset) > CLOCK_WARN_S}
    if not off:
        return ok("clock", f"Agrees with {_listed(offsets)} within 2 s.", **facts)
    worst = max(off.values(), key=abs)
    say = failed if abs(worst) > CLOCK_FAIL_S else warning
    # Everybody on the same machine shares its clock, so one that differs from all is suspect.
    if len(off) == len(offsets) > 1 and max(off.values()) - min(off.values()) < CLOCK_WARN_S:
        middle = statistics.median(off.values())
        what = f"This machine's clock is {_apart(-middle)} {_listed(off)}."
    else:
        part = max(off, key=lambda each: abs(off[each]))
        what = f"The clock of {part} is {_apart(off[part])} this machine's."
        if len(off) > 1:
            what += f" So do others differ: {_listed([each for each in off if each != part])}."
    return say("clock", what, f"{SYNC} Tokens and certificates need right clocks.", **facts)


def _apart(seconds: float) -> str:
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / MB:.0f} MB"
