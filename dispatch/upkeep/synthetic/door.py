"""A signalling door of our own, which lets only one kind of ICE address through.

The client library cannot be told to use TCP alone (its transport types are all, no host,
relay), and a browser would fall back by itself, which is what must not go unnoticed here. So
the client connects to this door on loopback; it passes everything on to the node and back, and
leaves out every address of the other kind in both directions. Relay and STUN servers are left
out too: what is tested is the direct way, and nobody else is asked anything.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from contextlib import suppress

import aiohttp
from aiohttp import WSMsgType, web
from livekit.protocol import rtc as wire

CONNECT_S = 3.0


class Door:
    """`offered`: the node's addresses of the wanted kind; `refused`: its status, if it said no."""

    def __init__(self, *, url: str, transport: str) -> None:
        self._node = url.rstrip("/").replace("https:", "wss:").replace("http:", "ws:")
        self._transport = transport
        self.offered: list[str] = []
        self.refused: int | None = None
        self.joined = False

    async def open(self) -> str:
        """Listen, and say where."""
        # Who the node is, is the certificates' matter; here it would blame the picture.
        self._tls = ssl.create_default_context()
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_S))
        app = web.Application(client_max_size=1 << 20)
        app.router.add_get("/{rest:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, listening).start()
        return f"ws://127.0.0.1:{listening.getsockname()[1]}"

    async def close(self) -> None:
        await self._client.close()
        await self._runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        there = self._node + request.path_qs
        headers = {
            name: request.headers[name] for name in ("Authorization",) if name in request.headers
        }
        if request.headers.get("Upgrade", "").lower() != "websocket":
            # After a failure the client asks why, here.
            there = there.replace("ws", "http", 1)
            async with self._client.get(there, headers=headers, ssl=self._tls) as answer:
                return web.Response(status=answer.status)
        try:
            node = await self._client.ws_connect(
                there, headers=headers, ssl=self._tls, max_msg_size=1 << 20
            )
        except aiohttp.WSServerHandshakeError as problem:
            self.refused = problem.status
            return web.Response(status=problem.status)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return web.Response(status=502)
        client = web.WebSocketResponse(max_msg_size=1 << 20)
        await client.prepare(request)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._from_node(node, client))
            both.create_task(self._to_node(client, node))
        return client

    async def _from_node(
        self, node: aiohttp.ClientWebSocketResponse, client: web.WebSocketResponse
    ) -> None:
        with suppress(ConnectionError):
            async for message in node:
                if message.type is not WSMsgType.BINARY:
                    continue
                answer = wire.SignalResponse.FromString(message.data)
                if answer.HasField("join"):
                    self.joined = True
                    del answer.join.ice_servers[:]
                elif answer.HasField("reconnect"):
                    del answer.reconnect.ice_servers[:]
                elif answer.HasField("trickle"):
                    if not self._passes(answer.trickle, note=True):
                        continue
                else:
                    self._clean(answer, note=True)
                await client.send_bytes(answer.SerializeToString())
        await client.close()

    async def _to_node(
        self, client: web.WebSocketResponse, node: aiohttp.ClientWebSocketResponse
    ) -> None:
        with suppress(ConnectionError):
            async for message in client:
                if message.type is not WSMsgType.BINARY:
                    continue
                asked = wire.SignalRequest.FromString(message.data)
                if asked.HasField("trickle"):
                    if not self._passes(asked.trickle):
                        continue
                else:
                    self._clean(asked)
                await node.send_bytes(asked.SerializeToString())
        await node.close()

    def _clean(
        self, message: wire.SignalResponse | wire.SignalRequest, *, note: bool = False
    ) -> None:
        for description in ("offer", "answer"):
            if message.HasField(description):
                found = getattr(message, description)
                lines = found.sdp.splitlines(keepends=True)
                found.sdp = "".join(
                    line
                    for line in lines
                    if not line.startswith("a=candidate:") or self._wanted(line[2:], note=note)
                )

    def _passes(self, trickle: wire.TrickleRequest, *, note: bool = False) -> bool:
        try:
            candidate = str(json.loads(trickle.candidateInit).get("candidate", ""))
        except ValueError:
            return False
        # An empty one says that there are no more.
        return not candidate or self._wanted(candidate, note=note)

    def _wanted(self, candidate: str, *, note: bool) -> bool:
        """candidate:<foundation> <component> <protocol> <priority> <address> <port> typ …"""
        words = candidate.split()
        if len(words) < 6 or words[2].lower() != self._transport:
            return False
        place = f"[{words[4]}]:{words[5]}" if ":" in words[4] else f"{words[4]}:{words[5]}"
        if note and place not in self.offered:
            self.offered.append(place)
        return True
