"""The supervisor starts dead parts again, tells it in one line, and knows when to give up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.sightline import supervisor as supervision
from scripts.sightline.part import Part
from scripts.sightline.say import Trouble
from scripts.sightline.supervisor import Supervisor
from scripts.tests.test_part import Shell


class FakeStack:
    def __init__(self, *parts: Part) -> None:
        self.parts = {part.name: part for part in parts}

    def stop(self) -> None:
        for part in self.parts.values():
            part.stop()


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(supervision, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(supervision, "LONGEST_WAIT", 0.02)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    part = Shell(tmp_path, "echo ready; exec sleep 60")
    yield part
    part.stop()


def supervise(*parts: Part) -> Supervisor:
    stack: Any = FakeStack(*parts)
    return Supervisor(stack)


def test_a_dead_part_comes_back(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    supervisor = supervise(shell)
    shell.start()
    shell.wait_ready()

    def crash() -> None:
        before = shell.pid
        shell.kill()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if shell.pid != before and "ready" in shell.said() and supervisor.calm:
                break
            time.sleep(0.02)
        supervisor.stopping.set()

    # The part is started again by the thread that watches, which has to outlive it.
    accident = threading.Thread(target=crash)
    accident.start()
    supervisor.watch()
    accident.join()
    said = capsys.readouterr()
    assert shell.alive
    assert said.err.count("\n") == 1
    assert "The shell stopped (ended by SIGKILL). Starting it again." in said.err
    assert said.out == "The shell is back.\n"


def test_it_gives_up_with_the_last_words(tmp_path: Path) -> None:
    part = Shell(tmp_path, "echo cannot read the disk; exit 7")
    with pytest.raises(Trouble) as caught:
        supervise(part).watch()
    assert "stopped 5 times in a row (exit code 7)" in str(caught.value)
    assert "cannot read the disk" in str(caught.value)


def test_it_goes_on_without_a_part_that_can_be_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shell, "essential", False)
    supervisor = supervise(Shell(tmp_path, "exit 7"))
    threading.Timer(3, supervisor.stopping.set).start()
    supervisor.watch()
    assert "Going on without it." in capsys.readouterr().err
