"""Web, worker and beat as processes of their own, in the build that can be killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dispatch.tests.crash import points

#: A copy of a process that has loaded everything: starting takes a tenth of a second, and what
#: is killed is a process like any other.
_server = multiprocessing.get_context("forkserver")


def load() -> None:
    """Start the fork server. The environment is complete by now."""
    _server.set_forkserver_preload(["dispatch.tests.crash.preload"])


class Process:
    """One of them; may be killed, stopped for a while, and started again."""

    def __init__(self, name: str, run: Callable[..., None], *arguments: object, log: Path) -> None:
        self.name = name
        self._run = run
        self._arguments = arguments
        self._log = log
        self.started_at = 0.0  # seconds since the epoch
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self, crash_at: str = "", how: str = "") -> None:
        """`crash_at`: a place of points.py to die at; `how`: or to stand still at."""
        self._process = _server.Process(
            target=_child, args=(self._run, self._arguments, str(self._log), crash_at, how)
        )
        self._process.start()
        self.started_at = time.time()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int:
        assert self._process
        assert self._process.pid
        return self._process.pid

    def kill(self) -> None:
        """kill -9, and wait for its end."""
        if self._process:
            self._process.kill()
            self._process.join(10)

    def died_within(self, seconds: float) -> bool:
        """Wait for its death by SIGKILL."""
        assert self._process
        self._process.join(seconds)
        return self._process.exitcode == -signal.SIGKILL

    @property
    def stands_still(self) -> bool:
        """Whether it is stopped."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return fields[0] == "T"

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


def web(name: str, port: int, log: Path) -> Process:
    return Process(name, _web, port, log=log)


def worker(name: str, log: Path) -> Process:
    return Process(name, _worker, name, log=log)


def beat(name: str, schedule: Path, log: Path) -> Process:
    return Process(name, _beat, str(schedule), log=log)


def _child(
    run: Callable[..., None], arguments: tuple[object, ...], log: str, at: str, how: str
) -> None:
    with Path(log).open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    # Ctrl-C is for the one who started us, who then ends us.
    os.setpgrp()
    if at:
        os.environ |= {points.VARIABLE: at, points.HOW: how}
    points.arm()
    run(*arguments)


def _web(port: int) -> None:
    import uvicorn

    uvicorn.run(
        "dispatch.asgi:application",
        host="127.0.0.1",
        port=port,
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="warning",
    )


def _worker(name: str) -> None:
    from dispatch.celery import app

    arguments = ["worker", "--pool", "threads", "--concurrency", "8", "-l", "info", "-n", name]
    app.worker_main([*arguments, "--without-mingle", "--without-gossip"])


def _beat(schedule: str) -> None:
    from dispatch.celery import app

    sys.argv = ["celery", "beat"]
    app.start(["beat", "-s", schedule, "--pidfile=", "-l", "warning"])
