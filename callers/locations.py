"""Positions: what a phone may say, when it was, and what is shown of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec

from callers import track
from callers.models import Fix, LastPosition
from dispatch.calls.models import Call
from dispatch.centres.models import Centre
from dispatch.errors import DomainError
from dispatch.feed import latest
from dispatch.feed.replay import stamp

#: A phone's clock further off than this is corrected by the measured offset, and flagged.
CLOCK_TOLERANCE = timedelta(seconds=10)
#: The circumference of the Earth halved: no radius is larger.
MAX_ACCURACY_M = 20_037_508.0


class FixReport(msgspec.Struct):
    """A fix as the page sends it: W3C Geolocation coordinates, times in ms of the phone's clock."""

    lat: float
    lon: float
    accuracy: float
    at: float
    sent_at: float
    altitude: float | None = None
    heading: float | None = None
    speed: float | None = None


def check(report: FixReport) -> None:
    """Raises DomainError (bad_position) for what cannot be a place on Earth."""
    numbers = (report.lat, report.lon, report.accuracy, report.at, report.sent_at)
    if not all(math.isfinite(number) for number in numbers):
        raise DomainError("A position must be made of numbers.", code="bad_position")
    if not (-90 <= report.lat <= 90 and -180 <= report.lon <= 180):
        raise DomainError("A position must be on Earth.", code="bad_position")
    if not 0 <= report.accuracy <= MAX_ACCURACY_M:
        raise DomainError("The accuracy must be a radius in metres.", code="bad_position")


def when(report: FixReport, received: datetime) -> tuple[datetime, bool, datetime | None]:
    """When the fix was taken, by our clock: (time, corrected?, the phone's own time).

    The age of a fix is the difference of two readings of one clock, so it is right however
    wrong that clock is. A negative age, or one of more than a day, is taken as none.
    """
    age = timedelta(milliseconds=min(max(report.sent_at - report.at, 0.0), 86_400_000.0))
    at = received - age
    try:
        device = datetime.fromtimestamp(report.sent_at / 1000, UTC)
        device_at = datetime.fromtimestamp(report.at / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return at, True, None
    return at, abs(device - received) > CLOCK_TOLERANCE, device_at


def point(
    session_id: UUID, *, boot: str, client_seq: int, report: FixReport, received: datetime
) -> track.Point:
    """A checked report as a row of the track, its time by our clock."""
    at, corrected, device_at = when(report, received)
    return track.Point(
        session_id=session_id,
        boot=boot,
        client_seq=client_seq,
        lon=report.lon,
        lat=report.lat,
        accuracy=report.accuracy,
        altitude=_finite(report.altitude),
        heading=_finite(report.heading),
        speed=_finite(report.speed),
        at=at,
        received_at=received,
        device_at=device_at,
        corrected=corrected,
    )


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def value(row: LastPosition) -> latest.Latest:
    """The last position as a versioned value."""
    return track.value(
        call_id=row.call_id,
        version=row.version,
        lat=row.point.y,
        lon=row.point.x,
        accuracy=row.accuracy,
        altitude=row.altitude,
        heading=row.heading,
        speed=row.speed,
        at=row.at,
        received_at=row.received_at,
        source=row.source,
        corrected=row.corrected,
        session_id=row.session_id,
    )


def last_positions(stream: str) -> list[latest.Latest]:
    """Provider for the feed: the last positions of a centre's open calls."""
    from dispatch.centres.access import scope

    centre = Centre(pk=int(stream.partition(":")[2]))
    with scope(centre):
        rows = LastPosition.objects.filter(call__state=Call.State.OPEN)
        return [value(row) for row in rows]


def thinned(call: Call, *, limit: int = 2_000) -> list[dict[str, Any]]:
    """The call's track, oldest first, evenly thinned to at most `limit` fixes."""
    found = Fix.objects.filter(call=call).order_by("at", "id")
    total = found.count()
    every = max(1, math.ceil(total / limit))
    kept = [fix for index, fix in enumerate(found.iterator()) if (total - 1 - index) % every == 0]
    return [
        {
            "lat": fix.point.y,
            "lon": fix.point.x,
            "accuracy": fix.accuracy,
            "at": cast(str, stamp(fix.at)),
        }
        for fix in kept
    ]
