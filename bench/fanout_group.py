"""The peer: a consumer as Channels' documentation has it, and its Redis layer's group send.

python -m bench.fanout_group <redis url>        serves, and says its port
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

from django.conf import settings

GROUP = "fanout"


def configure(redis_url: str) -> None:
    layer = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [redis_url]},
    }
    settings.configure(CHANNEL_LAYERS={"default": layer}, DATABASES={})


def serve() -> None:
    import uvicorn
    from channels.generic.websocket import AsyncWebsocketConsumer

    class Listener(AsyncWebsocketConsumer):  # type: ignore[misc]
        async def connect(self) -> None:
            await self.channel_layer.group_add(GROUP, self.channel_name)
            await self.accept()

        async def told(self, event: dict[str, Any]) -> None:
            await self.send(text_data=event["text"])

        async def disconnect(self, code: int) -> None:
            await self.channel_layer.group_discard(GROUP, self.channel_name)

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Listener.as_asgi(),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="error",
    )
    print(listening.getsockname()[1], flush=True)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


async def send(text: str) -> None:
    """Publish to everybody."""
    from channels.layers import get_channel_layer

    await get_channel_layer().group_send(GROUP, {"type": "told", "text": text})


if __name__ == "__main__":
    configure(sys.argv[1])
    serve()
