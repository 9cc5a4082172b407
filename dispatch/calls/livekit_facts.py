"""What LiveKit tells us, and how it fails us, in our own words. Used through calls.livekit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class Problem(Exception):
    """LiveKit did not do what was asked. Holds a code, never a token or an address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unreachable(Problem):
    """The node does not answer, or not to us. Asking again later is harmless."""


class Refused(Problem):
    """The node answered that this cannot be done."""


class BadSignature(Exception):
    """A webhook that no media node of ours signed."""


class Unreadable(Exception):
    """A webhook with a good signature that does not hold an event."""


@dataclass(frozen=True)
class ListedRoom:
    """A room as a node lists it."""

    name: str
    created_at: datetime
    metadata: str


@dataclass(frozen=True)
class Seen:
    """One connection of a participant, as a node lists or reports it.

    `joined_at` is the node's clock: it orders the connections of one participant.
    `can_subscribe` is None where the node did not say.
    """

    identity: str
    sid: str
    joined_at: datetime
    active: bool = True
    can_subscribe: bool | None = None


@dataclass(frozen=True)
class WebhookEvent:
    """What a webhook said, without the parts that must not be kept."""

    id: str
    name: str
    api_key: str
    at: datetime
    room: str
    seen: Seen | None
    dropped: int
