"""The caller's socket: the caller's side of one call, and items back."""

from __future__ import annotations

import uuid
from http.cookies import CookieError, SimpleCookie
from typing import Any

import msgspec

from callers import intake, links, sessions
from callers.api import COOKIE
from callers.models import CallerSession
from dispatch.calls import cards, chat
from dispatch.calls.models import Call, ChatMessage
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.errors import DomainError
from dispatch.feed import replay
from dispatch.feed.socket import Audience, FeedSocket, Hello
from dispatch.feed.threads import in_thread


class ItemsMessage(msgspec.Struct):
    boot: str
    items: list[Any]


def caller_items(call: Call) -> list[dict[str, Any]]:
    """Everything on the caller's side of a call: an allow-list."""
    call = Call.objects.select_related("publisher", "centre").get(pk=call.pk)
    messages = ChatMessage.objects.filter(call=call)
    return [
        {"kind": "call", "id": "call", "body": cards.caller_card(call)},
        *(
            {"kind": "chat", "id": str(message.pk), "body": chat.caller_body(message)}
            for message in messages
        ),
    ]


class CallerSocket(FeedSocket):
    """One page of a caller session. Its cookie proves the session."""

    centre: Centre
    session_id: uuid.UUID
    link_id: uuid.UUID

    def _cookie(self) -> str:
        headers = dict(self.scope["headers"])
        try:
            jar = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
        except CookieError:
            return ""
        return jar[COOKIE].value if COOKIE in jar else ""

    def admit(self, hello: Hello) -> Audience:
        self.session_id = self.scope["url_route"]["kwargs"]["session_id"]
        self.centre = sessions.centre_of(self.session_id, self._cookie())
        if hello.boot:
            sessions.check_boot(hello.boot)
        with scope(self.centre):
            session = sessions.get(self.session_id)
            sessions.connected(session, online=True)
            call, self.link_id = session.call, session.link_id

        def catch_up(epoch: str | None, last_seq: int | None) -> dict[str, Any]:
            with scope(self.centre, snapshot=True):
                return replay.catch_up(
                    call.stream,
                    known_epoch=epoch,
                    last_seq=last_seq,
                    build=lambda: caller_items(call),
                )

        return Audience(call.stream, catch_up)

    async def on_message(self, message: dict[str, Any]) -> None:
        if message.get("t") != "items":
            raise DomainError("This message is not understood.", code="bad_message")
        try:
            asked = msgspec.convert(message, ItemsMessage)
        except msgspec.ValidationError:
            raise DomainError("This message is not understood.", code="bad_message") from None
        outcome = await in_thread(
            intake.apply,
            centre=self.centre,
            session_id=self.session_id,
            boot=asked.boot,
            raw_items=asked.items,
        )
        await self.reply({"t": "ack", "boot": asked.boot, **outcome})

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        if self.audience is not None:
            await in_thread(self._gone)

    def _gone(self) -> None:
        with scope(self.centre):
            sessions.connected(CallerSession.objects.get(pk=self.session_id), online=False)

    async def delivered(self, entries: list[dict[str, Any]]) -> None:
        """A page whose link was revoked hears nothing more."""
        for entry in entries:
            if entry["kind"] == "link" and entry["id"] == str(self.link_id):
                dead = links.LinkDead()
                await self.bye(dead.code, dead.message)
