"""Reads that many sockets want at once, done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any

from dispatch.feed.threads import in_thread


class SharedReads:
    """Whoever asks for a key while it is being read shares the next read with all who wait.

    Never the one under way: it may have begun before the asker could hear of changes. So when
    a thousand sockets come back in the same second, their state is read a few times.
    """

    def __init__(self) -> None:
        self._current: dict[Hashable, asyncio.Task[Any]] = {}
        self._coming: dict[Hashable, asyncio.Task[Any]] = {}

    async def read(self, key: Hashable, work: Callable[[], Any]) -> Any:
        """What `work` returns, from a call of it in a thread that begins after this one.

        Raises what it raises.
        """
        if key in self._coming:
            task = self._coming[key]
        elif current := self._current.get(key):
            task = self._coming[key] = asyncio.create_task(self._next(key, current, work))
        else:
            task = self._current[key] = asyncio.create_task(self._run(key, work))
        return await asyncio.shield(task)

    async def _run(self, key: Hashable, work: Callable[[], Any]) -> Any:
        try:
            return await in_thread(work)
        finally:
            del self._current[key]

    async def _next(
        self, key: Hashable, current: asyncio.Task[Any], work: Callable[[], Any]
    ) -> Any:
        # It may have ended before this begins; then it is no longer to be found by its key.
        await asyncio.wait([current])
        self._current[key] = self._coming.pop(key)
        return await self._run(key, work)
