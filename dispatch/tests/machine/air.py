"""What lies between a commit and the sockets: hints that come late, twice, in disorder or never.

The real `publish` writes to the real Redis; only when it does is in the machine's hands.
"""

from __future__ import annotations

import random
from threading import Lock
from typing import Any, Literal

import redis
from django.conf import settings
from django.db import connection

from dispatch.feed import publish

Weather = Literal["clear", "still", "away"]
Hint = dict[str, Any]


class Air:
    """Hints on their way. `clear`: published at once; `still`: kept; `away`: Redis is not there."""

    def __init__(self) -> None:
        self.weather: Weather = "clear"
        #: One message for one channel each.
        self.hints: list[Hint] = []
        #: Something will not arrive, so that only a heartbeat can tell.
        self.lossy = False
        #: What stood in a hint before it was committed: nothing may.
        self.too_early: list[Hint] = []
        self._lock = Lock()
        self._send = publish._send
        self._client = redis.Redis.from_url(settings.REDIS_URL)

    def install(self, patch: Any) -> Air:
        """Come between until the patch is undone."""
        # On a busy machine the real limit of 0.1 s would lose hints that nobody meant to lose.
        patch.setattr(publish, "TIMEOUT_S", 10.0)
        publish._client.cache_clear()
        patch.setattr(publish, "_send", self._take)
        return self

    def clear_up(self) -> None:
        """As at the beginning."""
        self.weather, self.hints, self.lossy, self.too_early = "clear", [], False, []

    def _take(self, messages: dict[str, Any]) -> None:
        """In place of publish._send; called by whatever thread has committed."""
        if connection.in_atomic_block:
            self.too_early.append(messages)
        if self.weather == "clear":
            self._send(messages)
        elif self.weather == "away":
            self.lossy = True
        else:
            with self._lock:
                self.hints += [{channel: message} for channel, message in messages.items()]

    def lose(self, which: int) -> None:
        """One hint never arrives."""
        if self.hints:
            self.hints.pop(which % len(self.hints))
            self.lossy = True

    def deliver(self, *, disorder: int | None = None, twice: bool = False) -> None:
        """All that is in the air arrives: as it was sent, or in a disorder, perhaps twice."""
        with self._lock:
            found, self.hints = self.hints, []
        if twice:
            found = found + found
        if disorder is not None:
            random.Random(disorder).shuffle(found)
        for hint in found:
            self._send(hint)

    def cut(self) -> set[str]:
        """Redis drops everyone who listens, and what was on its way with them. Who it was."""
        self.hints, self.lossy = [], True
        listened = self.listeners()
        self._client.client_kill_filter(_type="pubsub")
        return listened

    def listeners(self) -> set[str]:
        """Who listens to Redis: ids of connections, never used again."""
        found: Any = self._client.client_list(_type="pubsub")
        return {one["id"] for one in found}
