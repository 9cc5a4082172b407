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


#: Sockets of this process by their session: tabs of one browser share it.
_tabs: dict[uuid.UUID, set[CallerSocket]] = {}


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
        self._storing = False
        self._order = asyncio.Lock()  # of what is told of this page

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
        self._storing = True
        try:
            outcome = await intake.apply_soon(
                centre=self.centre,
                session_id=self.session_id,
                boot=asked.boot,
                raw_items=asked.items,
            )
        finally:
            self._storing = False
        await self.reply({"t": "ack", "boot": asked.boot, **outcome})

    @classmethod
    def refused(cls, sockets: Sequence[Self]) -> dict[Self, DomainError]:
        still = sessions.still_open({socket.session_id for socket in sockets})
        living = {one.session_id: one for one in sockets if not (one._silent or one._ending)}
        for missed in sessions.confirm(living.keys() & still):
            living[missed]._back()  # another way of this session ended, or an older database is in
        return {socket: links.LinkDead() for socket in sockets if socket.session_id not in still}

    async def left(self) -> None:
        if self._lapse is not None:
            self._lapse.cancel()
        await super().left()
        if self.audience is not None:
            _tabs.get(self.session_id, set()).discard(self)
            await self._tell_gone()
            if not _tabs.get(self.session_id):
                _tabs.pop(self.session_id, None)

    def joined(self) -> None:
        _tabs.setdefault(self.session_id, set()).add(self)
        self._wait_for_beat()

    def _wait_for_beat(self) -> None:
        """A phone that lost its network says no goodbye."""
        if self._lapse is not None:
            self._lapse.cancel()
        loop = asyncio.get_running_loop()
        self._lapse = loop.call_later(SILENT_AFTER_S, self._fall_silent)

    async def _beat(self) -> None:
        """The page answered a heartbeat."""
        self._wait_for_beat()
        if self._silent:
            self._silent = False
            await self._tell_back()

    def _fall_silent(self) -> None:
        if self._storing:
            self._wait_for_beat()  # answers to heartbeats stand behind what is being stored
            return
        self._silent = True
        self._spawn(self._tell_gone())

    async def _tell_gone(self) -> None:
        async with self._order:
            await in_thread(self._gone)
        # Another tab of this browser may be there: it has the same session.
        others = [one for one in _tabs.get(self.session_id, ()) if one is not self]
        if living := [one for one in others if not one._silent]:
            await living[0]._tell_back()

    async def _tell_back(self) -> None:
        async with self._order:
            await in_thread(self._back)

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
