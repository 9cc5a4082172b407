"""LiveKit's own answers, asked over its HTTP API by the tests and by nobody else."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import jwt


class Rooms:
    """The room service of one LiveKit server."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        self._url, self._key, self._secret = url.rstrip("/"), key, secret

    def token(self, identity: str = "proof", **grants: Any) -> str:
        now = int(time.time())
        claims = {"iss": self._key, "sub": identity, "nbf": now - 5, "exp": now + 120}
        return jwt.encode(claims | {"video": grants}, self._secret, algorithm="HS256")

    def names(self) -> set[str]:
        return {room["name"] for room in self._ask("ListRooms", {}).get("rooms", [])}

    def create(self, name: str) -> None:
        self._ask("CreateRoom", {"name": name})

    def participants(self, room: str) -> list[dict[str, Any]]:
        answer = self._ask("ListParticipants", {"room": room}, room=room)
        found: list[dict[str, Any]] = answer.get("participants", [])
        return found

    def room_of(self, identity: str) -> str | None:
        """The room in which this participant is, or None."""
        for name in self.names():
            if any(one["identity"] == identity for one in self.participants(name)):
                return name
        return None

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._url, timeout=1) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def _ask(self, method: str, body: dict[str, Any], room: str = "") -> dict[str, Any]:
        token = self.token(roomList=True, roomCreate=True, roomAdmin=True, room=room)
        request = urllib.request.Request(  # noqa: S310 (our own loopback address)
            f"{self._url}/twirp/livekit.RoomService/{method}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            got: dict[str, Any] = json.load(answer)
        return got


def room_in(token: str) -> str:
    """The room a seat's token is for (read, not verified)."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    room: str = claims["video"]["room"]
    return room
