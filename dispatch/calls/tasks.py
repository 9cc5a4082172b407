"""The reconciler: compares what we think with what every node lists, and repairs both.

It needs no webhook. It reads our side first and the node's second, so what we had and the
node no longer has is gone; what the node has and we had not is looked up once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from celery import shared_task
from django.db.models import F
from django.utils import timezone

from dispatch.calls import livekit, nodes, presence, rooms, strangers, watch
from dispatch.calls.models import Call, MediaNode, Participant, Room, WebhookReceipt
from dispatch.centres.access import centre_by_wall, system_scope
from dispatch.logging import own_context

log = structlog.get_logger(__name__)

REASON = "rooms.reconcile"
T = TypeVar("T")
#: A room we do not know is left alone for so long: clocks differ a little.
GRACE = timedelta(seconds=30)
#: Whoever took a seat so recently may still be coming; LiveKit keeps an empty room as long.
AWAITED_FOR = timedelta(seconds=livekit.EMPTY_TIMEOUT_S)
#: LiveKit repeats a webhook for seconds; a day is beyond doubt.
RECEIPTS_KEPT = timedelta(days=1)


@dataclass
class _Ours:
    """A room some open call is in, as we had it before asking the node."""

    id: int
    name: str
    centre_id: int
    awaited: bool = False
    sids: dict[str, str] = field(default_factory=dict)


@shared_task(name="calls.reconcile")
def reconcile() -> None:
    """Every node once; one that does not answer is marked down and left for the next time."""
    for node in MediaNode.objects.exclude(state=MediaNode.State.OFF):
        try:
            reconcile_node(node)
        except livekit.Problem as problem:
            log.info("reconcile_skipped", node=node.name, problem=problem.code)
    strangers.put_out()
    WebhookReceipt.objects.filter(received_at__lt=timezone.now() - RECEIPTS_KEPT).delete()


@shared_task(name="calls.watch")
def look_at_cameras() -> None:
    """Alarm about cameras that nobody watches, and stop them in the end."""
    watch.look()


def reconcile_node(node: MediaNode) -> None:
    """Repair rooms and presence of one node. Raises livekit.Problem."""
    ours = _ours(node)
    left = _left_rooms(node)
    with nodes.watched(node):
        listed = {room.name: room for room in livekit.list_rooms(node=node)}
    nodes.counted(node, rooms=len(listed))
    # The node was restarted. Pages look for the room for seconds only.
    lost = [room for room in ours if room.name not in listed and (room.awaited or room.sids)]
    _each(lost, lambda room: rooms.ensure(centre=centre_by_wall(room.centre_id), room_id=room.id))
    _delete_strays(node, listed, known={room.name for room in ours})
    for centre_id, gone in left.items():
        unlisted = [room_id for room_id, name in gone if name not in listed]
        if unlisted:
            rooms.confirm_deleted(centre=centre_by_wall(centre_id), room_ids=unlisted)
    _compare_presence(node, ours, listed)


def _ours(node: MediaNode) -> list[_Ours]:
    recently = timezone.now() - AWAITED_FOR
    with system_scope(REASON):
        found = {
            room.call_id: _Ours(room.pk, room.name, room.centre_id)
            for room in Room.objects.filter(
                node=node,
                ended_at=None,
                call__state=Call.State.OPEN,
                generation=F("call__generation"),
            )
        }
        for who in Participant.objects.filter(call_id__in=found):
            room = found[who.call_id]
            if who.sid:
                room.sids[who.identity] = who.sid
            room.awaited |= bool(who.seated_at and who.seated_at > recently)
    return list(found.values())


def _each(found: Iterable[T], work: Callable[[T], object]) -> None:
    """One in trouble leaves the others looked at. Raises livekit.Unreachable: the node's own."""
    for one in found:
        with own_context():
            try:
                work(one)
            except livekit.Unreachable:
                raise
            except livekit.Refused as problem:
                log.warning("room_refused", problem=problem.code)
            except Exception:
                log.exception("reconcile_failed")


def _left_rooms(node: MediaNode) -> dict[int, list[tuple[int, str]]]:
    """Rooms whose end the node has not confirmed, by centre."""
    by_centre: dict[int, list[tuple[int, str]]] = defaultdict(list)
    with system_scope(REASON):
        for centre_id, room_id, name in Room.objects.filter(
            node=node, deleted_at=None, ended_at__isnull=False
        ).values_list("centre_id", "pk", "name"):
            by_centre[centre_id].append((room_id, name))
    return by_centre


def _delete_strays(
    node: MediaNode, listed: dict[str, livekit.ListedRoom], *, known: set[str]
) -> None:
    """Delete what calls have left, and our own rooms that no row tells of (a restored database)."""
    names = set(listed) - known
    with system_scope(REASON):
        rows = {room.name: room for room in Room.objects.filter(name__in=names)}

    def check(name: str) -> None:
        row = rows.get(name)
        if row is not None and row.ended_at:
            rooms.delete(centre=centre_by_wall(row.centre_id), room_id=row.pk)
        elif row is None and _is_orphan(listed[name], timezone.now()):
            log.warning("room_unknown_deleted", node=node.name)
            livekit.delete_room(node=node, name=name)

    _each(sorted(names), check)


def _is_orphan(room: livekit.ListedRoom, now: datetime) -> bool:
    return room.metadata == rooms.mark() and room.created_at < now - GRACE


def _compare_presence(
    node: MediaNode, ours: list[_Ours], listed: dict[str, livekit.ListedRoom]
) -> None:
    there = [room.name for room in ours if room.name in listed and (room.awaited or room.sids)]
    with nodes.watched(node):
        present = livekit.list_participants(node=node, rooms=there) if there else {}
    involved = [room for room in ours if room.sids or room.name in present]
    _each(involved, lambda room: _compare(room, present.get(room.name, [])))


def _compare(room: _Ours, seen: list[livekit.Seen]) -> None:
    centre = centre_by_wall(room.centre_id)
    for one in seen:
        if one.active:
            presence.apply_join(centre=centre, room_name=room.name, seen=one)
    still = {one.sid for one in seen}
    for identity, sid in room.sids.items():
        if sid not in still:
            presence.apply_lost(centre=centre, room_name=room.name, identity=identity, sid=sid)
