"""What travels on the feeds, as types. static/src/shared/protocol.ts is made from this file.

Run `make protocol` after a change; `make test` fails while the two differ.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

StageName = Literal[
    "requested",
    "accepted",
    "delivered",
    "opened",
    "tapped",
    "permitted",
    "joined",
    "first_frame",
    "ended",
]
PermissionName = Literal["camera", "microphone", "position"]
PermissionOutcome = Literal[
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


ConditionName = Literal[
    "hidden",
    "camera_paused",
    "picture_black",
    "picture_frozen",
    "no_socket",
    "no_media",
    "tcp",
    "no_webrtc",
]
PartName = Literal["db", "migrations", "redis", "worker", "tasks", "beat", "media", "texts"]
RequestName = Literal["camera", "microphone", "flip", "mute", "stop"]


class Owner(TypedDict):
    id: int
    name: str


class Publisher(TypedDict):
    identity: str
    session: str
    boot: str
    since: str | None


class Media(TypedDict):
    state: Literal["none", "live", "paused", "stopped"]
    camera: bool
    microphone: bool


class Unwatched(TypedDict):
    """Nobody of the staff is in the room with a live camera."""

    since: str
    stops_at: str


class StageState(TypedDict):
    at: str | None
    failed: str | None


class CallCard(TypedDict):
    id: str
    number: str
    number_display: str
    language: str
    state: Literal["open", "closed"]
    opened_at: str
    closed_at: str | None
    close_reason: str | None
    undo_until: str | None
    owner: Owner
    generation: int
    publisher: Publisher | None
    present: bool
    media: Media
    unwatched: Unwatched | None
    unwatched_stop: bool
    stages: dict[StageName, StageState]
    asks: list[PermissionName]
    is_test: bool


class TextItem(TypedDict):
    id: str
    call: str
    to: str
    provider: str
    state: Literal["queued", "sending", "accepted", "delivered", "failed", "unknown"]
    reason: str | None
    queued_at: str
    accepted_at: str | None
    delivered_at: str | None
    failed_at: str | None


class LinkItem(TypedDict):
    id: str
    call: str
    state: Literal["active", "revoked"]
    created_at: str


class Permission(TypedDict):
    outcome: PermissionOutcome
    at: str


class SessionItem(TypedDict):
    id: str
    call: str
    opened_at: str | None
    tapped_at: str | None
    device: str
    language: str
    online: bool
    online_at: str | None
    polling: bool
    conditions: list[ConditionName]
    permissions: dict[PermissionName, Permission]


class Actor(TypedDict):
    kind: Literal["staff", "caller", "system"]
    name: str


class EventItem(TypedDict):
    id: str
    call: str
    kind: str
    at: str
    actor: Actor
    text: str
    data: dict[str, Any]


# Written as a call, for "from" is a word of Python.
ChatItem = TypedDict(
    "ChatItem",
    {
        "id": str,
        "call": str,
        "from": Literal["staff", "caller"],
        "name": str,
        "text": str,
        "at": str,
        "key": str,
    },
)


class RequestItem(TypedDict):
    """What staff asked of the caller's page, and what became of it."""

    id: str
    call: str
    what: RequestName
    name: str
    at: str
    answer: Literal["open", "done", "declined", "failed", "replaced"]
    answered_at: str | None


class Position(TypedDict):
    call: str
    lat: float
    lon: float
    accuracy: float
    altitude: float | None
    heading: float | None
    speed: float | None
    at: str
    received_at: str
    source: str
    corrected: bool
    session: str


class VideoHealth(TypedDict):
    state: Literal["up", "down"]
    since: str


class Health(TypedDict):
    """The last value `health`, with every heartbeat: which parts work; null: not known."""

    parts: dict[PartName, bool | None]


class CallerCard(TypedDict):
    """The call on the caller's side."""

    id: str
    state: Literal["open", "closed"]
    generation: int
    publisher: str | None
    asks: list[PermissionName]
    centre: dict[Literal["name"], str]
    undo_until: str | None


class CallerRequest(TypedDict):
    """An open request on the caller's side."""

    id: str
    what: RequestName
    at: str
