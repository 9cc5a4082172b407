"""Media nodes: which one takes a call, and whether any of them answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.db.models import Max
from django.utils import timezone

from dispatch.calls import livekit
from dispatch.calls.models import MediaNode
from dispatch.errors import Unavailable
from dispatch.feed import latest
from dispatch.feed.replay import stamp

log = structlog.get_logger(__name__)

VIDEO_DOWN = "Video is down. Texts, positions and messages work."


def video_down() -> Unavailable:
    """The error that says so to a person, wherever video was asked for."""
    return Unavailable(VIDEO_DOWN, code="video_down")


def pick() -> MediaNode:
    """The node that answers and has the fewest rooms. Raises Unavailable (video_down)."""
    node = choose()
    if node is None or not node.up:
        raise video_down()
    return node


def choose() -> MediaNode | None:
    """As pick(), but rather a node that is down than none: it may be back when it counts."""
    # The counts are as old as the last reconciliation, hence the dice among equals.
    usable = MediaNode.objects.filter(state=MediaNode.State.ACTIVE)
    return usable.order_by("-up", "rooms", "?").first()


def mark_up(node: MediaNode) -> None:
    """It answered."""
    _mark(node, up=True)


def mark_down(node: MediaNode) -> None:
    """It did not answer."""
    _mark(node, up=False)


def _mark(node: MediaNode, *, up: bool) -> None:
    now = timezone.now()
    changed = MediaNode.objects.filter(pk=node.pk, up=not up).update(up=up, changed_at=now)
    node.up = up
    if changed:
        log.warning("media_node_up" if up else "media_node_down", node=node.name)


@contextmanager
def watched(node: MediaNode) -> Iterator[None]:
    """Around every question to a node: its answer, or the lack of one, is news."""
    try:
        yield
    except livekit.Unreachable as problem:
        log.warning("media_node_unreachable", node=node.name, problem=problem.code)
        mark_down(node)
        raise
    except livekit.Refused:
        mark_up(node)
        raise
    else:
        mark_up(node)


def counted(node: MediaNode, *, rooms: int) -> None:
    """Keep what the node's own list says."""
    MediaNode.objects.filter(pk=node.pk).update(rooms=rooms, checked_at=timezone.now())


def latest_video(stream: str) -> list[latest.Latest]:
    """Whether video works, as a last value: the same for every centre.

    Nodes that take no new calls count for the version only: it must not fall when one is
    switched off.
    """
    newest = MediaNode.objects.aggregate(newest=Max("changed_at"))["newest"]
    changes = list(
        MediaNode.objects.filter(state=MediaNode.State.ACTIVE).values_list("up", "changed_at")
    )
    ups = [since for up, since in changes if up]
    downs = [since for up, since in changes if not up]
    # Up since the longest-lived node is; down since the last one went.
    since = min(ups) if ups else max(downs, default=None)
    body: dict[str, Any] = {"state": "up" if ups else "down", "since": stamp(since)}
    version = int(newest.timestamp() * 1000) if newest else 0
    return [{"key": "video", "version": version, "body": body}]


def register() -> None:
    """Show it on the consoles; called from AppConfig.ready."""
    latest.register("centre", latest_video)
