"""Parts live and die as told, and never outlive whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.sightline.part import Part
from scripts.sightline.paths import ROOT
from scripts.sightline.say import Trouble


class Shell(Part):
    name = "web"
    title = "The shell"
    stop_grace = 0.5
    ready_within = 5.0

    def __init__(self, log_dir: Path, script: str) -> None:
        super().__init__(log_dir=log_dir)
        self.script = script

    def command(self) -> list[str]:
        return ["/bin/sh", "-c", self.script]

    def ready(self) -> bool:
        return "ready" in self.said()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    part = Shell(tmp_path, "echo ready; exec sleep 60")
    yield part
    part.stop()


def gone(pid: int) -> bool:
    """Dead, or dead and not yet collected by whoever inherited it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def wait_gone(pid: int, seconds: float = 3) -> bool:
    until = time.monotonic() + seconds
    while not gone(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return gone(pid)


def test_starts_waits_and_stops(shell: Shell) -> None:
    shell.start()
    shell.wait_ready()
    pid = shell.pid
    assert pid is not None
    assert shell.alive
    shell.stop()
    assert gone(pid)


def test_one_that_ignores_the_polite_signal_is_ended(tmp_path: Path) -> None:
    stubborn = Shell(tmp_path, "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    stubborn.start()
    stubborn.wait_ready()
    pid = stubborn.pid
    assert pid is not None
    stubborn.stop()
    assert gone(pid)


def test_one_that_dies_while_starting_is_trouble_with_its_last_words(tmp_path: Path) -> None:
    part = Shell(tmp_path, "echo no disk; exit 3")
    part.start()
    with pytest.raises(Trouble) as caught:
        part.wait_ready()
    assert "exit code 3" in str(caught.value)
    assert "no disk" in str(caught.value)


def test_killed_it_starts_again(shell: Shell) -> None:
    shell.start()
    shell.wait_ready()
    shell.kill()
    assert not shell.alive
    assert shell.how_it_ended() == "ended by SIGKILL"
    shell.start()
    shell.wait_ready()
    assert shell.alive


def test_it_reads_only_what_was_said_since_the_start(shell: Shell) -> None:
    shell.log.write_text("ready\n" * 3)
    shell.start()
    shell.wait_ready()
    assert shell.said() == "ready\n"


def test_nothing_outlives_a_starter_that_is_killed(tmp_path: Path) -> None:
    starter = (
        "import sys, time; from pathlib import Path\n"
        "from scripts.tests.test_part import Shell\n"
        "part = Shell(Path(sys.argv[1]), 'echo ready; exec sleep 60')\n"
        "part.start(); part.wait_ready(); print(part.pid, flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert not gone(pid)
        os.kill(process.pid, signal.SIGKILL)
    assert wait_gone(pid)
