"""Items from the caller's page: fixes, words, what is allowed, sent and read; each applied once."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal, TypedDict, cast

import msgspec
from django.db import transaction

from callers import catalogue, conditions, locations, sessions, throttles
from callers.models import AppliedItem, CallerSession
from dispatch import counters
from dispatch.calls import chat, requests, services
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.errors import DomainError

#: Items in one post.
BATCH_LIMIT = 500


class Chat(msgspec.Struct, tag="chat", tag_field="kind"):
    client_seq: int
    text: str


class Permission(msgspec.Struct, tag="permission", tag_field="kind"):
    client_seq: int
    what: Literal["camera", "microphone", "position"]
    outcome: Literal[
        "granted",
        "denied",
        "dismissed",
        "absent",
        "busy",
        "timeout",
        "insecure",
        "unsupported",
        "failed",
    ]
    detail: str = ""


class Media(msgspec.Struct, tag="media", tag_field="kind"):
    client_seq: int
    state: Literal["live", "stopped", "paused"]
    camera: bool
    microphone: bool


class Conditions(msgspec.Struct, tag="conditions", tag_field="kind"):
    client_seq: int
    names: Annotated[list[Annotated[str, msgspec.Meta(max_length=40)]], msgspec.Meta(max_length=20)]


class Answer(msgspec.Struct, tag="answer", tag_field="kind"):
    client_seq: int
    request: uuid.UUID
    outcome: Literal["done", "declined", "failed"]


class Language(msgspec.Struct, tag="language", tag_field="kind"):
    client_seq: int
    language: str


class FixItem(locations.FixReport, tag="fix", tag_field="kind", kw_only=True):
    client_seq: int


Said = Chat | Permission | Media | Conditions | Answer | Language
Item = Said | FixItem


class Refusal(TypedDict):
    """Why an item was not taken."""

    client_seq: int
    code: str
    message: str


class Outcome(TypedDict):
    """What became of the items: acked ones need not be sent again."""

    acked: list[int]
    refused: list[Refusal]


def _seq_of(raw: object) -> int:
    seq = raw.get("client_seq") if isinstance(raw, dict) else None
    return seq if isinstance(seq, int) and 0 < seq < 2**31 else 0


def apply(*, centre: Centre, session_id: Any, boot: str, raw_items: list[Any]) -> Outcome:
    """Apply a page's items in order; each is acked or refused with a reason.

    A refused item costs only itself. Raises DomainError for a post that is no list of items,
    LinkDead when the link was revoked.
    """
    boot = sessions.check_boot(boot)
    if len(raw_items) > BATCH_LIMIT:
        raise DomainError("Too many items at once.", code="too_long", status=413)
    outcome: Outcome = {"acked": [], "refused": []}
    fixes: list[tuple[int, locations.FixReport]] = []
    with scope(centre):
        session = sessions.get(session_id)
        if not session.call.is_open:
            message = "The call has ended."
            outcome["refused"] = [
                {"client_seq": _seq_of(raw), "code": "call_closed", "message": message}
                for raw in raw_items
            ]
            return outcome
        quota = _quota(session, raw_items)
        for raw in raw_items:
            seq = _seq_of(raw)
            try:
                item = _read(raw, seq)
                kind = str(type(item).__struct_config__.tag)
                if quota[kind] <= 0:
                    raise DomainError("Too many at once. Sent again later.", code="throttled")
                quota[kind] -= 1
                if isinstance(item, FixItem):
                    locations.check(item)
                    fixes.append((seq, item))
                else:
                    with transaction.atomic():
                        _apply_once(session, boot, item)
            except DomainError as refusal:
                outcome["refused"].append(
                    {"client_seq": seq, "code": refusal.code, "message": refusal.message}
                )
            else:
                outcome["acked"].append(seq)
        locations.take(session, boot=boot, reports=fixes)
    counters.count(counters.FIXES, by=len(fixes))
    return outcome


def _read(raw: object, seq: int) -> Item:
    if not seq:
        raise DomainError("An item needs a client_seq.", code="bad_item")
    try:
        return cast(Item, msgspec.convert(raw, Item))
    except msgspec.ValidationError:
        kind = raw.get("kind") if isinstance(raw, dict) else None
        code = "bad_position" if kind == "fix" else "bad_item"
        raise DomainError("This was not understood.", code=code) from None


def _quota(session: CallerSession, raw_items: list[Any]) -> dict[str, int]:
    """How many of each kind are taken now."""
    counts: dict[str, int] = {}
    for raw in raw_items:
        kind = raw.get("kind") if isinstance(raw, dict) else None
        if isinstance(kind, str) and kind in throttles.LIMITS:
            counts[kind] = counts.get(kind, 0) + 1
    return {kind: throttles.allow(kind, str(session.pk), count) for kind, count in counts.items()}


def _apply_once(session: CallerSession, boot: str, item: Said) -> None:
    mark = AppliedItem(
        centre_id=session.centre_id, session=session, boot=boot, client_seq=item.client_seq
    )
    known = AppliedItem.objects.filter(session=session, boot=boot, client_seq=item.client_seq)
    if known.exists():
        return
    if isinstance(item, Chat):
        chat.post(session.call, text=item.text, key=f"{boot}:{item.client_seq}", session=session.pk)
    elif isinstance(item, Permission):
        sessions.permission(session, what=item.what, outcome=item.outcome, detail=item.detail)
    elif isinstance(item, Conditions):
        conditions.report(session, names=item.names)
    elif isinstance(item, Answer):
        requests.answer(
            session.call, request_id=item.request, outcome=item.outcome, session=session.pk
        )
    elif isinstance(item, Language):
        if item.language not in catalogue.languages():
            raise DomainError("There is no page in this language.", code="bad_item")
        sessions.reads(session, language=item.language)
    else:
        services.media_reported(
            session.call,
            boot=boot,
            session=session.pk,
            state=Call.Media(item.state),
            camera=item.camera,
            microphone=item.microphone,
        )
    AppliedItem.objects.bulk_create([mark], ignore_conflicts=True)
