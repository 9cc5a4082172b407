"""Reading streams: heads, the entries after a sequence, and what a joining client gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from dispatch.feed import counters, latest
from dispatch.feed.models import Entry, Stream
from dispatch.feed.unit import as_message

#: Of what travels on the feeds; docs/protocol.md says what each version brought.
PROTOCOL = 1
#: A client further behind than this gets a fresh snapshot.
REPLAY_LIMIT = 500


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601, UTC, milliseconds: the only form of time on the wire."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """This moment, as on the wire."""
    return stamp(timezone.now()) or ""


def epoch() -> str:
    """Which history this database is in.

    Made of the stored epoch and of what PostgreSQL changes when a database is restored or
    promoted: cluster, timeline, database oid, the counters' file (`pg_restore --clean`), and
    the start of the server (a disk put back to an earlier day). One that changes without need,
    as with a restart, costs each page a snapshot.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5(concat_ws('/', e.value, s.system_identifier, c.timeline_id, d.oid,"
            " pg_relation_filenode('feed_stream'), pg_postmaster_start_time()))"
            " FROM feed_epoch e, pg_control_system() s, pg_control_checkpoint() c, pg_database d"
            " WHERE d.datname = current_database()"
        )
        row = cursor.fetchone()
    if row is None:
        raise RuntimeError("feed_epoch has no row; run the migrations")
    return str(row[0])


def head(stream: str) -> int:
    """The newest sequence of a stream; 0 for one that has no entries."""
    return Stream.objects.filter(name=stream).values_list("head", flat=True).first() or 0


def heads(streams: Iterable[str]) -> dict[str, int]:
    """The newest sequence of each stream, in one query."""
    wanted = list(streams)
    found = dict(Stream.objects.filter(name__in=wanted).values_list("name", "head"))
    return {name: found.get(name, 0) for name in wanted}


def entries_after(stream: str, seq: int, *, limit: int | None = None) -> list[dict[str, Any]]:
    """The entries of a stream with a greater sequence, in order."""
    found = Entry.objects.filter(stream_id=stream, seq__gt=seq).order_by("seq")
    return [as_message(entry) for entry in (found[:limit] if limit else found)]


def snapshot(stream: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """A snapshot message; to be called inside a snapshot unit, with the items it read."""
    return {
        "t": "snapshot",
        "v": PROTOCOL,
        "epoch": epoch(),
        "seq": head(stream),
        "now": now(),
        "items": items,
        "latest": latest.of(stream),
    }


def catch_up(
    stream: str,
    *,
    known_epoch: str | None,
    last_seq: int | None,
    build: Callable[[], list[dict[str, Any]]],
) -> dict[str, Any]:
    """What a joining client needs: the entries it missed, or a snapshot.

    An unknown epoch, a sequence from the future or one too far behind gets a snapshot.
    Call inside a snapshot unit. The answer carries the head as `seq`, and the last values,
    which may have changed without an entry.
    """
    top = head(stream)
    if (
        known_epoch is not None
        and last_seq is not None
        and known_epoch == epoch()
        and 0 <= top - last_seq <= REPLAY_LIMIT
    ):
        missed = entries_after(stream, last_seq)
        if len(missed) == top - last_seq:
            counters.happened(counters.REPLAYS)
            return {
                "t": "entries",
                "v": PROTOCOL,
                "seq": top,
                "entries": missed,
                "latest": latest.of(stream),
            }
    counters.happened(counters.SNAPSHOTS)
    return snapshot(stream, build())
