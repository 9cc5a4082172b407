"""Plain counters of this process, for whoever watches over it (dispatch.metrics shows them).

Any room counts here. A label is one of a few fixed words: never anything of a call or a person.
"""

from __future__ import annotations

import threading
from collections import Counter

#: Fixes taken from phones.
FIXES = "fixes"
#: Webhooks of media nodes, by outcome: applied, repeated, ignored, forged, unreadable, too_large.
WEBHOOKS = "webhooks"
#: Answers to HTTP requests, by class: 2xx, 3xx, 4xx, 5xx.
ANSWERS = "answers"

_lock = threading.Lock()
_counts: dict[str, Counter[str]] = {}


def count(name: str, label: str = "", *, by: int = 1) -> None:
    """Add to a counter. From any thread."""
    with _lock:
        _counts.setdefault(name, Counter())[label] += by


def counted(name: str) -> dict[str, int]:
    """A counter since this process started, by label."""
    with _lock:
        return dict(_counts.get(name, {}))
