"""The five most telling rows of `make chaos`, in short (docs/chaos.md)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from bench.chaos.__main__ import ROWS, run, summary

#: Web killed, web frozen, Redis away, PostgreSQL restarted, deploy.
TELLING = ("1", "2", "3", "5", "16")


def test_nothing_acknowledged_is_lost_whatever_dies() -> None:
    rows = [row for row in ROWS if row.number in TELLING]
    # The browsers of the other tests have an event loop in this thread.
    with ThreadPoolExecutor(1) as pool:
        outcomes = pool.submit(lambda: asyncio.run(run(rows, short=True))).result()
    print(summary(outcomes))  # noqa: T201 (shown when it fails)
    failed = {f"{one.row.number} {one.row.title}": one.why for one in outcomes if one.why}
    assert not failed
    assert [one.state for one in outcomes] == ["passed"] * len(TELLING)
    assert all(one.verdict.acked > 20 for one in outcomes)
