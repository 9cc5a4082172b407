"""What doctor says of one part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


#: Every part, in the order in which they are told; `media` stands for all media nodes, whose
#: results are named `media.<node>.<api|signalling|udp|tcp>`.
PARTS = (
    "settings",
    "database",
    "postgis",
    "migrations",
    "redis",
    "worker",
    "beat",
    "media",
    "texts",
    "web",
    "static",
    "certificates",
    "clock",
    "disk",
)


@dataclass(frozen=True)
class Result:
    """One part: what is so, and what to do about it. `ms` is how long looking took.

    `facts` are for programs (`--json`): numbers and names, never a secret.
    """

    part: str
    state: State
    what: str
    todo: str = ""
    ms: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Whether others may stand on it."""
        return self.state in (State.OK, State.WARNING)

    def as_body(self) -> dict[str, Any]:
        """The JSON of this result."""
        return {
            "part": self.part,
            "state": str(self.state),
            "ms": self.ms,
            "what": self.what,
            "todo": self.todo,
            "facts": self.facts,
        }


def ok(part: str, what: str, **facts: Any) -> Result:
    """It works."""
    return Result(part, State.OK, what, facts=facts)


def warning(part: str, what: str, todo: str, **facts: Any) -> Result:
    """It works, and will not for long, or not well."""
    return Result(part, State.WARNING, what, todo, facts=facts)


def failed(part: str, what: str, todo: str, **facts: Any) -> Result:
    """It does not work."""
    return Result(part, State.FAILED, what, todo, facts=facts)


def not_checked(part: str, why: str) -> Result:
    """Nothing can be said of it, and it is not to blame for that."""
    return Result(part, State.NOT_CHECKED, why)


def any_failed(results: Iterable[Result]) -> bool:
    """Whether the exit code is 1."""
    return any(result.state is State.FAILED for result in results)
