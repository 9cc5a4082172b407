"""Last values on their way to sockets: newer ones only, each key at most twice a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from dispatch.feed.packets import Message

#: A last value is pushed at most this often per key and stream (2 a second).
LATEST_EVERY_S = 0.5


class Pace:
    """Decides which last values of a stream go out now; of those that wait, the newest does."""

    def __init__(self, tell: Callable[[list[Message]], None]) -> None:
        self._tell = tell
        self._versions: dict[str, int] = {}
        self._pushed: dict[str, float] = {}
        self._waiting: dict[str, Message] = {}

    def take(self, values: Iterable[Message]) -> None:
        """Values from a hint: pushed now, or when their key may speak again."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        ready = []
        for value in values:
            key = value["key"]
            if value["version"] <= self._versions.get(key, -1):
                continue
            self._versions[key] = value["version"]
            wait = self._pushed.get(key, -LATEST_EVERY_S) + LATEST_EVERY_S - now
            if wait <= 0:
                self._pushed[key] = now
                ready.append(value)
            else:
                if key not in self._waiting:
                    loop.call_later(wait, self._push, key)
                self._waiting[key] = value
        if ready:
            self._tell(ready)

    def newer(self, values: list[Message]) -> list[Message]:
        """Of all values as the database has them, those that no hint has told of."""
        found = [
            value for value in values if value["version"] > self._versions.get(value["key"], -1)
        ]
        # Also forgets the keys that are no more.
        self._versions = {
            value["key"]: max(value["version"], self._versions.get(value["key"], -1))
            for value in values
        }
        self._pushed = {key: at for key, at in self._pushed.items() if key in self._versions}
        return found

    def forget(self) -> None:
        """Versions may start again (a restored database)."""
        self._versions.clear()
        self._waiting.clear()

    def _push(self, key: str) -> None:
        value = self._waiting.pop(key, None)
        if value is not None:
            self._pushed[key] = asyncio.get_running_loop().time()
            self._tell([value])
