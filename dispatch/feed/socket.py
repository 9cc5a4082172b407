"""The base of every feed socket: hello, catch-up, then entries in order and heartbeats.

docs/protocol.md says what travels, what closes a socket and what does not.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any, Self

import msgspec
import structlog
from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import parse_cookie

from dispatch.errors import DomainError
from dispatch.feed import counters, recheck
from dispatch.feed.listener import Audience, Listener
from dispatch.feed.outlet import Outlet
from dispatch.feed.packets import Message
from dispatch.feed.server import wire_of
from dispatch.feed.threads import in_thread
from dispatch.feed.wire import lenient

log = structlog.get_logger(__name__)

#: Largest frame a client may send, in bytes.
FRAME_LIMIT = 16_384
#: A connection that has not said hello by then is closed.
HELLO_WITHIN_S = 10.0
#: A farewell that cannot be written by then is left unsaid.
BYE_WITHIN_S = 2.0
#: A connection that the other side has not closed by then is cut.
GONE_WITHIN_S = 12.0
#: On a restart, pages come back spread over this time, in ms.
COME_BACK_MS = (100, 1_500)


class Hello(msgspec.Struct):
    """The first message of a client. `v` is the protocol it speaks; 0 before there were any."""

    stream: str
    boot: str = ""
    centre: str = ""
    epoch: str | None = None
    last_seq: int | None = None
    v: int = 0


class UnknownMessage(DomainError):
    """A newer client may say more than this server knows: it is told, and stays."""

    code = "unknown_message"

    def __init__(self) -> None:
        super().__init__("This message is not known here.")


class FeedSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A socket on one stream. Subclasses say who may listen (`admit`) and handle `on_message`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audience: Audience | None = None
        self.hello: Hello | None = None
        self._listener: Listener | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False
        self._patience: asyncio.TimerHandle | None = None

    # For subclasses.

    def admit(self, hello: Hello) -> Audience:
        """Decide, in a thread, what this client may listen to. Raises DomainError."""
        raise NotImplementedError

    @classmethod
    def refused(cls, sockets: Sequence[Self]) -> dict[Self, DomainError]:
        """Of these, which may not listen any more, and why. In a thread; a few queries for all."""
        return {}

    def joined(self) -> None:
        """Called once when the socket has its state and hears what comes after."""

    async def on_message(self, message: Message) -> None:
        """Handle a client's message other than hello. Raises DomainError, which ends the socket."""
        raise UnknownMessage

    def ends_after(self, entries: list[Message]) -> DomainError | None:
        """Why nothing more may be heard once these entries were sent; None to go on."""
        return None

    async def left(self) -> None:
        """Called once when the connection has ended, however it ended."""
        self._ending = True
        if self._patience is not None:
            self._patience.cancel()
        self._outlet.close()
        for task in self._tasks:
            task.cancel()
        recheck.leave(self)
        if self._listener is not None:
            counters.closed(self._listener.audience.kind)
            await self._listener.leave()

    def cookie(self, name: str) -> str:
        """A cookie of the handshake; empty without one."""
        sent = dict(self.scope["headers"]).get(b"cookie", b"")
        return str(parse_cookie(sent.decode("latin-1")).get(name, ""))

    # The connection.

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._wire = wire_of(scope)
        self._outlet = Outlet(send=self._send_text, wire=self._wire, stuck=self._abort)
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self.left()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels would go through a thread here, for every event, to close connections to the
        database; ours are given back by `in_thread`."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        await self.accept()
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(HELLO_WITHIN_S, self._impatient)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    async def websocket_restart(self, message: dict[str, Any]) -> None:
        """This process ends (dispatch.feed.server); the next one has everything."""
        after = random.randint(*COME_BACK_MS)  # noqa: S311 (spreads load, hides nothing)
        await self.bye("restart", "Connecting again.", retry=True, after=after, close_code=1012)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            await self._take(text_data)
        except UnknownMessage as refusal:
            await self.reply({"t": "refused", "code": refusal.code, "message": refusal.message})
        except DomainError as refusal:
            await self.bye(refusal.code, refusal.message)
        except Exception:
            log.exception("feed_socket_failed")
            await self._interrupted()

    async def _take(self, text: str | None) -> None:
        if self._ending:
            return
        if text is None:
            raise DomainError("Messages are text.", code="bad_message")
        if len(text) > FRAME_LIMIT or len(text.encode()) > FRAME_LIMIT:
            raise DomainError("This message is too large.", code="too_long")
        try:
            message = lenient(text, dict[str, Any])
            hello = msgspec.convert(message, Hello) if message.get("t") == "hello" else None
        except msgspec.MsgspecError as problem:
            raise DomainError("This message is not understood.", code="bad_message") from problem
        if hello is not None:
            await self._greet(hello)
        elif self.audience is None:
            raise DomainError("Say hello first.", code="bad_message")
        else:
            await self.on_message(message)

    async def _greet(self, hello: Hello) -> None:
        if self.audience is not None:
            raise DomainError("Hello was said already.", code="bad_message")
        if self._patience is not None:
            self._patience.cancel()
        audience = await in_thread(self.admit, hello)
        self.audience, self.hello = audience, hello
        counters.opened(audience.kind)
        self._listener = Listener(
            audience,
            self._outlet,
            caught_up=partial(recheck.soon, self),
            ends_after=self.ends_after,
            end=self.end,
            failed=self._failed,
        )
        await self._listener.join(hello.epoch, hello.last_seq)
        recheck.enter(self)
        self.joined()

    # The end.

    def end(self, why: DomainError, *, retry: bool = False) -> None:
        """Say bye for this reason, soon."""
        self._spawn(self.bye(why.code, why.message, retry=retry))

    async def reply(self, message: Message) -> None:
        """Send one message to this client, as soon as it takes it."""
        await self._send_text(msgspec.json.encode(message).decode())

    async def bye(
        self,
        code: str,
        message: str,
        *,
        retry: bool = False,
        after: int | None = None,
        close_code: int = 4000,
    ) -> None:
        """Say why, and close. `after`: when to come back, in ms."""
        if self._ending:
            return
        self._ending = True
        if self._listener is not None:
            self._listener.hush()
        self._outlet.close()
        said: Message = {"t": "bye", "code": code, "message": message, "retry": retry}
        if after is not None:
            said["after"] = after
        try:
            async with asyncio.timeout(BYE_WITHIN_S):
                await self.reply(said)
                await self.close(code=close_code)
        except TimeoutError:
            self._abort()
        except OSError:
            pass  # it has gone already
        if self._wire is not None:
            # Closing waits for a reader that may never read again.
            asyncio.get_running_loop().call_later(GONE_WITHIN_S, self._wire.abort)

    def _impatient(self) -> None:
        self._spawn(self.bye("bad_message", "Say hello first."))

    def _abort(self) -> None:
        """Nothing gets through: end it without a word."""
        self._ending = True
        self._outlet.close()
        if self._wire is not None:
            self._wire.abort()

    async def _send_text(self, text: str) -> None:
        try:
            await self.send(text_data=text)
        except OSError:
            pass  # uvicorn's ClientDisconnected: who goes while we write is no error
        except RuntimeError:
            # So does uvicorn say that it has closed the socket itself (no answer to its ping).
            if self._wire is None or self._wire.open:
                raise

    def _failed(self) -> None:
        self._spawn(self._interrupted())

    async def _interrupted(self) -> None:
        await self.bye("interrupted", "Connecting again.", retry=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
