"""The caller's socket: the caller's side of one call, and items back."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import msgspec

from callers import feeds, intake, links, sessions
from callers.api import COOKIE
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.errors import DomainError
from dispatch.feed.listener import Audience
from dispatch.feed.socket import FeedSocket, Hello, UnknownMessage
from dispatch.feed.threads import in_thread
from dispatch.logging import about


class ItemsMessage(msgspec.Struct):
    boot: str
    items: list[Any]


#: A page answers each heartbeat (2 s); after two that stayed unanswered it is gone.
SILENT_AFTER_S = 4.4


class CallerSocket(FeedSocket):
    """One page of a caller session. Its cookie proves the session."""

    centre: Centre
    session_id: uuid.UUID
    link_id: uuid.UUID
    _call_id: uuid.UUID

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = uuid.uuid4().hex  # of this connection
        self._lapse: asyncio.TimerHandle | None = None
        self._silent = False
        self._tasks: set[asyncio.Task[None]] = set()

    def admit(self, hello: Hello) -> Audience:
        self.session_id = self.scope["url_route"]["kwargs"]["session_id"]
        self.centre = sessions.centre_of(self.session_id, self.cookie(COOKIE))
        if hello.boot:
            sessions.check_boot(hello.boot)
        with scope(self.centre):
            session = sessions.get(self.session_id)
            sessions.heard(session.pk, by=self._name)
            call, self.link_id = session.call, session.link_id
        self._call_id = call.pk
        return Audience(call.stream, partial(feeds.catch_up, self.centre, call))

    async def on_message(self, message: dict[str, Any]) -> None:
        about(self._call_id)
        if message.get("t") == "beat":
            await self._beat()
            return
        if message.get("t") != "items":
            raise UnknownMessage
        try:
            asked = msgspec.convert(message, ItemsMessage)
        except msgspec.ValidationError:
            raise DomainError("This message is not understood.", code="bad_message") from None
        outcome = await intake.apply_soon(
            centre=self.centre,
            session_id=self.session_id,
            boot=asked.boot,
            raw_items=asked.items,
        )
        await self.reply({"t": "ack", "boot": asked.boot, **outcome})

    @classmethod
    def refused(cls, sockets: Sequence[Self]) -> dict[Self, DomainError]:
        still = sessions.still_open({socket.session_id for socket in sockets})
        return {socket: links.LinkDead() for socket in sockets if socket.session_id not in still}

    async def left(self) -> None:
        if self._lapse is not None:
            self._lapse.cancel()
        await super().left()
        if self.audience is not None:
            await in_thread(self._gone)

    async def _beat(self) -> None:
        """The page answered a heartbeat. A phone that lost its network says no goodbye."""
        loop = asyncio.get_running_loop()
        if self._lapse is not None:
            self._lapse.cancel()
        self._lapse = loop.call_later(SILENT_AFTER_S, self._fall_silent)
        if self._silent:
            self._silent = False
            await in_thread(self._back)

    def _fall_silent(self) -> None:
        self._silent = True
        task = asyncio.get_running_loop().create_task(in_thread(self._gone))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _gone(self) -> None:
        about(self._call_id)
        with scope(self.centre):
            sessions.silent(self.session_id, by=self._name)

    def _back(self) -> None:
        about(self._call_id)
        with scope(self.centre):
            sessions.heard(self.session_id, by=self._name)

    def ends_after(self, entries: list[dict[str, Any]]) -> DomainError | None:
        """A page whose link was revoked hears nothing more."""
        revoked = ("link", str(self.link_id))
        if any((entry["kind"], entry["id"]) == revoked for entry in entries):
            return links.LinkDead()
        return None
