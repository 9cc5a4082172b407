"""Entries are for pages that were away for a moment; the rows they tell of are kept elsewhere."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from dispatch.feed.replay import REPLAY_LIMIT

#: Every entry is kept for so long,
KEPT_WHOLE = timedelta(hours=1)
#: and of each stream the last REPLAY_LIMIT for so long. They hold what was said and where.
KEPT_AT_MOST = timedelta(hours=12)
#: Rows deleted at once: no lock is held for long.
BATCH = 5_000


def entries() -> int:
    """Delete what is too old to be replayed; the count. A client that misses it gets a snapshot."""
    now, total = timezone.now(), 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM feed_entry WHERE id IN (SELECT e.id FROM feed_entry e"
                " JOIN feed_stream s ON s.name = e.stream"
                " WHERE e.at < %s AND (e.at < %s OR e.seq <= s.head - %s) LIMIT %s)",
                [now - KEPT_WHOLE, now - KEPT_AT_MOST, REPLAY_LIMIT, BATCH],
            )
            deleted: int = cursor.rowcount
        total += deleted
        if deleted < BATCH:
            return total
