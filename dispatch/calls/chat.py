"""Messages between the caller and the staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from dispatch.calls import events
from dispatch.calls.access import lock
from dispatch.calls.models import Call, CallEvent, ChatMessage
from dispatch.centres.models import User
from dispatch.errors import Conflict, DomainError
from dispatch.feed.replay import stamp
from dispatch.feed.unit import append

#: Longest message, in characters.
TEXT_LIMIT = 2_000


def post(
    call: Call,
    *,
    text: str,
    key: str,
    user: User | None = None,
    session: UUID | None = None,
) -> ChatMessage:
    """Add a message of a dispatcher (`user`) or of a caller (`session`), once per `key`.

    `key` is the sender's own id of the message; keys of different sessions never meet.

    The text is kept as it was typed and only ever shown as text. Raises DomainError for an
    empty or too long one (field text), Conflict for a closed call.
    """
    cleaned = text.replace("\x00", "").strip()
    if not cleaned:
        raise DomainError("Write a message first.", code="empty", field="text")
    if len(cleaned) > TEXT_LIMIT:
        raise DomainError(
            f"This message is too long. Keep it under {TEXT_LIMIT} characters.",
            code="too_long",
            status=413,
            field="text",
        )
    call = lock(call)
    key = f"{session}:{key}" if session else key
    known = ChatMessage.objects.filter(call=call, key=key).select_related("user").first()
    if known is not None:
        found: ChatMessage = known
        return found
    if not call.is_open:
        raise Conflict("This call is closed. The message was not sent.", code="call_closed")
    side = ChatMessage.Side.STAFF if user else ChatMessage.Side.CALLER
    message: ChatMessage = ChatMessage.objects.create(
        centre_id=call.centre_id,
        call=call,
        side=side,
        user=user,
        session=session,
        key=key,
        text=cleaned,
        at=timezone.now(),
    )
    events.record(
        call,
        f"chat.{side}",
        actor=CallEvent.Actor.STAFF if user else CallEvent.Actor.CALLER,
        user=user,
        data={"chat": str(message.pk)},
        payload=cleaned,
        salt=message.salt,
    )
    append(f"centre:{call.centre_id}", "chat", str(message.pk), body(message))
    append(call.stream, "chat", str(message.pk), caller_body(message))
    return message


def body(message: ChatMessage) -> dict[str, Any]:
    """The message on the consoles."""
    return {
        "id": str(message.pk),
        "call": str(message.call_id),
        "from": message.side,
        "name": message.user.name if message.user else "",
        "text": message.text,
        "at": stamp(message.at),
        "key": _own_key(message),
    }


def caller_body(message: ChatMessage) -> dict[str, Any]:
    """The message on the caller's side: staff have no name there."""
    return {
        "id": str(message.pk),
        "from": message.side,
        "text": message.text,
        "at": stamp(message.at),
        "key": _own_key(message),
    }


def _own_key(message: ChatMessage) -> str:
    return message.key.removeprefix(f"{message.session}:")
