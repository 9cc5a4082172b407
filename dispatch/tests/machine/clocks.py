"""Two clocks that the machine turns: that of the sockets, and the server's wall clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

from django.utils import timezone

T = TypeVar("T")
Args = TypeVarTuple("Args")

#: Longest that anything may take, in seconds of a machine that is busy with other things.
PATIENCE_S = 20.0
#: Seconds between two looks at what is waited for.
MOMENT_S = 0.001


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still unless it is put forward.

    Heartbeats, rate limits and patience are due when the machine says so, and never by
    chance; what waits for a real socket, thread or query takes the time it takes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 1_000.0
        #: What went wrong where raising it would only have been logged.
        self.trouble: Exception | None = None
        self._in_threads = 0

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Args], T], *args: *Args
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, future: asyncio.Future[Any]) -> None:
        self._in_threads -= 1

    @property
    def idle(self) -> bool:
        """No thread reads the database for a socket or a heartbeat."""
        return self._in_threads == 0

    def time(self) -> float:
        return self._now

    def pass_time(self, seconds: float = 0.0) -> None:
        """Put the clock forward, and let begin what is due."""
        self._now += seconds
        self.run_until_complete(_breathe())

    def linger(self, seconds: float = 0.001) -> None:
        """Let what comes from outside come in, for a moment of real time."""
        time.sleep(seconds)
        self.run_until_complete(_breathe())

    def wait(self, met: Callable[[], bool], what: str) -> None:
        """Let the loop run until this is so. Raises AssertionError for what does not come."""
        self.pass_time()
        self.check()
        if met():
            return
        until = time.monotonic() + PATIENCE_S
        while not met():
            if time.monotonic() > until:
                raise AssertionError(f"waited in vain for {what}")
            # Short pauses (a gap's patience, an acknowledgement's) end while we wait for what
            # comes after them; a heartbeat is far longer.
            self._now += MOMENT_S
            self.linger(MOMENT_S)
            self.check()

    def check(self) -> None:
        """Raise the trouble that there was."""
        if self.trouble is not None:
            raise self.trouble

    def shut_down(self) -> None:
        """End what still runs, and close."""
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.close()


async def _breathe() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


class WallClock:
    """Stands in for django.utils.timezone.now, which is where every time on a row comes from."""

    def __init__(self) -> None:
        self._right = timezone.now
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return self._right() + self.off

    def install(self, patch: Any) -> WallClock:
        """Take its place until the patch is undone."""
        patch.setattr(timezone, "now", self)
        return self
