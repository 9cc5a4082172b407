"""A LiveKit in memory, in place of the network functions of dispatch.calls.livekit.

test_media_contract holds it to the real server: whatever a test relies on here is asked
of both there. Tokens and webhooks need no fake, for they need no server.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from dispatch.calls import livekit
from dispatch.calls.livekit import ListedRoom, Seen
from dispatch.calls.models import MediaNode
from dispatch.feed.unit import forbid_inside_unit


@dataclass
class _Room:
    metadata: str
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    inside: dict[str, Seen] = field(default_factory=dict)


class FakeLiveKit:
    """Any number of nodes, known by their rows; each is up unless listed in `down`."""

    def __init__(self) -> None:
        self.rooms: dict[int, dict[str, _Room]] = {}
        self.down: set[int] = set()
        #: (function, room) of every question that was answered.
        self.asked: list[tuple[str, str]] = []
        #: Called before a question is answered: to do something at just that moment.
        self.before: Callable[[str, str], None] = lambda what, room: None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> FakeLiveKit:
        """Take the place of the real functions until the end of the test."""
        for name in (
            "answers",
            "ensure_room",
            "delete_room",
            "list_rooms",
            "list_participants",
            "remove_participant",
            "set_can_subscribe",
            "mute_microphone",
        ):
            monkeypatch.setattr(livekit, name, getattr(self, name))
        return self

    def answers(self, *, node: MediaNode) -> None:
        self._on(node, "answers", "")

    def ensure_room(self, *, node: MediaNode, name: str, metadata: str = "") -> None:
        self._on(node, "ensure_room", name).setdefault(name, _Room(metadata))

    def delete_room(self, *, node: MediaNode, name: str) -> None:
        self._on(node, "delete_room", name).pop(name, None)

    def list_rooms(self, *, node: MediaNode) -> list[ListedRoom]:
        rooms = self._on(node, "list_rooms", "")
        return [ListedRoom(name, one.created_at, one.metadata) for name, one in rooms.items()]

    def list_participants(self, *, node: MediaNode, rooms: Iterable[str]) -> dict[str, list[Seen]]:
        there = self._on(node, "list_participants", "")
        return {name: list(there[name].inside.values()) if name in there else [] for name in rooms}

    def remove_participant(self, *, node: MediaNode, room: str, identity: str) -> None:
        there = self._on(node, "remove_participant", room)
        if room in there:
            there[room].inside.pop(identity, None)

    def set_can_subscribe(
        self, *, node: MediaNode, room: str, identity: str, allowed: bool
    ) -> bool:
        there = self._on(node, "set_can_subscribe", room)
        if room not in there or identity not in there[room].inside:
            return False
        inside = there[room].inside
        inside[identity] = replace(inside[identity], can_subscribe=allowed)
        return True

    def mute_microphone(self, *, node: MediaNode, room: str, identity: str) -> bool:
        there = self._on(node, "mute_microphone", room)
        return room in there and identity in there[room].inside

    # What browsers do.

    def may_join(self, node: MediaNode, token: str) -> bool:
        """Whether the node would let the holder of this token in."""
        return self._claims(token)["room"] in self.rooms.get(node.pk, {})

    def enter(self, node: MediaNode, token: str, *, at: datetime | None = None) -> Seen:
        """A page comes in with its token; a page of the same identity is put out."""
        grants = self._claims(token)
        seen = Seen(
            identity=grants["sub"],
            sid=f"PA_{secrets.token_hex(6)}",
            joined_at=at or datetime.now(UTC),
            can_subscribe=grants["canSubscribe"],
        )
        self.rooms[node.pk][grants["room"]].inside[seen.identity] = seen
        return seen

    def leave(self, node: MediaNode, seen: Seen) -> None:
        """A page goes."""
        for room in self.rooms[node.pk].values():
            room.inside.pop(seen.identity, None)

    def restart(self, node: MediaNode) -> None:
        """A node that died and is back knows nothing."""
        self.rooms[node.pk] = {}

    def _on(self, node: MediaNode, what: str, room: str) -> dict[str, _Room]:
        forbid_inside_unit(f"livekit.{what}")
        self.before(what, room)
        if node.pk in self.down:
            raise livekit.Unreachable("ClientConnectorError")
        self.asked.append((what, room))
        return self.rooms.setdefault(node.pk, {})

    @staticmethod
    def _claims(token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return {**claims["video"], "sub": claims["sub"]}


def webhook(
    name: str,
    room: str,
    seen: Seen | None = None,
    *,
    key: str,
    secret: str,
    event_id: str | None = None,
    at: datetime | None = None,
) -> tuple[bytes, str]:
    """Body and Authorization header of a webhook, as the server makes them."""
    event: dict[str, Any] = {
        "event": name,
        "id": event_id or f"EV_{secrets.token_hex(6)}",
        "createdAt": str(int((at or datetime.now(UTC)).timestamp())),
        "room": {"sid": "RM_1", "name": room, "turnPassword": "relay-password"},
    }
    if seen is not None:
        milliseconds = int(seen.joined_at.timestamp() * 1000)
        event["participant"] = {
            "sid": seen.sid,
            "identity": seen.identity,
            "state": "ACTIVE",
            "joinedAt": str(milliseconds // 1000),
            "joinedAtMs": str(milliseconds),
            "permission": {"canSubscribe": bool(seen.can_subscribe), "canPublish": True},
        }
    body = json.dumps(event).encode()
    return body, sign(body, key=key, secret=secret)


def sign(body: bytes, *, key: str, secret: str) -> str:
    """The header a server sends with exactly these bytes."""
    now = int(time.time())
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    claims = {"iss": key, "nbf": now, "exp": now + 300, "sha256": digest}
    return jwt.encode(claims, secret, algorithm="HS256")
