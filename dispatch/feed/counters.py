"""What the feed of this process has done: plain numbers, shown by dispatch.metrics.

The rest of the feed calls these functions; each takes no longer than a lock.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

from dispatch.counters import count

#: Snapshots sent to clients that joined, or that were too far behind to be replayed to.
SNAPSHOTS = "feed_snapshots"
#: Clients that joined again and were given the entries they had missed.
REPLAYS = "feed_replays"
#: Sockets that read too slowly and were told to start afresh.
RESYNCS = "feed_resyncs"
#: Times that missing entries were read from the database.
HEALS = "feed_heals"
#: Hints that Redis did not take; the next heartbeat makes up for them.
PUBLISH_FAILURES = "feed_publish_failures"

#: Seconds for which the largest lag is remembered: longer than between two readings.
LAG_KEPT_S = 30.0

_lock = threading.Lock()
_sockets: Counter[str] = Counter()
_lags: list[tuple[float, int]] = []


def happened(name: str, *, by: int = 1) -> None:
    """One of the names above happened (so many times)."""
    count(name, by=by)


def opened(audience: str) -> None:
    """A socket joined; `audience` is the part of its stream's name before the colon."""
    with _lock:
        _sockets[audience] += 1


def closed(audience: str) -> None:
    """That socket is gone."""
    with _lock:
        _sockets[audience] -= 1


def sockets() -> dict[str, int]:
    """Sockets now, by audience."""
    with _lock:
        return dict(_sockets)


def lagging(entries: int) -> None:
    """At a heartbeat: the stream's head is so many entries ahead of what was delivered."""
    if entries <= 0:
        return
    now = time.monotonic()
    with _lock:
        # A lag stays until it is old, or a larger one came after it: the list falls, and is short.
        while _lags and (_lags[-1][1] <= entries):
            _lags.pop()
        _lags.append((now, entries))


def lag() -> int:
    """The largest lag that a heartbeat found lately, in entries; 0 while all is delivered."""
    oldest = time.monotonic() - LAG_KEPT_S
    with _lock:
        while _lags and _lags[0][0] < oldest:
            _lags.pop(0)
        return _lags[0][1] if _lags else 0
