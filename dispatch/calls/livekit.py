"""The one place that talks to LiveKit, and the only importer of its API package.

Every function that goes over the network refuses to run inside a unit of work, opens one
client, asks, and closes it. LiveKit's API is asynchronous only; nothing else here is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import jwt
from django.conf import settings
from google.protobuf.json_format import Parse, ParseError
from livekit import api
from livekit.protocol.models import ParticipantInfo, TrackSource
from livekit.protocol.webhook import WebhookEvent as _WireEvent

from dispatch.calls.livekit_facts import (
    BadSignature,
    ListedRoom,
    Problem,
    Refused,
    Seen,
    Unreachable,
    Unreadable,
    WebhookEvent,
)
from dispatch.calls.models import MediaNode
from dispatch.feed.unit import forbid_inside_unit

#: Longest that one question may take. A node on the same network answers in about 3 ms
#: (measured); a tap must not wait for a dead one.
TIMEOUT_S = 3.0
#: And the question whether it is there: consoles are told within seconds.
PROBE_TIMEOUT_S = 1.5
#: Life of a token that lets a browser in. LiveKit renews it for whoever is connected.
TOKEN_LIFE = timedelta(minutes=10)
#: Life of the tokens we show to LiveKit ourselves; the allowance is for its clock.
OWN_TOKEN_LIFE = timedelta(minutes=2)
#: LiveKit drops a room nobody entered after this long: as long as a text stays useful.
EMPTY_TIMEOUT_S = 900
#: And one that everybody left; its own default of 20 s is shorter than a lost signal.
DEPARTURE_TIMEOUT_S = 600
#: The publisher, two warm seats, and five places for staff.
MAX_PARTICIPANTS = 8

T = TypeVar("T")

__all__ = [
    "BadSignature",
    "ListedRoom",
    "Problem",
    "Refused",
    "Seen",
    "Unreachable",
    "Unreadable",
    "WebhookEvent",
]


def ensure_room(*, node: MediaNode, name: str, metadata: str = "") -> None:
    """Create the room unless it is there. Raises Unreachable or Refused."""

    async def work(client: api.LiveKitAPI) -> None:
        await client.room.create_room(
            api.CreateRoomRequest(
                name=name,
                metadata=metadata,
                empty_timeout=EMPTY_TIMEOUT_S,
                departure_timeout=DEPARTURE_TIMEOUT_S,
                max_participants=MAX_PARTICIPANTS,
            )
        )

    _ask(node, "ensure_room", work, room_create=True)


def answers(*, node: MediaNode) -> None:
    """Ask the node something small, to see that it answers and takes our key.

    Gives up sooner than the others do. Raises Unreachable; Refused would be an answer.
    """

    async def work(client: api.LiveKitAPI) -> None:
        await client.room.list_rooms(api.ListRoomsRequest(names=["-"]))

    _ask(node, "answers", work, timeout_s=PROBE_TIMEOUT_S, room_list=True)


def delete_room(*, node: MediaNode, name: str) -> None:
    """Delete the room and put everyone out; an absent one is fine."""

    async def work(client: api.LiveKitAPI) -> None:
        await client.room.delete_room(api.DeleteRoomRequest(room=name))

    _unless_absent(lambda: _ask(node, "delete_room", work, room_create=True))


def list_rooms(*, node: MediaNode) -> list[ListedRoom]:
    """All rooms of the node, ours or not."""

    async def work(client: api.LiveKitAPI) -> list[ListedRoom]:
        answer = await client.room.list_rooms(api.ListRoomsRequest())
        return [
            ListedRoom(room.name, datetime.fromtimestamp(room.creation_time, UTC), room.metadata)
            for room in answer.rooms
        ]

    return _ask(node, "list_rooms", work, room_list=True)


def list_participants(*, node: MediaNode, rooms: Iterable[str]) -> dict[str, list[Seen]]:
    """Who is in each of these rooms; an absent room is empty."""
    names = list(rooms)

    async def one(session: aiohttp.ClientSession, name: str) -> list[Seen]:
        token = _own_token(node, room_admin=True, room=name)
        client = api.LiveKitAPI(node.api_url, token=token, session=session, failover=False)
        answer = await client.room.list_participants(api.ListParticipantsRequest(room=name))
        return [_seen(info) for info in answer.participants]

    async def every(_: api.LiveKitAPI) -> list[list[Seen]]:
        # At most this many connections at once, so that listing does not crowd out seats.
        limits = aiohttp.TCPConnector(limit=8)
        timeout = aiohttp.ClientTimeout(sock_connect=TIMEOUT_S, sock_read=TIMEOUT_S)
        async with aiohttp.ClientSession(connector=limits, timeout=timeout) as session:
            return await asyncio.gather(*(one(session, name) for name in names))

    return dict(zip(names, _ask(node, "list_participants", every), strict=True))


def remove_participant(*, node: MediaNode, room: str, identity: str) -> None:
    """Put a participant out; an absent one is fine. Its token lets it in again until it ends."""

    async def work(client: api.LiveKitAPI) -> None:
        await client.room.remove_participant(
            api.RoomParticipantIdentity(room=room, identity=identity)
        )

    _unless_absent(lambda: _ask(node, "remove_participant", work, room_admin=True, room=room))


def set_can_subscribe(*, node: MediaNode, room: str, identity: str, allowed: bool) -> bool:
    """Let a participant see the others' tracks, or not; its other grants stay.

    LiveKit keeps it across the participant's reconnections. False when it is absent.
    """

    async def work(client: api.LiveKitAPI) -> None:
        who = api.RoomParticipantIdentity(room=room, identity=identity)
        now = await client.room.get_participant(who)
        permission = api.ParticipantPermission()
        permission.CopyFrom(now.permission)
        permission.can_subscribe = allowed
        await client.room.update_participant(
            api.UpdateParticipantRequest(room=room, identity=identity, permission=permission)
        )

    return _unless_absent(lambda: _ask(node, "set_can_subscribe", work, room_admin=True, room=room))


def mute_microphone(*, node: MediaNode, room: str, identity: str) -> bool:
    """Silence a participant's microphone in the room; it cannot be switched on from here.

    False when the participant, or a microphone of theirs, is absent.
    """

    async def work(client: api.LiveKitAPI) -> bool:
        who = api.RoomParticipantIdentity(room=room, identity=identity)
        tracks = (await client.room.get_participant(who)).tracks
        spoken = [one for one in tracks if one.source == TrackSource.MICROPHONE and not one.muted]
        for track in spoken:
            await client.room.mute_published_track(
                api.MuteRoomTrackRequest(
                    room=room, identity=identity, track_sid=track.sid, muted=True
                )
            )
        return bool(spoken)

    try:
        return _ask(node, "mute_microphone", work, room_admin=True, room=room)
    except Refused as problem:
        if problem.code == "not_found":
            return False
        raise


def caller_token(*, node: MediaNode, room: str, identity: str, subscribe: bool) -> str:
    """Let a caller's page into one room, to publish camera and microphone.

    Only the publisher may `subscribe`. Raises Unreachable where the node's key is unknown.
    """
    return _token(node, room, identity, can_subscribe=subscribe, sources=["camera", "microphone"])


def staff_token(*, node: MediaNode, room: str, identity: str) -> str:
    """Let a dispatcher's console into one room, to watch, and to speak."""
    return _token(node, room, identity, can_subscribe=True, sources=["microphone"])


def verify_webhook(body: bytes, authorization: str) -> WebhookEvent:
    """The event in a webhook, if a node of ours signed exactly these bytes.

    Raises BadSignature, or Unreadable for a signed body that holds no event.
    """
    api_key = _signer(body, authorization)
    try:
        wire = Parse(body.decode(), _WireEvent(), ignore_unknown_fields=True)
    except (ParseError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None
    return WebhookEvent(
        # Without an id of its own, the same bytes are the same event.
        id=wire.id if 0 < len(wire.id) <= 80 else hashlib.sha256(body).hexdigest(),
        name=wire.event,
        api_key=api_key,
        at=datetime.fromtimestamp(wire.created_at, UTC),
        room=wire.room.name,
        seen=_seen(wire.participant) if wire.HasField("participant") else None,
        dropped=wire.num_dropped,
    )


def _signer(body: bytes, authorization: str) -> str:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    for key, secret in settings.LIVEKIT_KEYS.items():
        try:
            claims = api.TokenVerifier(key, secret).verify(authorization.removeprefix("Bearer "))
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            continue
        if hmac.compare_digest((claims.sha256 or "").encode(), digest.encode()):
            return str(key)
    raise BadSignature


def _seen(info: ParticipantInfo) -> Seen:
    milliseconds = info.joined_at_ms or info.joined_at * 1000
    return Seen(
        identity=info.identity,
        sid=info.sid,
        joined_at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        active=info.state == ParticipantInfo.State.ACTIVE,
        can_subscribe=info.permission.can_subscribe if info.HasField("permission") else None,
    )


def _unless_absent(work: Callable[[], None]) -> bool:
    try:
        work()
    except Refused as problem:
        if problem.code == "not_found":
            return False
        raise
    return True


def _ask(
    node: MediaNode,
    what: str,
    work: Callable[[api.LiveKitAPI], Awaitable[T]],
    *,
    timeout_s: float = TIMEOUT_S,
    **grants: Any,
) -> T:
    forbid_inside_unit(f"livekit.{what}")

    async def run() -> T:
        async with api.LiveKitAPI(
            node.api_url,
            token=_own_token(node, **grants),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            failover=False,  # its regions are the hosted service's
        ) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except api.ServerError as problem:
        # Its text can carry the token, so only the code goes on.
        raise _translated(problem) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as problem:
        raise Unreachable(type(problem).__name__) from None


def _translated(problem: api.ServerError) -> Problem:
    # 401 and 403: it is up, but our key does not open it, which is no better than down.
    if problem.status >= 500 or problem.status in (401, 403, 408, 429):
        return Unreachable(f"{problem.status}")
    return Refused(problem.code)


def _own_token(node: MediaNode, **grants: Any) -> str:
    # Only our server uses it, and only for what this one question needs.
    return _signed(node, api.VideoGrants(**grants), OWN_TOKEN_LIFE, identity="")


def _token(
    node: MediaNode, room: str, identity: str, *, can_subscribe: bool, sources: list[str]
) -> str:
    grants = api.VideoGrants(
        room_join=True,
        room=room,
        can_publish=True,
        can_publish_sources=sources,
        can_publish_data=False,
        can_subscribe=can_subscribe,
        can_update_own_metadata=False,
        hidden=False,
    )
    return _signed(node, grants, TOKEN_LIFE, identity=identity)


def _signed(node: MediaNode, grants: api.VideoGrants, life: timedelta, *, identity: str) -> str:
    secret = settings.LIVEKIT_KEYS.get(node.api_key)
    if not secret:
        raise Unreachable("no_secret_for_key")
    token = api.AccessToken(node.api_key, secret).with_grants(grants).with_ttl(life)
    return token.with_identity(identity).to_jwt()
