"""Write, claim and carry out outbox rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from django.utils import timezone

from dispatch.feed.unit import OutsideUnit, current_wall
from dispatch.logging import own_context
from dispatch.outbox import handlers
from dispatch.outbox.models import Item

log = structlog.get_logger(__name__)

#: A claim older than this belongs to a worker that died; no handler takes as long.
CLAIM_LAPSES_AFTER = timedelta(seconds=30)


def put(kind: str, args: dict[str, Any]) -> Item:
    """Add work to the open unit; Celery hears of it once the unit has committed.

    Raises OutsideUnit without an open unit.
    """
    wall = current_wall()
    if wall is None:
        raise OutsideUnit("outbox.put() needs an open unit of work")
    item = Item.objects.create(wall=wall, kind=kind, args=args, due_at=timezone.now())
    transaction.on_commit(lambda: _nudge(item.pk))
    return item


def _nudge(item_id: int) -> None:
    try:
        current_app.send_task("outbox.carry", args=[item_id], retry=False, expires=60)
    except Exception as problem:  # noqa: BLE001 (a fast road only; the sweep finds the row)
        log.warning("outbox_nudge_failed", problem=type(problem).__name__)


def carry(item_id: int) -> bool:
    """Claim one row and carry it out. False when someone else has it or it is not due."""
    with own_context():
        return _carry(item_id)


def _carry(item_id: int) -> bool:
    now = timezone.now()
    claimed = Item.objects.filter(pk=item_id, state=Item.State.PENDING, due_at__lte=now).update(
        state=Item.State.CLAIMED, claimed_at=now
    )
    if not claimed:
        return False
    item = Item.objects.get(pk=item_id)
    handler = handlers.get(item.kind)
    attempt = item.attempts + 1
    try:
        handler.carry(item.wall, item.args)
    except handlers.TryAgain as problem:
        _again_or_give_up(item, handler, attempt, str(problem))
    except Exception as problem:
        log.exception("outbox_carry_failed", kind=item.kind, item=item.pk)
        if handler.repeatable:
            _again_or_give_up(item, handler, attempt, type(problem).__name__)
        else:
            _end(item, Item.State.UNKNOWN, attempt, type(problem).__name__)
            if handler.lost:
                handler.lost(item.wall, item.args)
    else:
        _end(item, Item.State.DONE, attempt, "")
    return True


def _again_or_give_up(item: Item, handler: handlers.Handler, attempt: int, problem: str) -> None:
    if attempt >= handler.attempts:
        _end(item, Item.State.FAILED, attempt, problem)
        if handler.gave_up:
            handler.gave_up(item.wall, item.args)
        return
    wait = timedelta(seconds=min(0.5 * 2 ** (attempt - 1), 30))
    _settle(
        item,
        state=Item.State.PENDING,
        attempts=attempt,
        due_at=timezone.now() + wait,
        problem=problem[:200],
    )


def _end(item: Item, state: Item.State, attempt: int, problem: str) -> None:
    _settle(item, state=state, attempts=attempt, ended_at=timezone.now(), problem=problem[:200])


def _settle(item: Item, **changes: Any) -> None:
    """Write the outcome, unless the claim lapsed meanwhile and the row moved on."""
    Item.objects.filter(pk=item.pk, state=Item.State.CLAIMED, claimed_at=item.claimed_at).update(
        **changes
    )


def sweep() -> int:
    """Carry out what is due and was left behind; end the claims of dead workers."""
    now = timezone.now()
    lapsed = Item.objects.filter(
        state=Item.State.CLAIMED, claimed_at__lt=now - CLAIM_LAPSES_AFTER
    ).order_by("pk")[:100]
    for item in lapsed:
        handler = handlers.get(item.kind)
        mine = Item.objects.filter(pk=item.pk, state=Item.State.CLAIMED, claimed_at=item.claimed_at)
        if handler.repeatable:
            mine.update(state=Item.State.PENDING, due_at=now, attempts=item.attempts + 1)
            continue
        ended = mine.update(state=Item.State.UNKNOWN, ended_at=now, problem="claim lapsed")
        if ended and handler.lost:
            handler.lost(item.wall, item.args)
    # What Celery was told of a moment ago is left to it.
    due = (
        Item.objects.filter(state=Item.State.PENDING, due_at__lte=now - timedelta(milliseconds=500))
        .order_by("due_at")
        .values_list("pk", flat=True)[:100]
    )
    return sum(carry(item_id) for item_id in list(due))
