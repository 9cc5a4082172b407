"""The caller's side of one call, as its pages read it: by socket, or by asking."""

from __future__ import annotations

from typing import Any

from dispatch.calls import cards, chat, requests
from dispatch.calls.models import Call, ChatMessage
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.feed import replay


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
        *(
            {"kind": "request", "id": str(one.pk), "body": requests.caller_body(one)}
            for one in requests.open_ones(call)
        ),
    ]


def catch_up(centre: Centre, call: Call, epoch: str | None, last_seq: int | None) -> dict[str, Any]:
    """What a page of the caller's side needs: the entries it missed, or a snapshot."""
    with scope(centre, snapshot=True):
        return replay.catch_up(
            call.stream, known_epoch=epoch, last_seq=last_seq, build=lambda: caller_items(call)
        )
