"""Shared reads: each asker gets what was read after it asked, whatever ends in the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from dispatch.feed import reads


def test_one_asks_in_the_very_moment_in_which_a_read_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> list[int]:
        ended = asyncio.get_running_loop().create_future()

        async def in_thread(work: Callable[[], Any]) -> Any:
            await ended
            return work()

        monkeypatch.setattr(reads, "in_thread", in_thread)
        shared, count = reads.SharedReads(), iter(range(10))

        def read() -> asyncio.Task[int]:
            return asyncio.create_task(shared.read("key", lambda: next(count)))

        first = read()
        await asyncio.sleep(0.01)
        second = read()
        ended.set_result(None)  # seen by the first one before the second one's read has begun
        found = [await first, await second]
        return [*found, await read()]

    assert asyncio.run(scene()) == [0, 1, 2]
