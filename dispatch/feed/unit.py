"""The unit of work: change rows, collect appends, commit, then publish.

Appends are numbered at the very end, under the streams' counter locks taken in sorted
order, so every stream is gapless, in commit order, and no two units deadlock on streams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import connection, transaction

from dispatch.feed import publish
from dispatch.feed.models import Entry

Body: TypeAlias = "dict[str, Any] | None"

_current: ContextVar[_Unit | None] = ContextVar("feed_unit", default=None)


class _Unit:
    """The outermost transaction of this context and the wall its rows belong to."""

    def __init__(self, wall: int, *, read_only: bool) -> None:
        self.wall = wall
        self.read_only = read_only


@dataclass(eq=False)
class _Pending:
    """An append waiting for the end of the unit.

    It is registered as an on-commit hook that does nothing, because Django drops such
    hooks together with the savepoint they were made in: exactly the life an append has.
    """

    stream: str
    kind: str
    key: str
    body: Body | Callable[[], Body]

    def __call__(self) -> None:
        return None


class OutsideUnit(RuntimeError):
    """An append was made where no unit is open."""


class InsideUnit(RuntimeError):
    """Something slow was called while a unit holds locks."""


def current_wall() -> int | None:
    """The wall of the open unit, or None outside of one."""
    unit_ = _current.get()
    return unit_.wall if unit_ else None


def forbid_inside_unit(what: str) -> None:
    """Raise InsideUnit when called within a unit; for gateways to the outside world."""
    if _current.get() is not None:
        raise InsideUnit(f"{what} must not be called inside a unit of work")


@contextmanager
def unit(*, wall: int, snapshot: bool = False) -> Iterator[None]:
    """Open the outermost transaction, or join the one already open for the same wall.

    `snapshot` makes it REPEATABLE READ, READ ONLY: everything read is one moment.
    Raises RuntimeError for a nested unit of another wall.
    """
    outer = _current.get()
    if outer is not None:
        if outer.wall != wall:
            raise RuntimeError("a unit of work cannot cross from one wall to another")
        with transaction.atomic():
            yield
        return
    opened = _Unit(wall, read_only=snapshot)
    token = _current.set(opened)
    try:
        with transaction.atomic(durable=True):
            if snapshot:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
            if not snapshot:
                _flush(wall)
    finally:
        _current.reset(token)


def append(stream: str, kind: str, key: str, body: Body | Callable[[], Body]) -> None:
    """Collect the absolute value of item (kind, key) for a stream.

    A callable is evaluated at the end of the unit, after the changes are made. Several
    appends for one item become one entry, the last. Raises OutsideUnit without a unit.
    """
    unit_ = _current.get()
    if unit_ is None or unit_.read_only:
        raise OutsideUnit("feed.append() needs an open, writing unit of work")
    transaction.on_commit(_Pending(stream, kind, key, body))


def _surviving() -> list[_Pending]:
    last: dict[tuple[str, str, str], _Pending] = {}
    for registered in connection.run_on_commit:
        hook = registered[1]
        if isinstance(hook, _Pending):
            # Re-inserting moves the item to its last place.
            last.pop((hook.stream, hook.kind, hook.key), None)
            last[hook.stream, hook.kind, hook.key] = hook
    return list(last.values())


def _flush(wall: int) -> None:
    pending = _surviving()
    if not pending:
        return
    bodies = [hook.body() if callable(hook.body) else hook.body for hook in pending]
    counts: dict[str, int] = {}
    for hook in pending:
        counts[hook.stream] = counts.get(hook.stream, 0) + 1
    next_seq: dict[str, int] = {}
    with connection.cursor() as cursor:
        # Django's foreign keys are checked at commit, and such a check locks the row it
        # points at. Waiting for one while holding a counter would deadlock with a unit
        # that holds that row and waits for the counter: so check them now.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in sorted(counts):
            cursor.execute(
                "INSERT INTO feed_stream (name, wall, head) VALUES (%s, %s, %s)"
                " ON CONFLICT (name) DO UPDATE SET head = feed_stream.head + EXCLUDED.head"
                " RETURNING head",
                [name, wall, counts[name]],
            )
            (head,) = cursor.fetchone()
            next_seq[name] = head - counts[name] + 1
    entries = []
    for hook, body in zip(pending, bodies, strict=True):
        seq = next_seq[hook.stream]
        next_seq[hook.stream] = seq + 1
        entries.append(
            Entry(
                stream_id=hook.stream, seq=seq, wall=wall, kind=hook.kind, key=hook.key, body=body
            )
        )
    Entry.objects.bulk_create(entries)
    messages: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        messages.setdefault(entry.stream_id, []).append(as_message(entry))
    transaction.on_commit(lambda: publish.entries(messages))


def as_message(entry: Entry) -> dict[str, Any]:
    """The wire form of an entry."""
    return {"seq": entry.seq, "kind": entry.kind, "id": entry.key, "body": entry.body}
