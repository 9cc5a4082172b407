"""Messages to sockets, encoded once however many sockets get them."""

from __future__ import annotations

from typing import Any

import msgspec
from websockets.frames import Frame, Opcode

Message = dict[str, Any]


class Packet:
    """One message as it travels: its content, its text, and its WebSocket frame.

    A server's frames are not masked (RFC 6455, 5.1), so all sockets can share the same bytes.
    """

    __slots__ = ("_frame", "encoded", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.encoded: bytes = msgspec.json.encode(message)
        self._frame: bytes | None = None

    @property
    def frame(self) -> bytes:
        """The whole frame, ready to be written."""
        if self._frame is None:
            self._frame = Frame(Opcode.TEXT, self.encoded).serialize(mask=False)
        return self._frame

    @property
    def text(self) -> str:
        """What an ASGI server is given."""
        return self.encoded.decode()

    @property
    def entries(self) -> list[Message]:
        """The entries it carries, in order; none for other messages."""
        found: list[Message] = self.message.get("entries", [])
        return found

    def after(self, seq: int) -> Packet | None:
        """The same without entries up to `seq`; None when nothing is left."""
        entries = self.entries
        if entries[0]["seq"] > seq:
            return self
        rest = [entry for entry in entries if entry["seq"] > seq]
        return Packet({**self.message, "entries": rest}) if rest else None
