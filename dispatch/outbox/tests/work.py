"""Work for these tests: kinds of their own, and what became of each piece."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from dispatch.feed.unit import unit
from dispatch.outbox import carry, claims, handlers
from dispatch.outbox.models import Item

#: These rows belong to no centre.
WALL = 1


@dataclass
class Told:
    """What a kind's handler did, and was told, in order."""

    kind: str
    said: list[str] = field(default_factory=list)

    def put(self, **args: Any) -> Item:
        with unit(wall=WALL):
            return carry.put(self.kind, args)


@contextmanager
def kind(
    work: Callable[[Told], None], *, repeatable: bool = False, attempts: int = 3
) -> Iterator[Told]:
    """A registered kind, carried out by `work`."""
    told = Told(f"test.{secrets.token_hex(6)}")
    handlers.register(
        told.kind,
        handlers.Handler(
            carry=lambda wall, args: work(told),
            repeatable=repeatable,
            attempts=attempts,
            lost=lambda wall, args: told.said.append("lost"),
            unsent=lambda wall, args: told.said.append("unsent"),
            gave_up=lambda wall, args: told.said.append("gave up"),
        ),
    )
    yield told


def fresh(item: Item) -> Item:
    return Item.objects.get(pk=item.pk)


def lapse(item: Item, *, ago: timedelta = timedelta(minutes=1)) -> None:
    """As if its worker had given no sign for so long."""
    Item.objects.filter(pk=item.pk).update(lease_until=Now() - ago)


def interrupt(item: Item) -> None:
    """As if its worker had gone while calling, and another one had noticed."""
    lapse(item)
    (found,) = (one for one in claims.interrupted(1000) if one.pk == item.pk)
    carry.lost(found, "its worker went")


def overdue(item: Item) -> None:
    """As if Celery had not come for it."""
    Item.objects.filter(pk=item.pk).update(due_at=Now() - timedelta(seconds=5))
