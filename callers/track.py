"""The rows of a call's track: put in many at a time, and erased when their time is over."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import psycopg
from django.db import connection

from dispatch.feed import latest
from dispatch.feed.replay import stamp

#: Rows erased by one statement, so that none of them holds its locks for long.
ERASE_ROWS = 10_000


class Point(NamedTuple):
    """A fix that is not stored yet; degrees, metres, metres a second."""

    session_id: UUID
    boot: str
    client_seq: int
    lon: float
    lat: float
    accuracy: float
    altitude: float | None
    heading: float | None
    speed: float | None
    at: datetime
    received_at: datetime
    device_at: datetime | None
    corrected: bool


#: Stores what is not there yet and moves the last positions to the newest of what was stored, in
#: one statement: a fix that came before changes nothing, and no order of arrival moves a position
#: back. Rows go in by their key, last positions by call, so that two processes with the same fixes
#: wait for each other in one direction only.
_INSERT = """
WITH sent AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::uuid[], %s::text[], %s::integer[],
        %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::float8[],
        %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::boolean[]
    ) AS sent (
        call_id, session_id, boot, client_seq,
        lon, lat, accuracy, altitude, heading, speed,
        at, received_at, device_at, corrected
    )
), stored AS (
    INSERT INTO callers_fix (
        centre_id, call_id, session_id, boot, client_seq, point,
        accuracy, altitude, heading, speed, at, received_at, device_at, corrected, source
    )
    SELECT
        %s, call_id, session_id, boot, client_seq, ST_SetSRID(ST_MakePoint(lon, lat), 4326),
        accuracy, altitude, heading, speed, at, received_at, device_at, corrected, 'browser'
    FROM sent
    ON CONFLICT (session_id, boot, client_seq) DO NOTHING
    RETURNING *
), newest AS (
    SELECT DISTINCT ON (call_id) * FROM stored ORDER BY call_id, at DESC, id DESC
)
INSERT INTO callers_lastposition AS last (
    call_id, centre_id, session_id, version, point,
    accuracy, altitude, heading, speed, at, received_at, corrected, source
)
SELECT
    call_id, centre_id, session_id, 1, point,
    accuracy, altitude, heading, speed, at, received_at, corrected, source
FROM newest ORDER BY call_id
ON CONFLICT (call_id) DO UPDATE SET
    version = last.version + 1, session_id = EXCLUDED.session_id, point = EXCLUDED.point,
    accuracy = EXCLUDED.accuracy, altitude = EXCLUDED.altitude, heading = EXCLUDED.heading,
    speed = EXCLUDED.speed, at = EXCLUDED.at, received_at = EXCLUDED.received_at,
    corrected = EXCLUDED.corrected, source = EXCLUDED.source
WHERE last.at < EXCLUDED.at
RETURNING
    call_id, version, ST_Y(point), ST_X(point),
    accuracy, altitude, heading, speed, at, received_at, source, corrected, session_id
"""


def insert(wall: int, calls: dict[UUID, UUID], points: list[Point]) -> list[latest.Latest]:
    """Store points of one centre, each once; the last positions that moved. Inside its scope.

    `calls`: the call of each session.
    """
    points = sorted(points, key=attrgetter("session_id", "boot", "client_seq"))
    columns = [list(column) for column in zip(*points, strict=True)]
    of_call = [calls[point.session_id] for point in points]
    # psycopg's own cursor: Django's would write all these values into the statement's text,
    # which the server would parse anew each time.
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, [of_call, *columns, wall])
        return [value(*row) for row in cursor]


def value(
    call_id: UUID,
    version: int,
    lat: float,
    lon: float,
    accuracy: float,
    altitude: float | None,
    heading: float | None,
    speed: float | None,
    at: datetime,
    received_at: datetime,
    source: str,
    corrected: bool,
    session_id: UUID,
) -> latest.Latest:
    """A last position as a versioned value."""
    return {
        "key": f"position:{call_id}",
        "version": version,
        "body": {
            "call": str(call_id),
            "lat": lat,
            "lon": lon,
            "accuracy": accuracy,
            "altitude": altitude,
            "heading": heading,
            "speed": speed,
            "at": stamp(at),
            "received_at": stamp(received_at),
            "source": source,
            "corrected": corrected,
            "session": str(session_id),
        },
    }


def erase(wall: int, *, before: datetime) -> int:
    """Erase the fixes of a centre that were received earlier; the count. Inside its scope.

    One piece of at most ERASE_ROWS: to be called, each time in a scope of its own, until it
    returns 0.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM callers_fix WHERE ctid = ANY(ARRAY("
            "SELECT ctid FROM callers_fix WHERE received_at < %s AND centre_id = %s LIMIT %s))",
            [before, wall, ERASE_ROWS],
        )
        erased: int = cursor.rowcount
    return erased
