"""Database work from async code: a bounded pool of threads, each connection returned at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import connections

from dispatch.logging import own_context

P = ParamSpec("P")
T = TypeVar("T")

#: More than this serve nobody: the database has fewer cores.
MOST = 16


def size() -> int:
    """Threads, and so connections, that the feed may use: a third of the process's pool.

    The rest is left to HTTP requests, so that a storm of reconnecting sockets starves no page.
    """
    return max(1, min(MOST, settings.DATABASE_POOL // 3))


@cache
def _pool() -> ThreadPoolExecutor:
    # database_sync_to_async would put every consumer of the process on one thread
    # (django/channels#2132): 20 times 50 ms took 1.01 s there.
    return ThreadPoolExecutor(max_workers=size(), thread_name_prefix="feed-db")


def _run(work: Callable[[], T]) -> T:
    try:
        with own_context():
            return work()
    finally:
        connections.close_all()


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous database work off the event loop and give its connection back."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool(), _run, partial(work, *args, **kwargs))
