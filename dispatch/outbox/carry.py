"""Write work down, and carry out what was claimed."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from dispatch.feed.unit import OutsideUnit, current_wall
from dispatch.logging import own_context
from dispatch.outbox import claims, handlers, nudge
from dispatch.outbox.deadline import Deadline, Passed
from dispatch.outbox.models import Item

log = structlog.get_logger(__name__)

#: Between `calling()` and the first byte on its way. Well below what the claim lasts by then
#: (claims.LEASE + claims.CALL_GRACE), so no call leaves once its row is known as `unknown`.
LEAVES_WITHIN_S = 2.0

#: A database that restarts is back by then.
INSIST_FOR_S = 20.0

State = Item.State


class ClaimLost(Exception):
    """The row belongs to somebody else by now: nothing may be done for it any more."""


@dataclass
class _Hand:
    """What this thread carries out just now."""

    item: Item
    called: bool = False


_hand: ContextVar[_Hand | None] = ContextVar("outbox_hand", default=None)
_held: set[uuid.UUID] = set()
_held_lock = threading.Lock()


def put(kind: str, args: dict[str, Any]) -> Item:
    """Add work to the open unit; Celery hears of it once the unit has committed.

    Raises OutsideUnit without an open unit.
    """
    wall = current_wall()
    if wall is None:
        raise OutsideUnit("outbox.put() needs an open unit of work")
    item = Item.objects.create(wall=wall, kind=kind, args=args, due_at=Now())
    transaction.on_commit(lambda: nudge.nudge(item.pk))
    return item


def carry(item_id: int) -> bool:
    """Claim one row and carry it out. False when someone else has it or it is not due."""
    item = claims.take(item_id)
    if item is None:
        return False
    carry_out(item)
    return True


def calling() -> Deadline:
    """Say that the outside call of this work comes next: the time by which it must have left.

    For handlers of work that must not happen twice. Raises ClaimLost when the row was given
    to another worker meanwhile, LookupError outside of a handler.
    """
    hand = _hand.get()
    if hand is None:
        raise LookupError("nothing is being carried out here")
    # Begun before the question goes out: what the answer takes counts as well.
    deadline = Deadline.within(LEAVES_WITHIN_S)
    if not claims.call(hand.item):
        raise ClaimLost
    hand.called = True
    return deadline


def insist(write: Callable[[], None]) -> None:
    """Write down what the outside said, although the database may be away for a moment.

    It cannot be asked a second time. Raises what the last try raised.
    """
    until = Deadline.within(INSIST_FOR_S)
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if until.left_s <= 0:
                raise
            connection.close()
            time.sleep(0.2)


def carry_out(item: Item) -> None:
    """Carry out a row that this process has claimed, and write down how it ended."""
    with own_context():
        _carry_out(item)


def _carry_out(item: Item) -> None:
    handler = handlers.get(item.kind)
    attempt = item.attempts + 1
    if attempt > handler.attempts:  # it took its workers with it, again and again
        _give_up(item, handler, attempt, "its workers went")
        return
    with _in_hand(item) as hand:
        try:
            handler.carry(item.wall, item.args)
        except ClaimLost:
            log.warning("outbox_claim_lost", kind=item.kind, item=item.pk)
        except Passed:
            _not_sent(item, handler, attempt)
        except handlers.TryAgain as problem:
            _again_or_give_up(item, handler, attempt, str(problem))
        except Exception as problem:
            log.exception("outbox_carry_failed", kind=item.kind, item=item.pk)
            if handler.repeatable or not hand.called:
                _again_or_give_up(item, handler, attempt, type(problem).__name__)
            else:
                lost(item, type(problem).__name__)
        else:
            _end(item, State.DONE, "", attempts=attempt)


def lost(item: Item, problem: str) -> None:
    """Nobody knows whether it happened: tell it, then say so in the row."""
    if tell := handlers.get(item.kind).lost:
        tell(item.wall, item.args)
    _end(item, State.UNKNOWN, problem)


def held() -> list[uuid.UUID]:
    """The claims of what this process carries out just now."""
    with _held_lock:
        return list(_held)


@contextmanager
def _in_hand(item: Item) -> Iterator[_Hand]:
    hand = _Hand(item)
    token = _hand.set(hand)
    claim = item.claim or uuid.uuid4()
    with _held_lock:
        _held.add(claim)
    try:
        yield hand
    finally:
        _hand.reset(token)
        with _held_lock:
            _held.discard(claim)


def _not_sent(item: Item, handler: handlers.Handler, attempt: int) -> None:
    """The call did not leave in time, so it may be made again, unless somebody was told."""
    log.warning("outbox_call_too_late", kind=item.kind, item=item.pk)
    if not _again_or_give_up(item, handler, attempt, "too late") and handler.unsent:
        handler.unsent(item.wall, item.args)


def _again_or_give_up(item: Item, handler: handlers.Handler, attempt: int, problem: str) -> bool:
    """False when the row was not under this claim any more."""
    if attempt >= handler.attempts:
        return _give_up(item, handler, attempt, problem)
    wait = timedelta(seconds=min(0.5 * 2 ** (attempt - 1), 30))
    return claims.settle(
        item,
        *claims.IN_HAND,
        state=State.PENDING,
        claim=None,
        attempts=attempt,
        due_at=Now() + wait,
        problem=problem[:200],
    )


def _give_up(item: Item, handler: handlers.Handler, attempt: int, problem: str) -> bool:
    if not claims.holds(item):
        return False
    if handler.gave_up:
        handler.gave_up(item.wall, item.args)
    return _end(item, State.FAILED, problem, attempts=attempt)


def _end(item: Item, state: State, problem: str, **changes: Any) -> bool:
    # What was called lost for want of a sign, and comes to an end after all, is known again.
    return claims.settle(
        item,
        *claims.IN_HAND,
        State.UNKNOWN,
        state=state,
        ended_at=Now(),
        problem=problem[:200],
        **changes,
    )
