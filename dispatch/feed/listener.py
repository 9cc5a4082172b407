"""One socket's place on its stream: from where on it counts, what is held, what goes out."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import structlog

from dispatch.errors import DomainError
from dispatch.feed import counters, replay
from dispatch.feed.bus import bus
from dispatch.feed.outlet import Outlet
from dispatch.feed.packets import Message, Packet

log = structlog.get_logger(__name__)

#: Messages that come while a socket reads its state; more, and it reads it once more.
HELD_LIMIT = 1_000


@dataclass(frozen=True)
class Audience:
    """Which stream a socket reads, and how to catch up on it.

    `catch_up(epoch, last_seq)` runs in a thread and opens its own snapshot scope. Everyone in an
    audience gets the same, so one answer may serve several sockets.
    """

    stream: str
    catch_up: Callable[[str | None, int | None], Message]

    @property
    def kind(self) -> str:
        """The part of the stream's name before the colon."""
        return self.stream.partition(":")[0]


class _Mode(enum.Enum):
    DEAF = enum.auto()  # a snapshot will say it all, or nothing is to be said any more
    READING = enum.auto()  # what comes is held until we know from where on it counts
    LIVE = enum.auto()


class _State(NamedTuple):
    """The answer to a hello, encoded: the state up to `seq`, and a first heartbeat."""

    seq: int
    answer: Packet
    beat: Packet


def _read_state(audience: Audience, epoch: str | None, last_seq: int | None) -> _State:
    answer = audience.catch_up(epoch, last_seq)
    # Entries say nothing of last values; heartbeats are the way they come.
    late = answer.pop("latest", []) if answer["t"] == "entries" else []
    seq = answer["seq"]
    beat = {"t": "beat", "seq": seq, "now": replay.now(), "latest": late}
    return _State(seq, Packet(answer), Packet(beat))


class Listener:
    """A bus's receiver: passes on what is above its own head, and starts afresh if it must."""

    def __init__(
        self,
        audience: Audience,
        outlet: Outlet,
        *,
        caught_up: Callable[[], None],
        ends_after: Callable[[list[Message]], DomainError | None],
        end: Callable[[DomainError], None],
        failed: Callable[[], None],
    ) -> None:
        """`caught_up()` is told each time a state was sent: what led to it was not all heard;
        `ends_after(entries)` says why nothing more may be heard, and `end` is told;
        `failed` is told when the state could not be read again."""
        self.audience = audience
        self._outlet = outlet
        self._caught_up, self._failed = caught_up, failed
        self._ends_after, self._end = ends_after, end
        self._seq = 0
        self._mode = _Mode.DEAF
        self._held: list[Packet] = []
        self._again = False  # what was read meanwhile is not enough
        self._hushed = False
        self._afresh: asyncio.Task[None] | None = None

    async def join(self, epoch: str | None, last_seq: int | None) -> None:
        """Get on the stream, catch up, and listen. Raises what reading the state raises."""
        # Subscribe first, then read: what happens in between is held.
        self._mode = _Mode.READING
        await bus().join(self.audience.stream, self)
        await self._catch_up(epoch, last_seq)

    async def leave(self) -> None:
        """Get off the stream."""
        self.hush()
        if self._afresh is not None:
            self._afresh.cancel()
        await bus().leave(self.audience.stream, self)

    def hush(self) -> None:
        """Pass on nothing more."""
        self._hushed, self._mode = True, _Mode.DEAF

    def offer(self, packet: Packet) -> None:
        """Take a message from the bus. Never waits, and never keeps more than it may."""
        if self._mode is _Mode.LIVE:
            self._pass_on(packet)
        elif self._mode is _Mode.READING:
            if len(self._held) < HELD_LIMIT:
                self._held.append(packet)
            else:
                self._again = True

    def resync(self) -> None:
        """Go on with a fresh snapshot: what was or would be sent until then does not matter."""
        if self._mode is _Mode.READING:
            self._again = True
        elif self._mode is _Mode.LIVE:
            counters.happened(counters.RESYNCS)
            self._mode = _Mode.DEAF
            self._outlet.clear()
            self._afresh = asyncio.create_task(self._start_afresh())

    def _pass_on(self, packet: Packet) -> None:
        if entries := packet.entries:
            rest = packet.after(self._seq)
            if rest is None:
                return
            packet, entries = rest, rest.entries
            if entries[0]["seq"] > self._seq + 1:
                self.resync()  # the bus gives them in order; never pass over one all the same
                return
            self._seq = entries[-1]["seq"]
        if not self._outlet.put(packet):
            self.resync()
        elif entries and (why := self._ends_after(entries)):
            self.hush()
            self._end(why)

    async def _start_afresh(self) -> None:
        try:
            # What the reader is slow to take must be through, or it would never catch up.
            await self._outlet.idle()
            if self._hushed:
                return
            self._mode, self._held = _Mode.READING, []
            await self._catch_up(None, None)
        except Exception:
            log.exception("feed_socket_failed")
            self._failed()

    async def _catch_up(self, epoch: str | None, last_seq: int | None) -> None:
        audience = self.audience
        while True:
            self._again = False
            state: _State = await bus().reads.read(
                (audience.stream, epoch, last_seq), partial(_read_state, audience, epoch, last_seq)
            )
            if not self._again:
                break
            epoch, last_seq, self._held = None, None, []
        held, self._held = self._held, []
        if self._hushed:
            return
        self._seq = state.seq
        self._outlet.put(state.answer, always=True)
        self._outlet.put(state.beat, always=True)
        self._mode = _Mode.LIVE
        self._caught_up()
        for packet in held:
            self.offer(packet)
