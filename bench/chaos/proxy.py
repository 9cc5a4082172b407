"""A TCP relay between two parts: slow, silent, refusing or cut, after Toxiproxy's toxics."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

#: At most this many pieces wait for their time in one direction of one connection.
WAITING = 512
PIECE = 65_536


class Proxy:
    """Listens on a loopback port of its own; its loop runs in a thread of its own.

    `slow(s)` delays every byte each way; `silence()` lets connections stand and nothing pass;
    `refuse()` resets what is there and what comes; `heal()` ends all of that; `cut()` resets
    what is there once.
    """

    def __init__(self, target: int, *, host: str = "127.0.0.1") -> None:
        self._target = (host, target)
        self._delay = 0.0
        self._refusing = False
        self._open: set[asyncio.StreamWriter] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port: int = self._listening.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self._thread.start()

    def slow(self, seconds: float) -> None:
        self._ask(lambda: setattr(self, "_delay", seconds))

    def silence(self) -> None:
        self._ask(self._passing.clear)

    def refuse(self) -> None:
        self._refusing = True
        self.cut()

    def cut(self) -> None:
        self._ask(self._reset_all)

    def heal(self) -> None:
        self._refusing = False
        self.slow(0)
        self._ask(self._passing.set)

    def close(self) -> None:
        self._ask(self._loop.stop)
        self._thread.join(5)

    def _ask(self, work: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(work)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._accepted, sock=self._listening, limit=PIECE)
        )
        self._loop.run_forever()
        server.close()
        self._reset_all()
        for job in self._jobs:
            job.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._jobs, return_exceptions=True))
        self._loop.close()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target, limit=PIECE)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING)
            for work in (self._take(source, queue), self._give(queue, sink)):
                job = self._loop.create_task(work)
                self._jobs.add(job)
                job.add_done_callback(self._jobs.discard)

    async def _take(
        self, source: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        data = b"-"
        while data:
            try:
                data = await source.read(PIECE)
            except OSError:
                data = b""
            await queue.put((time.monotonic() + self._delay, data))

    async def _give(
        self, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._passing.wait()
            try:
                if not data:
                    break
                sink.write(data)
                await sink.drain()
            except OSError:
                break
        self._open.discard(sink)
        sink.close()

    def _reset_all(self) -> None:
        for writer in self._open:
            _reset(writer)
        self._open.clear()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it as a dead peer's kernel does, without a goodbye."""
    own = writer.get_extra_info("socket")
    if own is not None:
        with contextlib.suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
