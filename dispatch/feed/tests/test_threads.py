"""The feed's threads: many at once, and never more connections than they may have."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from django.conf import settings
from django.db import connection

from dispatch.feed import threads

NAP_S = 0.05
MARK = "naps of the feed's threads"


def nap(peak: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_sleep({NAP_S}) /* {MARK} */")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s",
            [f"SELECT pg_sleep% {MARK} %"],
        )
        peak.append(cursor.fetchone()[0])


def test_twenty_naps_do_not_queue_up_and_keep_to_their_connections() -> None:
    peak: list[int] = []

    async def work() -> float:
        await threads.in_thread(nap, [])
        began = time.monotonic()
        await asyncio.gather(*(threads.in_thread(nap, peak) for _ in range(20)))
        return time.monotonic() - began

    took = asyncio.run(work())
    # One thread would need a second.
    assert took < 20 * NAP_S * 0.6
    assert 1 < max(peak) <= threads.size() <= settings.DATABASE_POOL
    running = [one for one in threading.enumerate() if one.name.startswith("feed-db")]
    assert len(running) <= threads.size()


@pytest.mark.parametrize(("pool", "size"), [(1, 1), (2, 1), (6, 2), (24, 8), (500, 16)])
def test_the_threads_leave_connections_to_the_pages(
    pool: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATABASE_POOL", pool)
    assert threads.size() == size
