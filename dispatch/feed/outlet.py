"""The way out to one socket: in order, without waiting for it, and never without a bound."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from dispatch.feed.packets import Packet

log = structlog.get_logger(__name__)

#: Messages, and bytes, that a slow reader may leave waiting before it must start afresh. The
#: server's own write buffer (64 KiB and the message that filled it) comes on top.
WAITING_LIMIT = 1_000
WAITING_BYTES = 256_000
#: A socket that takes nothing for so long is cut off.
STUCK_AFTER_S = 30.0


class Wire(Protocol):
    """What dispatch.feed.server offers beyond ASGI."""

    def write(self, frame: bytes) -> bool:
        """Write a frame now; False where it would have to wait."""
        ...

    def abort(self) -> None:
        """End the connection without waiting for the other side."""
        ...


class Outlet:
    """While the socket takes what it is given, a message costs one write and no task."""

    def __init__(
        self,
        *,
        send: Callable[[str], Awaitable[None]],
        wire: Wire | None,
        stuck: Callable[[], None],
    ) -> None:
        """`send` waits until the message is taken; `stuck` is told when that takes too long."""
        self._send = send
        self._wire = wire
        self._stuck = stuck
        self._waiting: deque[tuple[Packet, int]] = deque()  # with what each counts, in bytes
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def put(self, packet: Packet, *, always: bool = False) -> bool:
        """Send, or keep until it can be sent. False when too much waits already.

        `always` is for the state itself, of which there is one: it counts for nothing.
        """
        if self._closed:
            return True
        if self._task is None:
            if self._wire is not None and self._wire.write(packet.frame):
                return True
            self._task = asyncio.create_task(self._run())
        size = 0 if always else len(packet.encoded)
        full = len(self._waiting) >= WAITING_LIMIT or self._bytes + size > WAITING_BYTES
        if full and not always:
            return False
        self._waiting.append((packet, size))
        self._bytes += size
        return True

    def clear(self) -> None:
        """Forget what waits: a snapshot will say it all."""
        self._waiting.clear()
        self._bytes = 0

    def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        self.clear()
        if self._task is not None:
            self._task.cancel()

    async def idle(self) -> None:
        """Return once everything was taken."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                packet, size = self._waiting.popleft()
                self._bytes -= size
                timer = loop.call_later(STUCK_AFTER_S, self._stuck)
                try:
                    await self._send(packet.text)
                finally:
                    timer.cancel()
        except Exception:
            log.exception("feed_socket_failed")
            self._stuck()
        finally:
            self._task = None
