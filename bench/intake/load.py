"""A thousand callers' pages, as lean as they can be, in a process of their own.

    python -m bench.intake.load < asked.json > answers.json

Each posts a fix at its pace, when the one before was answered. By the socket it also answers the
heartbeats, as a page does. Prints, as JSON, the milliseconds from each post to its answer and the
items that were acked.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec
from websockets.asyncio.client import connect

#: Pages that connect at the same time, before the measurement begins.
AT_ONCE = 20
HEADERS = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)


class Asked(msgspec.Struct):
    """What the bench asks for."""

    port: int
    way: str  # socket, http
    boot: str
    #: Session id and cookie of each caller.
    callers: list[tuple[str, str]]
    seconds: float
    #: Seconds between two fixes of a caller.
    every: float


@dataclass
class Tally:
    answers_ms: list[float] = field(default_factory=list)
    acked: int = 0
    unacked: int = 0


class Page:
    """One caller."""

    def __init__(self, asked: Asked, session: str, cookie: str, tally: Tally) -> None:
        self.asked, self.session, self.tally = asked, session, tally
        self.cookie = f"sl_session={cookie}"
        self.host = f"localhost:{asked.port}"
        self.seq = 0
        self.lat = random.uniform(40, 42)

    async def open(self) -> None:
        raise NotImplementedError

    async def send(self, body: bytes) -> dict[str, Any]:
        """Post and return the answer."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def body(self, **more: Any) -> bytes:
        self.seq += 1
        self.lat += random.uniform(-1e-4, 1e-4)
        now = time.time() * 1000
        item = {
            "kind": "fix",
            "client_seq": self.seq,
            "lat": self.lat,
            "lon": -72.9,
            "accuracy": 12.5,
            "heading": 90.0,
            "speed": 1.4,
            "at": now - 300,
            "sent_at": now,
        }
        return msgspec.json.encode({"boot": self.asked.boot, "items": [item], **more})

    async def run(self, start: float) -> None:
        loop = asyncio.get_running_loop()
        at = start + random.uniform(0, self.asked.every)
        while at < start + self.asked.seconds:
            await asyncio.sleep(at - loop.time())
            sent = loop.time()
            answer = await self.send(self.body())
            self.tally.answers_ms.append((loop.time() - sent) * 1000)
            if answer.get("acked") == [self.seq]:
                self.tally.acked += 1
            else:
                self.tally.unacked += 1
            at = max(at + self.asked.every, loop.time())


class SocketPage(Page):
    async def open(self) -> None:
        self.wire = await connect(
            f"ws://{self.host}/s/{self.session}/ws",
            origin=f"http://{self.host}",  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookie},
            compression=None,
            ping_interval=None,
            open_timeout=60,
            close_timeout=1,
            max_size=None,
        )
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        await self.wire.send(json.dumps({"t": "hello", "stream": "call", "boot": self.asked.boot}))
        first = json.loads(await self.wire.recv())
        assert first["t"] == "snapshot", first
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self.wire:
            message = msgspec.json.decode(text)
            if message["t"] == "beat":
                await self.wire.send('{"t":"beat"}')
            elif message["t"] == "ack":
                self.answers.put_nowait(message)
            elif message["t"] == "bye":
                raise ConnectionError(message["code"])

    def body(self, **more: Any) -> bytes:
        return super().body(t="items", **more)

    async def send(self, body: bytes) -> dict[str, Any]:
        await self.wire.send(body, text=True)
        return await self.answers.get()

    async def close(self) -> None:
        self.reading.cancel()
        await self.wire.close()


class HttpPage(Page):
    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.asked.port)

    async def send(self, body: bytes) -> dict[str, Any]:
        head = HEADERS.format(
            path=f"/s/{self.session}/items", host=self.host, cookie=self.cookie, length=len(body)
        )
        self.writer.write(head.encode() + body)
        said = await self.reader.readuntil(b"\r\n\r\n")
        status = int(said.split(b" ", 2)[1])
        length = next(
            int(line.split(b":")[1])
            for line in said.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        content = await self.reader.readexactly(length)
        return msgspec.json.decode(content) if status == 200 else {"status": status}

    async def close(self) -> None:
        self.writer.close()


async def load(asked: Asked) -> Tally:
    tally = Tally()
    kind = SocketPage if asked.way == "socket" else HttpPage
    pages: list[Page] = [kind(asked, *caller, tally) for caller in asked.callers]
    for first in range(0, len(pages), AT_ONCE):
        await asyncio.gather(*(page.open() for page in pages[first : first + AT_ONCE]))
    await asyncio.sleep(1)
    print("ready", file=sys.stderr, flush=True)
    start = asyncio.get_running_loop().time()
    await asyncio.gather(*(page.run(start) for page in pages))
    print("done", file=sys.stderr, flush=True)
    await asyncio.gather(*(page.close() for page in pages))
    return tally


def main() -> int:
    tally = asyncio.run(load(msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)))
    print(json.dumps(vars(tally)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
