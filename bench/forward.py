"""Passes TCP connections on, byte by byte.

    python -m bench.forward LISTEN_ADDRESS TARGET_ADDRESS PORT…

Each port is taken on the first address and passed to the same port of the second. The onward
connection is made for every one that comes in, so that a browser behind it waits for exactly the
round trips that it would wait for without.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # one side has gone
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def forward(listen: str, target: str, ports: list[int]) -> None:
    def passing(port: int):  # type: ignore[no-untyped-def]
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                onward = await asyncio.open_connection(target, port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(pump(reader, onward[1]), pump(onward[0], writer))
            for end in (writer, onward[1]):
                end.close()

        return accept

    for port in ports:
        await asyncio.start_server(passing(port), listen, port)
    sys.stdout.write("forwarding\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(forward(sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]]))
