"""The stack's parts as these rows need them: two web processes behind one listener, and more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

from scripts.sightline.app import Beat, Web
from scripts.sightline.postgres import Postgres

LISTENING = re.compile(r"Uvicorn running on")


class Shared(Web):
    """A web process on a listening socket that it has in common with another.

    The socket is ours, so that it outlives each of them: connections that come while both are
    away wait for the next. One that stands still takes none, the kernel gives them to the other.
    """

    def share(self, descriptor: int) -> None:
        self.descriptors = (descriptor,)

    def command(self) -> list[str]:
        whole = super().command()
        at = whole.index("--host")
        return [*whole[:at], "--fd", str(self.descriptors[0]), *whole[at + 4 :]]

    def ready(self) -> bool:
        # The address answers for both.
        return LISTENING.search(self.said()) is not None


class First(Shared):
    name = "web"


class Second(Shared):
    name = "web-2"
    title = "The second web server"


class SecondBeat(Beat):
    name = "beat-2"
    title = "The second beat"

    def prepare(self) -> None:
        """Nothing: the first one's schedule is in the same directory."""

    def command(self) -> list[str]:
        whole = super().command()
        return [
            str(self.base / "beat-2") if one == str(self.base / "beat") else one for one in whole
        ]


class Database(Postgres):
    """Keeps what it has acknowledged, as in production; `more` are settings of this run."""

    more: dict[str, str]

    @classmethod
    def instead_of(cls, part: Postgres, more: dict[str, str]) -> Self:
        own = cls.__new__(cls)
        vars(own).update(vars(part))
        own.temporary = False  # fsync and synchronous_commit stay on
        own.more = more
        return own

    def command(self) -> list[str]:
        return super().command() + [
            word for name, value in self.more.items() for word in ("-c", f"{name}={value}")
        ]

    def ask(self, sql: str) -> list[str]:
        """The lines that a statement of the superuser gives. Raises RuntimeError."""
        script = f"\\pset tuples_only on\n\\pset format unaligned\n{sql}\n"
        done = self.psql(script, database="sightline")
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip().splitlines()


def sockets_of(pid: int, port: int) -> int:
    """How many connections at this local port a process has."""
    there = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "01" and int(words[1].partition(":")[2], 16) == port:
            there.add(f"socket:[{words[9]}]")
    found = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found += str(entry.readlink()) in there
    return found


def resident_mb(pid: int) -> float:
    """Memory a process has, in MB (VmRSS)."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used, in seconds."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def shifted_clock(folder: Path) -> Path | None:
    """The library of clock.c, built into this folder; None without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    made, source = folder / "clock.so", Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", made, source], check=True)
    return made


def mount(folder: Path, megabytes: int) -> bool:
    """A file system of this size in memory, at this folder; False where that is not allowed."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    return done.returncode == 0
