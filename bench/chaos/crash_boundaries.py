"""Each boundary once: one request, one process that dies just there, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from dispatch.tests.crash.client import Unanswered
from dispatch.tests.crash.points import ROOM, TEXT, WEB
from dispatch.tests.crash.processes import Process
from dispatch.tests.crash.scene import Scene, until

#: For what is due in three seconds; the judgement itself is by the figures.
PATIENCE_S = 12.0

Figures = dict[str, float]


@dataclass(frozen=True)
class Boundary:
    """`run` raises AssertionError where it came out otherwise than it must."""

    name: str
    run: Callable[[Scene], Figures]


def send(scene: Scene, ports: list[int] | None = None) -> tuple[int, dict[str, Any]]:
    """Ask for a link to be sent; a number may be asked for many times in such a run."""
    from dispatch.tests import factories

    return scene.client(ports).post("calls/", {"number": factories.number(), "new": True})


def text_of(scene: Scene, call: str | None = None) -> Any:
    """The newest text (of a call)."""
    from callers.models import TextMessage
    from dispatch.centres.access import scope

    with scope(scene.centre):
        found = TextMessage.objects.order_by("-queued_at")
        return (found.filter(call_id=call) if call else found).first()


def rooms_left(scene: Scene, call: str) -> list[str]:
    """Rooms of a call that are not known to be gone, and those that the node still has."""
    from dispatch.calls import livekit
    from dispatch.calls.models import MediaNode, Room
    from dispatch.centres.access import scope

    with scope(scene.centre):
        ours = list(Room.objects.filter(call_id=call))
    listed = {room.name for room in livekit.list_rooms(node=MediaNode.objects.get(name="local"))}
    return [room.name for room in ours if room.deleted_at is None or room.name in listed]


def _send_through(point: str) -> Callable[[Scene], Figures]:
    """A web process dies while it takes the request."""

    def run(scene: Scene) -> Figures:
        before = text_of(scene)
        asked = time.time()
        with _dying(scene, scene.web[0], point), suppress(Unanswered):
            status, _ = send(scene, [scene.web_ports[0]])
            # It died after its answer, in the thread that tells the broker.
            assert point == "web.after_publish", f"answered {status}"
        if point == "web.before_commit":
            after = text_of(scene)
            assert (after and after.pk) == (before and before.pk), "half a request is there"
            return {"accepted": 0}
        return once(scene, asked, not_this=before)

    return run


def _send_carried(point: str) -> Callable[[Scene], Figures]:
    """A worker dies while it carries out the text, and another one goes on."""

    def run(scene: Scene) -> Figures:
        before = text_of(scene)
        # Of two deaths the first is while calling, the second while telling of the first.
        first = "text.calling" if point == "text.unknown" else point
        with first_worker(scene, first) as dying:
            status, _ = send(scene)
            assert status == 201, f"answered {status}"
            assert dying.died_within(PATIENCE_S), "it did not die there"
            if point == "text.unknown":
                dying.start(point)
                assert dying.died_within(PATIENCE_S), "it did not die the second time"
        died = time.time()
        if point in ("text.calling", "text.accepted", "text.unknown"):
            return flagged(scene, died, before, accepted=int(point == "text.accepted"))
        return once(scene, died, not_this=before)

    return run


def _close_through(point: str) -> Callable[[Scene], Figures]:
    def run(scene: Scene) -> Figures:
        call = _open(scene)
        with _dying(scene, scene.web[0], point), suppress(Unanswered):
            status, _ = scene.client([scene.web_ports[0]]).post(f"calls/{call}/close/")
            assert point == "web.after_publish", f"answered {status}"
        if point == "web.before_commit":
            assert rooms_left(scene, call), "the room of an open call is gone"
            return {}
        return _gone(scene, call)

    return run


def _close_carried(point: str) -> Callable[[Scene], Figures]:
    def run(scene: Scene) -> Figures:
        call = _open(scene)
        with first_worker(scene, point) as dying:
            status, _ = scene.client().post(f"calls/{call}/close/")
            assert status == 200, f"answered {status}"
            assert dying.died_within(PATIENCE_S), "it did not die there"
        return _gone(scene, call)

    return run


def afterwards(scene: Scene) -> Figures:
    """When nothing is left to be done, all is still as each boundary left it."""
    took = until(lambda: unended() == 0, within_s=40, what="the outbox is empty")
    for reference, count in scene.expected.items():
        times = len(scene.counter.times(reference))
        assert times == count, f"a text was accepted {times} times, not {count}"
    back = [call for call in scene.closed if rooms_left(scene, call)]
    assert not back, f"{len(back)} rooms are back"
    return {"texts": len(scene.expected), "rooms": len(scene.closed), "settled_s": round(took, 2)}


ALL = [
    *(Boundary(f"send, {point}", _send_through(point)) for point in WEB),
    *(Boundary(f"send, {point}", _send_carried(point)) for point in TEXT),
    *(Boundary(f"close, {point}", _close_through(point)) for point in WEB),
    *(Boundary(f"close, {point}", _close_carried(point)) for point in ROOM),
]


@contextmanager
def _dying(scene: Scene, process: Process, point: str) -> Iterator[None]:
    """A web process that dies at the point within the block, and is started again after it."""
    process.kill()
    process.start(point)
    scene.wait_web(process)
    try:
        yield
        assert process.died_within(PATIENCE_S), "it did not die there"
    finally:
        process.kill()
        process.start()
        scene.wait_web(process)


@contextmanager
def first_worker(scene: Scene, point: str, how: str = "") -> Iterator[Process]:
    """The worker that takes the work, and dies at the point; the other one sleeps until then."""
    dying, other = scene.workers
    dying.kill()
    dying.start(point, how)
    until(lambda: scene.there(dying), within_s=20, what="the worker looks")
    with scene.quiet(other):
        yield dying
    if not dying.alive:
        dying.start()


def _open(scene: Scene) -> str:
    """A call whose text went out and whose room is there."""
    status, answer = send(scene)
    assert status == 201, f"answered {status}"
    call = str(answer["call"]["id"])
    text = str(answer["text"]["id"])
    until(lambda: scene.counter.times(text), within_s=PATIENCE_S, what="the text goes out")
    until(lambda: _made(scene, call), within_s=PATIENCE_S, what="the room is made")
    return call


def _made(scene: Scene, call: str) -> bool:
    from dispatch.calls.models import Room
    from dispatch.centres.access import scope

    with scope(scene.centre):
        return bool(Room.objects.filter(call_id=call, made_at__isnull=False).exists())


def once(scene: Scene, since: float, *, not_this: Any) -> Figures:
    """The newest text went out once, and its states say so."""
    text = text_of(scene)
    assert text, "there is no text"
    assert not_this is None or text.pk != not_this.pk, "what was committed is not there"
    reference = str(text.pk)
    until(lambda: scene.counter.times(reference), within_s=PATIENCE_S, what="the text goes out")
    until(
        lambda: text_of(scene, text.call_id).state == "accepted",
        within_s=PATIENCE_S,
        what="the text is known to be accepted",
    )
    times = scene.counter.times(reference)
    assert len(times) == 1, f"accepted {len(times)} times"
    scene.expected[reference] = 1
    return {"accepted": 1, "delay_s": max(0.0, round(times[0] - since, 2))}


def flagged(scene: Scene, since: float, before: Any, *, accepted: int) -> Figures:
    """The newest text is unknown, was never sent again, and was said so in time."""
    text = text_of(scene)
    assert text, "there is no text"
    assert before is None or text.pk != before.pk, "what was committed is not there"
    until(
        lambda: text_of(scene, text.call_id).state == "unknown",
        within_s=PATIENCE_S,
        what="the text is said to be unknown",
    )
    after = time.time() - since
    times = scene.counter.times(str(text.pk))
    assert len(times) == accepted, f"accepted {len(times)} times"
    scene.expected[str(text.pk)] = accepted
    return {"accepted": accepted, "unknown": 1, "unknown_after_s": round(after, 2)}


def _gone(scene: Scene, call: str) -> Figures:
    """The room is deleted."""
    took = until(lambda: not rooms_left(scene, call), within_s=40, what="the room is deleted")
    scene.closed.append(call)
    return {"room_gone_s": round(took, 2)}


def unended() -> int:
    """Rows of the outbox that have not come to an end."""
    from dispatch.outbox.models import Item

    return Item.objects.filter(ended_at=None).count()
