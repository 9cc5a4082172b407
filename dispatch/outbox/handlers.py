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

    `repeatable` work is tried again after a lapsed claim. Other work becomes `unknown`
    then, because doing it twice would do harm (a text), and `lost` is told.
    `gave_up` is told when the attempts are used up.
    """

    carry: Work
    repeatable: bool
    attempts: int = 8
    lost: Work | None = None
    gave_up: Work | None = None


_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Name the handler of a kind; called from AppConfig.ready."""
    _handlers[kind] = handler


def get(kind: str) -> Handler:
    """The handler of a kind. Raises KeyError for one nobody registered."""
    return _handlers[kind]
