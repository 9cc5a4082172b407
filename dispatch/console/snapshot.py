"""The console's whole state at one moment."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from callers import invites, links, sessions
from callers.models import CallerSession, Link, TextMessage
from dispatch.calls import cards, chat, events, requests
from dispatch.calls.models import Call, CallerRequest, CallEvent, ChatMessage, StageMark
from dispatch.calls.models.call import UNDO_CLOSE_FOR


def on_board() -> QuerySet[Call]:
    """Open calls and those whose closing can still be undone, oldest first. In scope."""
    recent = timezone.now() - UNDO_CLOSE_FOR
    found: QuerySet[Call] = (
        Call.objects.filter(Q(state=Call.State.OPEN) | Q(closed_at__gt=recent))
        .select_related("owner", "publisher")
        .order_by("opened_at")
    )
    return found


def items(calls: QuerySet[Call] | None = None) -> list[dict[str, Any]]:
    """Every item of the board (or of the given calls), in an order that reads well."""
    board = list(on_board() if calls is None else calls)
    ids = [call.pk for call in board]
    marks: dict[Any, list[StageMark]] = {}
    for mark in StageMark.objects.filter(call_id__in=ids):
        marks.setdefault(mark.call_id, []).append(mark)
    of_board = {"call_id__in": ids}
    return [
        *(
            _item("call", call.pk, cards.centre_card(call, marks.get(call.pk, [])))
            for call in board
        ),
        *(_item("link", row.pk, links.body(row)) for row in Link.objects.filter(**of_board)),
        *(
            _item("text", row.pk, invites.body(row))
            for row in TextMessage.objects.filter(**of_board).order_by("queued_at")
        ),
        *(
            _item("session", row.pk, sessions.body(row))
            for row in CallerSession.objects.filter(**of_board, opened_at__isnull=False).order_by(
                "opened_at"
            )
        ),
        *(_item("event", row.pk, events.body(row)) for row in CallEvent.objects.filter(**of_board)),
        *(
            _item("chat", row.pk, chat.body(row))
            for row in ChatMessage.objects.filter(**of_board).select_related("user")
        ),
        *(
            _item("request", row.pk, requests.body(row))
            for row in CallerRequest.objects.filter(**of_board).select_related("user")
        ),
    ]


def _item(kind: str, key: object, body: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "id": str(key), "body": body}
