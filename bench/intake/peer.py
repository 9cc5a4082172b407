"""The way of before, as a peer: each request a transaction of its own.

    uvicorn bench.intake.peer:application

One session look-up, one bulk_create and one move of the last position for every post, under the
same doors. Kept here to be measured against, and nowhere else.
"""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import msgspec
from django.contrib.gis.geos import Point
from django.utils import timezone

from dispatch.asgi import application  # first: it sets Django up

# isort: split
from callers import intake, locations, sessions, throttles, track
from callers.models import Fix, LastPosition
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.feed import latest
from dispatch.feed.threads import in_thread

__all__ = ["application"]

OLD_THROTTLE = "fix-old"


def apply(*, centre: Centre, session_id: UUID, boot: str, raw_items: list[Any]) -> intake.Outcome:
    """Fixes alone, as they were stored before there were batches."""
    outcome: intake.Outcome = {"acked": [], "refused": []}
    received = timezone.now()
    with scope(centre):
        session = sessions.get(session_id)
        throttles.allow(OLD_THROTTLE, str(session.pk), len(raw_items))
        points = []
        for raw in raw_items:
            item = msgspec.convert(raw, intake.FixItem)
            locations.check(item)
            points.append(
                locations.point(
                    session_id,
                    boot=boot,
                    client_seq=item.client_seq,
                    report=item,
                    received=received,
                )
            )
            outcome["acked"].append(item.client_seq)
        take(centre, session.call, points)
    return outcome


def take(centre: Centre, call: Call, points: list[track.Point]) -> None:
    """Store the fixes of one request and move its call's last position. Inside the scope."""
    Fix.objects.bulk_create(
        [Fix(centre_id=centre.pk, call=call, **_fields(point)) for point in points],
        ignore_conflicts=True,
    )
    newest = Fix.objects.filter(call=call).order_by("-at", "-id").first()
    if newest is None:
        return
    values = {
        name: getattr(newest, name)
        for name in (
            *("session_id", "point", "accuracy", "altitude", "heading", "speed"),
            *("at", "received_at", "corrected", "source"),
        )
    }
    LastPosition.objects.bulk_create(
        [LastPosition(centre_id=centre.pk, call=call, version=0, **values)], ignore_conflicts=True
    )
    row = LastPosition.objects.select_for_update().get(call=call)
    if row.version and row.at >= newest.at:
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=["version", *values])
    latest.push(centre.stream, locations.value(row))


def _fields(point: track.Point) -> dict[str, Any]:
    fields = point._asdict()
    return {"point": Point(fields.pop("lon"), fields.pop("lat"), srid=4326), **fields}


async def apply_soon(**asked: Any) -> intake.Outcome:
    return await in_thread(apply, **asked)


throttles.LIMITS[OLD_THROTTLE] = 1_000_000
if os.environ.get("BENCH_PEER"):
    vars(intake).update(apply=apply, apply_soon=apply_soon)
