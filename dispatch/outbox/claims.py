"""Who has a row, and for how long: claims, their leases, and the moment before the outside call.

A claim is a random number in the row, and each change names the claim it is made under, so a
worker that stood still and wakes up late changes nothing. A claim is good while its lease is:
the worker's own thread renews it (`renew`), so a worker that was killed is known within
LEASE. A row whose claim lapsed before the outside call is simply taken by somebody else. The
call itself is fenced by `call`: one conditional update that asks for claim and lease, right
before it. Times are the database's, whatever the machines' clocks say.

Rows of a kind that nobody registered here are left alone: after a release was rolled back, they
wait for the one that wrote them.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from dispatch.outbox import handlers
from dispatch.outbox.models import Item, Worker

#: Without renewal a claim ends after this long. Renewed three times as often; a worker that is
#: late all the same only loses the row, for another one carries it out.
LEASE = timedelta(seconds=1.5)
#: A claim whose call has begun is given this much longer, for it becomes `unknown` then, which a
#: person has to deal with. Longer than any call may take to leave (carry.LEAVES_WITHIN_S).
CALL_GRACE = timedelta(seconds=2)
#: Not renewed beyond this: no handler takes as long, so this one hangs.
LONGEST = timedelta(seconds=30)
#: What Celery was told of a moment ago is left to it.
LEFT_TO_CELERY = timedelta(milliseconds=500)
#: Counted no further: more than any handler has, and far from the end of the column, past which
#: one row would keep all others from being given back.
MOST_ATTEMPTS = 1000

State = Item.State
IN_HAND = (State.CLAIMED, State.CALLING)


@lru_cache(maxsize=1)
def me() -> uuid.UUID:
    """This process, as claims name it."""
    return uuid.uuid4()


os.register_at_fork(after_in_child=me.cache_clear)


def take(item_id: int) -> Item | None:
    """Claim one row that is due; None when someone else has it, or it is not due."""
    due = _known().filter(pk=item_id, state=State.PENDING, due_at__lte=Now())
    return Item.objects.get(pk=item_id) if _claim(due) else None


def due_kinds() -> list[str]:
    """The kinds that have rows left behind, of those this release knows."""
    return list(_left_behind().order_by().values_list("kind", flat=True).distinct())


def take_left_behind(kind: str, count: int) -> list[Item]:
    """Claim so many rows of a kind, the oldest first, past those another worker is taking."""
    taken = _change(
        """
        UPDATE outbox_item SET state = 'claimed', claim = gen_random_uuid(), claimed_by = %s,
            claimed_at = now(), lease_until = now() + %s, called_at = NULL
        WHERE id = ANY(ARRAY(
            SELECT id FROM outbox_item
            WHERE state = 'pending' AND kind = %s AND due_at <= now() - %s
            ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
        ))
        """,
        [me(), LEASE, kind, LEFT_TO_CELERY, count],
    )
    return list(Item.objects.filter(pk__in=taken, claimed_by=me(), state=State.CLAIMED))


def _known() -> QuerySet[Item]:
    return Item.objects.filter(kind__in=handlers.known())


def _left_behind() -> QuerySet[Item]:
    return _known().filter(state=State.PENDING, due_at__lte=Now() - LEFT_TO_CELERY)


def _claim(one: QuerySet[Item]) -> bool:
    return bool(
        one.update(
            state=State.CLAIMED,
            claim=uuid.uuid4(),
            claimed_by=me(),
            claimed_at=Now(),
            lease_until=Now() + LEASE,
            called_at=None,
        )
    )


def renew(claims: Iterable[uuid.UUID]) -> None:
    """Say that the worker of these claims lives."""
    _change(
        """
        UPDATE outbox_item SET lease_until = now() + %s
        WHERE id = ANY(ARRAY(
            SELECT id FROM outbox_item
            WHERE claim = ANY(%s) AND claimed_by = %s AND state IN ('claimed', 'calling')
            AND claimed_at > now() - %s
            FOR UPDATE SKIP LOCKED
        ))
        """,
        [LEASE, list(claims), me(), LONGEST],
    )


def _change(statement: str, values: list[Any]) -> list[int]:
    """Change rows that nobody else is changing, in one statement; which ones.

    One statement, so that a process that is stopped in the middle of it holds no lock: of a
    transaction of several it would, until the database ends its session.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING id", values)
        return [row[0] for row in cursor.fetchall()]


def call(item: Item) -> bool:
    """Mark that the outside call comes next. False when the claim was lost: then it must not."""
    return bool(
        Item.objects.filter(
            pk=item.pk, claim=item.claim, state=State.CLAIMED, lease_until__gt=Now()
        ).update(state=State.CALLING, called_at=Now(), lease_until=Now() + LEASE)
    )


def give_back() -> int:
    """Let go of rows whose worker went before the outside call; the count."""
    given = _change(
        """
        UPDATE outbox_item SET state = 'pending', claim = NULL,
            attempts = least(attempts + 1, %s)
        WHERE id = ANY(ARRAY(
            SELECT id FROM outbox_item
            WHERE state = 'claimed' AND lease_until < now() FOR UPDATE SKIP LOCKED
        ))
        """,
        [MOST_ATTEMPTS],
    )
    return len(given)


def interrupted(count: int) -> list[Item]:
    """Rows whose worker went, or stands still, while calling."""
    calling = Q(state=State.CALLING, lease_until__lt=Now() - CALL_GRACE)
    # A worker of the release before lets no one know whether it has called.
    untold = Q(state=State.CLAIMED, lease_until=None, claimed_at__lt=Now() - LONGEST)
    return list(_known().filter(calling | untold).order_by("due_at")[:count])


def holds(item: Item) -> bool:
    """Whether the row is still under this claim."""
    return Item.objects.filter(pk=item.pk, claim=item.claim, state__in=IN_HAND).exists()


def settle(item: Item, *states: str, **changes: object) -> bool:
    """Change the row if it is still under this claim and in one of these states."""
    mine = Item.objects.filter(pk=item.pk, claim=item.claim, state__in=states)
    return bool(mine.update(**changes))


def forget(*, done: timedelta, others: timedelta, count: int = 5000) -> int:
    """Delete rows that ended so long ago, and workers unseen as long; the count of rows."""
    deleted = 0
    Worker.objects.filter(looked_at__lt=Now() - done).delete()
    for rows in (
        Item.objects.filter(state=State.DONE, ended_at__lt=Now() - done),
        Item.objects.filter(ended_at__lt=Now() - others),
    ):
        oldest = list(rows.order_by("ended_at").values_list("pk", flat=True)[:count])
        deleted += Item.objects.filter(pk__in=oldest).delete()[0]
    return deleted
