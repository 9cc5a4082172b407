"""One Redis connection per web process, subscribed to exactly the streams with sockets here."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import msgspec
import redis.asyncio
import redis.exceptions
import structlog
from django.conf import settings

from dispatch.feed import latest, publish, replay
from dispatch.feed.threads import in_thread

log = structlog.get_logger(__name__)

#: Seconds between heartbeats; a client calls the connection lost after 5 s without one.
HEARTBEAT_S = 2.0
#: A last value is pushed at most this often per key and stream (2 a second).
LATEST_EVERY_S = 0.5
#: How long a joining socket waits for Redis's acknowledgement before it goes on without.
SUBSCRIBE_WAIT_S = 1.0


class Receiver(Protocol):
    """A socket as the bus sees it: somewhere to put messages, never to wait."""

    def offer(self, message: dict[str, Any]) -> None: ...


class Bus:
    """Delivers published messages and heartbeats to the receivers of this process."""

    def __init__(self) -> None:
        self._receivers: dict[str, set[Receiver]] = {}
        self._acked: dict[str, asyncio.Event] = {}
        self._pushed: dict[tuple[str, str], float] = {}
        self._waiting: dict[tuple[str, str], dict[str, Any]] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self._redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=None
        )
        self._pubsub: redis.asyncio.client.PubSub | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, stream: str, receiver: Receiver) -> None:
        """Register a receiver, and return once messages for the stream reach it."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._beat())]
        first = stream not in self._receivers
        self._receivers.setdefault(stream, set()).add(receiver)
        acked = self._acked.setdefault(stream, asyncio.Event())
        if first and self._pubsub is not None:
            with contextlib.suppress(redis.exceptions.RedisError, OSError):
                await self._pubsub.subscribe(publish.channel(stream))
        # Without Redis the heartbeat still carries the head, so go on after a moment.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(acked.wait(), SUBSCRIBE_WAIT_S)

    async def leave(self, stream: str, receiver: Receiver) -> None:
        """Forget a receiver, and the stream with its last one."""
        left = self._receivers.get(stream)
        if left is None:
            return
        left.discard(receiver)
        if left:
            return
        del self._receivers[stream]
        self._acked.pop(stream, None)
        for book in (self._pushed, self._waiting, self._versions):
            for key in [key for key in book if key[0] == stream]:
                del book[key]
        if self._pubsub is not None:
            with contextlib.suppress(redis.exceptions.RedisError, OSError):
                await self._pubsub.unsubscribe(publish.channel(stream))

    def _tell(self, stream: str, message: dict[str, Any]) -> None:
        for receiver in list(self._receivers.get(stream, ())):
            receiver.offer(message)

    async def _read(self) -> None:
        pause = 0.1
        while True:
            pubsub = self._redis.pubsub()
            try:
                # Always one channel of our own, so that reading is possible without sockets.
                await pubsub.subscribe(
                    f"{settings.FEED_PREFIX}:", *map(publish.channel, self._receivers)
                )
                self._pubsub = pubsub
                pause = 0.1
                async for message in pubsub.listen():
                    self._handle(message)
            except (redis.exceptions.RedisError, OSError) as problem:
                log.warning("feed_bus_lost", problem=type(problem).__name__)
            finally:
                self._pubsub = None
                for acked in self._acked.values():
                    acked.clear()
                with contextlib.suppress(redis.exceptions.RedisError, OSError):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _handle(self, message: dict[str, Any]) -> None:
        stream = message["channel"].decode().removeprefix(f"{settings.FEED_PREFIX}:")
        if message["type"] == "subscribe":
            if acked := self._acked.get(stream):
                acked.set()
        elif message["type"] == "message":
            content = msgspec.json.decode(message["data"])
            if "entries" in content:
                self._tell(stream, {"t": "entries", "entries": content["entries"]})
            for value in content.get("latest", ()):
                self._push_latest(stream, value)

    def _push_latest(self, stream: str, value: dict[str, Any]) -> None:
        """Push a newer value now, or when its key may speak again; only the newest waits."""
        key = (stream, value["key"])
        if value["version"] <= self._versions.get(key, -1):
            return
        self._versions[key] = value["version"]
        loop = asyncio.get_running_loop()
        wait = self._pushed.get(key, -LATEST_EVERY_S) + LATEST_EVERY_S - loop.time()
        if wait <= 0:
            self._pushed[key] = loop.time()
            self._tell(stream, {"t": "latest", "latest": [value]})
        else:
            if key not in self._waiting:
                loop.call_later(wait, self._push_waiting, key)
            self._waiting[key] = value

    def _push_waiting(self, key: tuple[str, str]) -> None:
        value = self._waiting.pop(key, None)
        if value is not None:
            self._pushed[key] = asyncio.get_running_loop().time()
            self._tell(key[0], {"t": "latest", "latest": [value]})

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            streams = list(self._receivers)
            if not streams:
                continue
            try:
                heads, values = await in_thread(_heads_and_latest, streams)
            except Exception:
                # No beat is the honest message: the client says "connection lost" by itself.
                log.exception("feed_heartbeat_failed")
                continue
            for stream in streams:
                beat = {
                    "t": "beat",
                    "seq": heads[stream],
                    "now": replay.now(),
                    "latest": values[stream],
                }
                for value in values[stream]:
                    self._versions[stream, value["key"]] = value["version"]
                self._tell(stream, beat)


def _heads_and_latest(streams: list[str]) -> tuple[dict[str, int], dict[str, list[dict[str, Any]]]]:
    values = {stream: [dict(value) for value in latest.of(stream)] for stream in streams}
    return replay.heads(streams), values


_buses: WeakKeyDictionary[asyncio.AbstractEventLoop, Bus] = WeakKeyDictionary()


def bus() -> Bus:
    """The bus of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _buses:
        _buses[loop] = Bus()
    return _buses[loop]
