"""What the database knows about how things go: counts, ages and times, of all centres together.

Test calls stay out of every figure.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Min, Q
from django.utils import timezone

from dispatch.calls.models import Call, MediaNode, Stage
from dispatch.centres.access import system_scope
from dispatch.outbox.models import Item

#: Stage times are those of the last hour: a histogram of now, not of all times.
WITHIN_S = 3600.0
#: And of at most so many marks, however busy the hour: the newest.
MARKS = 50_000
#: Upper bounds in seconds. A text takes seconds, a person up to minutes, a picture 0.1 s.
BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
#: Each step, from the stage before it to the one after it.
STEPS = (
    (Stage.REQUESTED, Stage.ACCEPTED),
    (Stage.ACCEPTED, Stage.DELIVERED),
    (Stage.DELIVERED, Stage.OPENED),
    (Stage.OPENED, Stage.TAPPED),
    (Stage.TAPPED, Stage.FIRST_FRAME),
)


@dataclass(frozen=True)
class Outbox:
    """Work that waits: how much is due, since when at the longest (s), how much ended badly."""

    due: int
    oldest_due_s: float
    unknown: int
    failed: int


@dataclass(frozen=True)
class Node:
    """A media node as its row has it."""

    name: str
    up: bool
    rooms: int


@dataclass(frozen=True)
class Step:
    """How long the calls of the last hour took from one stage to another.

    `counts` are cumulative, one for each of BOUNDS_S and one for all; `total_s` is the sum.
    """

    start: str
    end: str
    counts: tuple[int, ...]
    total_s: float


def outbox() -> Outbox:
    """What the outbox holds now."""
    now = timezone.now()
    due = Q(state=Item.State.PENDING, due_at__lte=now)
    open_ = Item.objects.filter(state__in=[Item.State.PENDING, Item.State.CLAIMED])
    waiting = open_.aggregate(count=Count("pk", filter=due), since=Min("due_at", filter=due))
    since = waiting["since"]
    ended = dict(
        Item.objects.filter(state__in=[Item.State.UNKNOWN, Item.State.FAILED])
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    return Outbox(
        due=waiting["count"],
        oldest_due_s=(now - since).total_seconds() if since else 0.0,
        unknown=ended.get(Item.State.UNKNOWN, 0),
        failed=ended.get(Item.State.FAILED, 0),
    )


def open_calls() -> int:
    """Calls that are open now."""
    with system_scope("metrics.figures"):
        return int(Call.objects.filter(state=Call.State.OPEN, is_test=False).count())


def nodes() -> list[Node]:
    """Every media node that is in use or draining."""
    found = MediaNode.objects.exclude(state=MediaNode.State.OFF).order_by("name")
    return [Node(node.name, node.up, node.rooms) for node in found]


def steps() -> list[Step]:
    """Stage times of the last hour."""
    return [_step(start, end) for start, end in STEPS]


def _step(start: Stage, end: Stage) -> Step:
    bounds = ", ".join("count(*) FILTER (WHERE took <= %s)" for _ in BOUNDS_S)
    # The newest marks by their number: there is no index by time, and none is wanted for this.
    sql = (
        "WITH ended AS (SELECT call_id, at FROM calls_stagemark"  # noqa: S608 (no value in it)
        " WHERE id > (SELECT coalesce(max(id), 0) - %s FROM calls_stagemark)"
        " AND stage = %s AND at > now() - make_interval(secs => %s)),"
        " steps AS (SELECT greatest(extract(epoch FROM ended.at - began.at)::float8, 0) AS took"
        " FROM ended JOIN calls_stagemark began USING (call_id)"
        " JOIN calls_call c ON c.id = call_id"
        " WHERE began.stage = %s AND began.at IS NOT NULL AND NOT c.is_test)"
        f" SELECT coalesce(sum(took), 0), {bounds}, count(*) FROM steps"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [MARKS, end, WITHIN_S, start, *BOUNDS_S])
        total, *counts = cursor.fetchone()
    return Step(start, end, tuple(counts), float(total))
