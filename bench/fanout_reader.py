"""Many WebSockets that only read, as lean as can be; its processor time is nobody's.

    python -m bench.fanout_reader <port> <path> <sockets> <cookie> <hello>

Says `ready` once every socket has what it waits for. On its standard input, `count` asks how many
messages have come, those to warm up among them, and `stop` for all of it, as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from functools import partial
from typing import Any

import msgspec
from websockets.frames import Frame, Opcode


class Body(msgspec.Struct):
    """What is measured: a number (below zero: to warm up) and when it was published, in ns."""

    n: int | None = None
    sent: int = 0


class Value(msgspec.Struct):
    body: Body


class Message(msgspec.Struct):
    t: str
    latest: list[Value] = []


DECODER = msgspec.json.Decoder(Message)


class Notes:
    def __init__(self) -> None:
        self.count = 0
        self.delays: list[int] = []  # ns
        self.got: list[Counter[int]] = []


class Reader(asyncio.Protocol):
    """One socket. Frames of a server come unmasked (RFC 6455, 5.2)."""

    def __init__(self, notes: Notes, request: bytes, hello: bytes) -> None:
        self._notes, self._request, self._hello = notes, request, hello
        self._rest = b""
        self._open = False
        self._mine: Counter[int] = Counter()
        self.ready = asyncio.Event()
        notes.got.append(self._mine)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        sys.exit(f"a socket was closed: {error}")

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        rest = self._rest + data if self._rest else data
        if not self._open:
            head, found, rest = rest.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._open = True
            if self._hello:
                frame = Frame(Opcode.TEXT, self._hello)
                self._transport.write(frame.serialize(mask=True))
            else:
                self.ready.set()
        at = 0
        while len(rest) - at >= 2:
            length, start = rest[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(rest[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(rest[at + 2 : at + 10], "big"), at + 10
            if len(rest) < start + length:
                break
            self._take(rest[at] & 15, rest[start : start + length], now)
            at = start + length
        self._rest = rest[at:]

    def _take(self, opcode: int, payload: bytes, now: int) -> None:
        if opcode == Opcode.PING:
            self._transport.write(Frame(Opcode.PONG, payload).serialize(mask=True))
        if opcode != Opcode.TEXT:
            return
        if not self.ready.is_set():
            self.ready.set()  # the answer to its hello
        for value in DECODER.decode(payload).latest:
            if value.body.n is None:
                continue
            self._notes.count += 1
            if value.body.n >= 0:
                self._mine[value.body.n] += 1
                self._notes.delays.append(now - value.body.sent)


async def main(port: int, path: str, sockets: int, cookie: str, hello: str) -> None:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"
        f"Cookie: {cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    ).encode()
    notes, loop = Notes(), asyncio.get_running_loop()
    readers = [Reader(notes, request, hello.encode()) for _ in range(sockets)]
    for reader in readers:
        await loop.create_connection(partial(same, reader), "127.0.0.1", port)
    await asyncio.wait_for(asyncio.gather(*(reader.ready.wait() for reader in readers)), 30)
    tell("ready")
    while (asked := (await asyncio.to_thread(sys.stdin.readline)).strip()) == "count":
        tell(notes.count)
    if asked == "stop":
        got = [[len(mine), sum(mine.values())] for mine in notes.got]
        tell({"delays": sorted(notes.delays), "got": got})


def same(reader: Reader) -> Reader:
    """asyncio asks for a factory."""
    return reader


def tell(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]))
