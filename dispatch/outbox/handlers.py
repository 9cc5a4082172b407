"""Which function carries out which kind of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

#: Takes (wall, args). Runs outside any unit of work.
Work: TypeAlias = Callable[[int, dict[str, Any]], None]


class TryAgain(Exception):
    """Raised by a handler when the work surely did not happen and may be tried again."""


@dataclass(frozen=True)
class Handler:
    """How to carry out one kind.

    `repeatable` work is tried again whatever happened to its worker. Other work would do harm
    twice (a text): its handler asks `carry.calling()` right before the outside call, and what
    is interrupted after that becomes `unknown`.

    The others are told how such work ended, before the row says so; each may be told twice.
    `lost`: nobody knows whether it happened. `unsent`: it was called lost, and surely did not
    happen. `gave_up`: the attempts are used up.
    """

    carry: Work
    repeatable: bool
    attempts: int = 8
    lost: Work | None = None
    unsent: Work | None = None
    gave_up: Work | None = None


_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Name the handler of a kind; called from AppConfig.ready."""
    _handlers[kind] = handler


def known() -> list[str]:
    """The kinds this release can carry out."""
    return list(_handlers)


def get(kind: str) -> Handler:
    """The handler of a kind. Raises KeyError for one nobody registered."""
    return _handlers[kind]
