"""Items from the caller's page: fixes, words, what is allowed, sent and read; each applied once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Annotated, Any, Literal, TypedDict, cast
from uuid import UUID

import msgspec
import structlog
from django.db import DataError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from callers import catalogue, conditions, fixes, locations, sessions, throttles
from callers.models import AppliedItem, CallerSession
from dispatch.calls import chat, requests, services
from dispatch.calls.access import lock
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.errors import Conflict, DomainError
from dispatch.feed.threads import in_thread

log = structlog.get_logger(__name__)

#: Items in one post.
BATCH_LIMIT = 500
#: Seconds in which fixes should be committed; a page waits ten for its answer.
COMMIT_WITHIN_S = 8.0


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


class _Sorted:
    """One post, and what became of each of its items, by their place in it."""

    def __init__(self, boot: str, raw_items: list[Any]) -> None:
        self.boot = sessions.check_boot(boot)
        if len(raw_items) > BATCH_LIMIT:
            raise DomainError("Too many items at once.", code="too_long", status=413)
        self.seqs = [_seq_of(raw) for raw in raw_items]
        #: True: acked. Nothing: neither taken nor refused, so that the page sends it again.
        self.fates: dict[int, DomainError | Literal[True]] = {}
        self.said: list[tuple[int, Said]] = []
        self.fixes: list[tuple[int, FixItem]] = []
        for place, raw in enumerate(raw_items):
            try:
                item = _read(raw, self.seqs[place])
                if isinstance(item, FixItem):
                    locations.check(item)
                    self.fixes.append((place, item))
                else:
                    self.said.append((place, item))
            except DomainError as refusal:
                self.fates[place] = refusal

    def settle(
        self, items: Sequence[tuple[int, object]], fate: DomainError | Literal[True]
    ) -> None:
        self.fates.update((place, fate) for place, _ in items)

    def outcome(self) -> Outcome:
        outcome: Outcome = {"acked": [], "refused": []}
        for place, fate in sorted(self.fates.items()):
            seq = self.seqs[place]
            if isinstance(fate, DomainError):
                outcome["refused"].append(
                    {"client_seq": seq, "code": fate.code, "message": fate.message}
                )
            else:
                outcome["acked"].append(seq)
        return outcome


def apply(*, centre: Centre, session_id: UUID, boot: str, raw_items: list[Any]) -> Outcome:
    """Apply a page's items; each is acked or refused with a reason, or neither: then send it again.

    An item is acked once it is committed. What is said is applied in its order; a refused item
    costs only itself. Raises DomainError for a post that is no list of items, LinkDead when the
    link was revoked.
    """
    post = _Sorted(boot, raw_items)
    stored = _hand_over(centre, session_id, post)
    if post.said:
        _say(centre, session_id, post)
    if stored:
        if not connection.in_atomic_block:
            # Those who wait must not hold the connections that the writers need.
            connection.close()
        with _fate_of_fixes(session_id, post):
            stored.result(COMMIT_WITHIN_S)
    return post.outcome()


async def apply_soon(
    *, centre: Centre, session_id: UUID, boot: str, raw_items: list[Any]
) -> Outcome:
    """The same from the event loop. A post of fixes alone, as nearly all are, needs no thread."""
    post = _Sorted(boot, raw_items)
    stored = _hand_over(centre, session_id, post)
    if post.said:
        await in_thread(_say, centre, session_id, post)
    if stored:
        with _fate_of_fixes(session_id, post):
            await asyncio.wait_for(asyncio.wrap_future(stored), COMMIT_WITHIN_S)
    return post.outcome()


def _seq_of(raw: object) -> int:
    seq = raw.get("client_seq") if isinstance(raw, dict) else None
    return seq if type(seq) is int and 0 < seq < 2**31 else 0


def _read(raw: object, seq: int) -> Item:
    if not seq:
        raise DomainError("An item needs a client_seq.", code="bad_item")
    try:
        return cast(Item, msgspec.convert(raw, Item))
    except msgspec.ValidationError:
        kind = raw.get("kind") if isinstance(raw, dict) else None
        code = "bad_position" if kind == "fix" else "bad_item"
        raise DomainError("This was not understood.", code=code) from None


def _hand_over(centre: Centre, session_id: UUID, post: _Sorted) -> Future[None] | None:
    """Put the post's fixes where many are stored at once; None where there are none to wait for."""
    allowed = throttles.allow("fix", str(session_id), len(post.fixes)) if post.fixes else 0
    post.settle(post.fixes[allowed:], _throttled())
    del post.fixes[allowed:]
    if not post.fixes:
        return None
    received = timezone.now()
    points = [
        locations.point(
            session_id,
            boot=post.boot,
            client_seq=item.client_seq,
            report=item,
            received=received,
        )
        for _, item in post.fixes
    ]
    try:
        return fixes.intake().put(fixes.Post(centre, session_id, points))
    except fixes.Busy:
        throttles.give_back("fix", str(session_id), len(points))
        return None


@contextmanager
def _fate_of_fixes(session_id: UUID, post: _Sorted) -> Iterator[None]:
    """What the end of the wait for the commit means for the post's fixes."""
    try:
        yield
    except (TimeoutError, OperationalError, InterfaceError) as problem:
        # They may be stored yet, or not: sent again, they are stored once.
        throttles.give_back("fix", str(session_id), len(post.fixes))
        log.warning("fixes_unanswered", count=len(post.fixes), problem=type(problem).__name__)
    except Conflict as closed:
        post.settle(post.fixes, closed)
    else:
        post.settle(post.fixes, True)


def _throttled() -> DomainError:
    return DomainError("Too many at once. Sent again later.", code="throttled")


def _say(centre: Centre, session_id: UUID, post: _Sorted) -> None:
    """Apply what is not a position, in order, in one transaction."""
    kinds = [str(type(item).__struct_config__.tag) for _, item in post.said]
    with throttles.allowance(str(session_id), kinds) as taken:
        places = {post.said[n][0] for n in taken}
        post.fates.update(_apply_said(centre, session_id, post, places))


def _apply_said(
    centre: Centre, session_id: UUID, post: _Sorted, allowed: set[int]
) -> dict[int, DomainError | Literal[True]]:
    fates: dict[int, DomainError | Literal[True]] = {}
    with scope(centre):
        session = sessions.get(session_id)
        # First, so that the same item on two ways at once (a socket that is dying, and HTTP) is
        # seen by the second once the first has committed, and not applied again after a later one.
        session.call = lock(session.call)
        for place, item in post.said:
            try:
                if not session.call.is_open:
                    raise Conflict("The call has ended.", code="call_closed")
                if place not in allowed:
                    raise _throttled()
                with transaction.atomic():
                    _apply_once(session, post.boot, item)
            except DomainError as refusal:
                fates[place] = refusal
            except (DataError, UnicodeError):
                # Whatever it is, it must not be sent again for ever, with all that waits behind it.
                log.exception("item_not_stored")
                fates[place] = DomainError("This was not understood.", code="bad_item")
            else:
                fates[place] = True
    return fates


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
        sessions.permission(
            session, boot=boot, what=item.what, outcome=item.outcome, detail=item.detail
        )
    elif isinstance(item, Conditions):
        conditions.report(session, boot=boot, names=item.names)
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
