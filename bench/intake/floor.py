"""The same rows with nothing around them: psycopg into a table of the same shape."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from bench.intake.processor import Processor

#: Rows in a transaction: what a batch holds at about a thousand fixes a second.
BATCH = 100
COLUMNS = (
    "centre_id, call_id, session_id, boot, client_seq, point, accuracy, altitude, heading, speed,"
    " at, received_at, device_at, corrected, source"
)
MAKE = "CREATE TABLE bench_fix (LIKE callers_fix INCLUDING ALL)"
UNNEST = f"""
INSERT INTO bench_fix ({COLUMNS})
SELECT %s, call, session, 'bench-boot', seq, ST_SetSRID(ST_MakePoint(lon, lat), 4326), accuracy,
    NULL, heading, speed, at, at, at, false, 'browser'
FROM unnest(%s::uuid[], %s::uuid[], %s::integer[], %s::float8[], %s::float8[], %s::float8[],
    %s::float8[], %s::float8[], %s::timestamptz[])
    AS sent (call, session, seq, lon, lat, accuracy, heading, speed, at)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours alone
COPY = f"COPY bench_fix ({COLUMNS}) FROM STDIN"


@dataclass(frozen=True)
class Rate:
    """How quickly rows went in."""

    name: str
    rows: int
    seconds: float
    processor_s: float

    @property
    def per_core(self) -> float:
        """Rows for each second of processor time, of the client and of PostgreSQL."""
        return self.rows / self.processor_s


@contextmanager
def table(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A table of the same shape and with the same indexes, for a while."""
    with psycopg.connect(url.replace("postgis://", "postgresql://"), autocommit=True) as wire:
        wire.execute(MAKE)
        try:
            yield wire
        finally:
            wire.execute("DROP TABLE bench_fix")


def _rows(sessions: list[tuple[Any, Any]], first: int) -> list[tuple[Any, ...]]:
    now = datetime.now(UTC)
    return [
        (*sessions[at % len(sessions)], first + at, -72.9, 41.3 + at * 1e-5, 12.5, 90.0, 1.4, now)
        for at in range(BATCH)
    ]


_serial = iter(range(1, 2**31, BATCH))


def by_unnest(wire: psycopg.Connection[Any], sessions: list[tuple[Any, Any]], wall: int) -> int:
    """One transaction with a batch; the number of rows."""
    columns = [list(column) for column in zip(*_rows(sessions, next(_serial)), strict=True)]
    wire.execute(UNNEST, [wall, *columns])
    return BATCH


def by_copy(wire: psycopg.Connection[Any], sessions: list[tuple[Any, Any]], wall: int) -> int:
    """The same by COPY, which can leave out nothing that is there already."""
    with wire.cursor() as cursor, cursor.copy(COPY) as copy:
        for call, session, seq, lon, lat, accuracy, heading, speed, at in _rows(
            sessions, next(_serial)
        ):
            point = f"SRID=4326;POINT({lon} {lat})"
            copy.write_row(
                (
                    *(wall, call, session, "bench-boot", seq, point, accuracy, None, heading),
                    *(speed, at, at, at, False, "browser"),
                )
            )
    return BATCH


def measure(
    name: str, seconds: float, processor: Processor, work: Callable[[], int], *, threads: int = 1
) -> Rate:
    """Repeat the work for so long, on so many threads."""
    end = time.monotonic() + seconds

    def repeat(_: int) -> int:
        rows = 0
        while time.monotonic() < end:
            rows += work()
        return rows

    began, used = time.monotonic(), processor.seconds()
    with ThreadPoolExecutor(threads) as pool:
        rows = sum(pool.map(repeat, range(threads)))
    return Rate(name, rows, time.monotonic() - began, processor.seconds() - used)
