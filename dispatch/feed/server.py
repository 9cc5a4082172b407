"""What we need of uvicorn's WebSockets beyond ASGI: `uvicorn --ws dispatch.feed.server:Protocol`.

Frames made once for all sockets; a way to cut off who does not read; and a restart that the
sockets hear of while they can still say goodbye. Under another server the feed works without.
"""

from __future__ import annotations

from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "sightline.wire"


class Protocol(WebSocketsSansIOProtocol):
    """One connection. It is its own `outlet.Wire`, found in the scope's extensions."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.close_sent:
            # The application has been scheduled with this very scope, and not run yet.
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    @property
    def open(self) -> bool:
        """Whether a message could be written, now or later."""
        return self.handshake_complete and not (
            self.close_sent or self.disconnected or self.transport.is_closing()
        )

    def write(self, frame: bytes) -> bool:
        """Write a whole frame now; False where it would have to wait, or there is nobody."""
        if not self.open or not self.writable.is_set():
            return False
        self.transport.write(frame)
        return True

    def abort(self) -> None:
        """End the connection and forget what the other side has not read."""
        self.transport.abort()

    def keepalive_timeout(self) -> None:
        """uvicorn would wait until everything was read, by somebody who reads no more."""
        super().keepalive_timeout()
        self.transport.abort()

    def shutdown(self) -> None:
        """The process ends: the application says goodbye and closes, within uvicorn's grace.

        uvicorn itself would close at once, with code 1012 and no word of when to come back.
        """
        if not self.open:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait(cast(Any, {"type": "websocket.restart"}))


def wire_of(scope: Any) -> Protocol | None:
    """The connection of an ASGI scope; None under another server."""
    found: Protocol | None = (scope.get("extensions") or {}).get(EXTENSION)
    return found
