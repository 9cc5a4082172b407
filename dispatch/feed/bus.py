"""One Redis connection per web process, subscribed to exactly the streams with sockets here.

Order is restored and gaps are healed here, once for all sockets of a stream (`flow`). Whatever
happens to Redis, the heartbeat compares with the database, so a lost hint costs two seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import redis.asyncio
import redis.exceptions
import structlog
from django.conf import settings

from dispatch.feed import counters, latest, publish, replay
from dispatch.feed.flow import Flow, Receiver
from dispatch.feed.packets import Message, Packet
from dispatch.feed.reads import SharedReads
from dispatch.feed.threads import in_thread

log = structlog.get_logger(__name__)

#: Seconds between heartbeats; a client calls the connection lost after 5 s without one.
HEARTBEAT_S = 2.0
#: How long a joining socket waits for Redis's acknowledgement before it goes on without.
SUBSCRIBE_WAIT_S = 1.0
#: How long an entry that came too early waits for its predecessor: two processes that commit one
#: after the other may publish the other way round.
GAP_PATIENCE_S = 0.05
#: Redis is asked for a sign of life with each heartbeat; a connection without one is dropped.
REDIS_SILENT_S = 5.0


class Bus:
    """Delivers published messages and heartbeats to the receivers of this process."""

    def __init__(self) -> None:
        self.reads = SharedReads()
        self._flows: dict[str, Flow] = {}
        self._redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=None
        )
        self._pubsub: redis.asyncio.client.PubSub | None = None
        self._away = False  # Redis did not answer when we last tried
        self._unsure: set[Flow] = set()  # newly subscribed: what was published before is unknown
        self._loops: list[asyncio.Task[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, stream: str, receiver: Receiver) -> None:
        """Register a receiver, and return once messages for the stream reach it.

        State that is read after this, and all that is offered from now on, leave no gap.
        """
        if not self._loops:
            self._loops = [asyncio.create_task(self._read()), asyncio.create_task(self._beat())]
        flow = self._flows.get(stream)
        if flow is None:
            flow = self._flows[stream] = Flow(stream)
            flow.receivers.add(receiver)
            if self._pubsub is not None:
                with contextlib.suppress(redis.exceptions.RedisError, OSError):
                    await self._pubsub.subscribe(publish.channel(stream))
        flow.receivers.add(receiver)
        if not (flow.acked.is_set() or self._away):
            # Without Redis the heartbeat still carries the head, so go on after a moment.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(flow.acked.wait(), SUBSCRIBE_WAIT_S)
        if flow.delivered is None:
            flow.begin(*await self.reads.read(("head", stream), partial(_start, stream)))

    async def leave(self, stream: str, receiver: Receiver) -> None:
        """Forget a receiver, and the stream with its last one."""
        flow = self._flows.get(stream)
        if flow is None:
            return
        flow.receivers.discard(receiver)
        if flow.receivers:
            return
        del self._flows[stream]
        if self._pubsub is not None:
            with contextlib.suppress(redis.exceptions.RedisError, OSError):
                await self._pubsub.unsubscribe(publish.channel(stream))

    # What Redis says.

    async def _read(self) -> None:
        pause = 0.1
        while True:
            pubsub = self._redis.pubsub()
            try:
                # Always one channel of our own, so that reading is possible without sockets.
                known = set(self._flows)
                await pubsub.subscribe(f"{settings.FEED_PREFIX}:", *map(publish.channel, known))
                self._pubsub, self._away = pubsub, False
                if late := self._flows.keys() - known:  # joined while we connected
                    await pubsub.subscribe(*map(publish.channel, late))
                pause = 0.1
                while True:
                    message = await pubsub.get_message(
                        ignore_subscribe_messages=False, timeout=REDIS_SILENT_S
                    )
                    if message is None:
                        raise redis.exceptions.ConnectionError("silent")
                    self._handle(message)
            except (redis.exceptions.RedisError, OSError) as problem:
                log.warning("feed_bus_lost", problem=type(problem).__name__)
            except Exception:
                # A message we cannot read must not end the delivery of all others.
                log.exception("feed_bus_failed")
            finally:
                self._pubsub, self._away = None, True
                for flow in self._flows.values():
                    flow.acked.clear()
                with contextlib.suppress(redis.exceptions.RedisError, OSError):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _handle(self, message: dict[str, Any]) -> None:
        if message["type"] not in ("subscribe", "message"):
            return
        stream = message["channel"].decode().removeprefix(f"{settings.FEED_PREFIX}:")
        flow = self._flows.get(stream)
        if flow is None:
            return
        if message["type"] == "subscribe":
            flow.acked.set()
            if flow.delivered is not None:
                self._doubt(flow)
            return
        content = msgspec.json.decode(message["data"])
        flow.take(content.get("entries", ()))
        if flow.gap and not flow.healing.locked():
            self._spawn(self._heal(flow, patience=GAP_PATIENCE_S))
        flow.pace.take(content.get("latest", ()))

    def _doubt(self, flow: Flow) -> None:
        """Subscribed again: compare with the heads, once for all streams that were."""
        if not self._unsure:
            self._spawn(self._compare_unsure())
        self._unsure.add(flow)

    async def _compare_unsure(self) -> None:
        await asyncio.sleep(0.02)  # the acknowledgements come one after the other
        flows, self._unsure = self._unsure, set()
        heads = await in_thread(replay.heads, [flow.stream for flow in flows])
        for flow in flows:
            await self._level(flow, heads[flow.stream])

    # What the database says.

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self._ping()
            flows = list(self._flows.values())
            if not flows:
                continue
            try:
                await self._compare(flows)
            except Exception:
                # No beat is the honest message: the client says "connection lost" by itself.
                log.exception("feed_heartbeat_failed")

    async def _ping(self) -> None:
        if self._pubsub is not None:
            with contextlib.suppress(redis.exceptions.RedisError, OSError):
                await self._pubsub.ping()

    async def _compare(self, flows: list[Flow]) -> None:
        before = {flow: flow.delivered for flow in flows}
        epoch, heads, values = await in_thread(_truth, [flow.stream for flow in flows])
        for flow in flows:
            head, known = heads[flow.stream], before[flow]
            flow.begin(epoch, head)
            if flow.epoch != epoch or (known is not None and head < known):
                flow.epoch = epoch
                flow.start_over(head)
            else:
                await self._level(flow, head)
            newer = flow.pace.newer(values[flow.stream])
            flow.tell(Packet({"t": "beat", "seq": head, "now": replay.now(), "latest": newer}))

    async def _level(self, flow: Flow, head: int) -> None:
        """Bring a stream's sockets to this head, if hints have not done so."""
        if flow.delivered is not None and flow.delivered < head:
            counters.lagging(head - flow.delivered)
            await self._heal(flow, head=head)

    async def _heal(self, flow: Flow, *, head: int = 0, patience: float = 0) -> None:
        """Read what is missing, once for all sockets of the stream."""
        async with flow.healing:
            if patience:
                await asyncio.sleep(patience)
            while flow.delivered is not None and (flow.gap or flow.delivered < head):
                counters.happened(counters.HEALS)
                missed = await in_thread(
                    replay.entries_after, flow.stream, flow.delivered, limit=replay.REPLAY_LIMIT
                )
                first = missed[0]["seq"] if missed else head + 1
                if first > flow.delivered + 1:
                    # Pruned, or of a history that is no more.
                    flow.start_over(max(first - 1, flow.delivered))
                flow.take(missed)
                if len(missed) < replay.REPLAY_LIMIT:
                    return

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as problem:  # noqa: BLE001 (the heartbeat makes up for it)
            log.warning("feed_heal_failed", problem=type(problem).__name__)


# The epoch is read first: should another database come in between, the next heartbeat tells.


def _start(stream: str) -> tuple[str, int]:
    return replay.epoch(), replay.head(stream)


def _truth(streams: list[str]) -> tuple[str, dict[str, int], dict[str, list[Message]]]:
    epoch = replay.epoch()
    heads = replay.heads(streams)
    values = {stream: [dict(value) for value in latest.of(stream)] for stream in streams}
    return epoch, heads, values


_buses: WeakKeyDictionary[asyncio.AbstractEventLoop, Bus] = WeakKeyDictionary()


def bus() -> Bus:
    """The bus of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _buses:
        _buses[loop] = Bus()
    return _buses[loop]
