"""Random kills of web processes and workers while dispatchers work; then everything is counted."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.chaos.crash_boundaries import rooms_left, unended
from dispatch.tests.crash.client import Unanswered
from dispatch.tests.crash.scene import Scene, Stuck, until

#: Dispatchers at once.
PEOPLE = 4
#: Seconds between two requests of one of them.
PAUSE_S = 0.25
#: Seconds between two kills, at random.
BETWEEN_S = (0.4, 2.0)
#: After every so many kills a worker stands still (SIGSTOP), for so long.
STOP_EVERY, STOP_S = 10, (1.0, 6.0)
#: Every so many texts, the provider accepts one and its answer is lost.
LOSE_ANSWER_EVERY = 40
#: No kill after this, or the whole would take longer than eight minutes.
KILLING_S = 420.0
#: For what is left when the killing has ended.
SETTLE_WITHIN_S = 60.0


@dataclass
class Tally:
    """What was acknowledged, and what came of it."""

    kills: int = 0
    stops: int = 0
    requests: int = 0
    unanswered: int = 0
    acknowledged: list[tuple[str, str]] = field(default_factory=list)  # call, text
    closed: list[str] = field(default_factory=list)
    accepted: int = 0
    doubled: int = 0
    lost: int = 0
    unknown: int = 0
    rooms_left: int = 0
    worst_delay_s: float = 0.0
    took_s: float = 0.0
    why: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, float | int | str]:
        return {
            "kills": self.kills,
            "stops": self.stops,
            "requests": self.requests,
            "acknowledged": len(self.acknowledged),
            "unanswered": self.unanswered,
            "closed": len(self.closed),
            "accepted": self.accepted,
            "doubled": self.doubled,
            "lost": self.lost,
            "unknown": self.unknown,
            "rooms_left": self.rooms_left,
            "worst_delay_s": round(self.worst_delay_s, 2),
            "took_s": round(self.took_s, 1),
        }


def run(scene: Scene, *, kills: int, seed: int) -> Tally:
    """So many kills; `why` of the result is empty where everything came out as it must."""
    tally, chance = Tally(), random.Random(seed)
    began, over = time.monotonic(), threading.Event()
    scene.counter.lose_answer_every = LOSE_ANSWER_EVERY
    people = [
        threading.Thread(target=_work, args=(scene, tally, random.Random(seed + number), over))
        for number in range(1, PEOPLE + 1)
    ]
    for one in people:
        one.start()
    try:
        while tally.kills < kills:
            if time.monotonic() - began > KILLING_S:
                tally.why.append(f"the machine is too slow: {tally.kills} of {kills} kills")
                break
            time.sleep(chance.uniform(*BETWEEN_S))
            _kill(scene, chance, tally)
            if tally.kills % STOP_EVERY == 0:
                _stop(scene, chance, tally)
    finally:
        over.set()
        for one in people:
            one.join()
    _judge(scene, tally)
    tally.took_s = time.monotonic() - began
    return tally


def _kill(scene: Scene, chance: random.Random, tally: Tally) -> None:
    # Whoever is not back yet is spared: killing what has not begun shows nothing.
    victim = chance.choice(scene.everyone)
    until(lambda: scene.there(victim), within_s=30, what=f"{victim.name} is back")
    victim.kill()
    tally.kills += 1
    victim.start()


def _stop(scene: Scene, chance: random.Random, tally: Tally) -> None:
    """Stands still for longer or shorter than its claims last, and goes on as if nothing were."""
    victim = chance.choice(scene.workers)
    with scene.quiet(victim):
        time.sleep(chance.uniform(*STOP_S))
    tally.stops += 1


def _work(scene: Scene, tally: Tally, chance: random.Random, over: threading.Event) -> None:
    from dispatch.tests import factories

    client = scene.client()
    mine: list[tuple[str, str]] = []

    def ask(path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        tally.requests += 1
        try:
            return client.post(path, body)
        except Unanswered:
            tally.unanswered += 1
            return 0, {}

    while not over.wait(chance.uniform(0, 2 * PAUSE_S)):
        ready = [pair for pair in mine if scene.counter.times(pair[1])]
        if ready and chance.random() < 0.4:
            call, text = chance.choice(ready)
            status, _ = ask(f"calls/{call}/close/")
            if status == 200:
                mine.remove((call, text))
                tally.closed.append(call)
            continue
        order = {"number": factories.number(), "new": True, "command": str(uuid.uuid4())}
        status, answer = ask("calls/", order)
        while status == 0 and not over.wait(PAUSE_S):
            # Nobody knows whether it was taken: the same order again, as a person does.
            status, answer = ask("calls/", order)
        if status == 201:
            pair = (str(answer["call"]["id"]), str(answer["text"]["id"]))
            mine.append(pair)
            tally.acknowledged.append(pair)
        elif status:
            tally.why.append(f"answered {status}: {str(answer)[:80]}")


def _judge(scene: Scene, tally: Tally) -> None:
    def wait(condition: Callable[[], bool], what: str) -> None:
        try:
            until(condition, within_s=SETTLE_WITHIN_S, what=what)
        except Stuck as problem:
            tally.why.append(str(problem))

    wait(lambda: unended() == 0, "the outbox is empty")
    wait(lambda: not _left(scene, tally.closed), "every closed call's room is gone")
    tally.rooms_left = len(_left(scene, tally.closed))
    _count(scene, tally)
    for name in ("doubled", "lost", "rooms_left"):
        if count := getattr(tally, name):
            tally.why.append(f"{count} {name}")
    if not (tally.acknowledged and tally.closed and tally.accepted):
        tally.why.append("nothing happened, so nothing was shown")


def _left(scene: Scene, calls: list[str]) -> list[str]:
    from dispatch.calls.models import Room
    from dispatch.centres.access import scope

    with scope(scene.centre):
        undone = list(
            Room.objects.filter(call_id__in=calls, deleted_at=None).values_list(
                "call_id", flat=True
            )
        )
    return [str(call) for call in undone] or [
        call for call in calls[-50:] if rooms_left(scene, call)
    ]


def _count(scene: Scene, tally: Tally) -> None:
    from callers.models import Link, TextMessage
    from dispatch.calls.models import Call
    from dispatch.centres.access import scope

    with scope(scene.centre):
        texts = {str(text.pk): text for text in TextMessage.objects.all()}
        calls = {str(pk) for pk in Call.objects.values_list("pk", flat=True)}
        linked = {str(pk) for pk in Link.objects.values_list("call_id", flat=True)}
    counted = {reference: list(times) for reference, times in scene.counter.accepted.items()}
    tally.accepted = sum(len(times) for times in counted.values())
    tally.doubled = sum(len(times) > 1 for times in counted.values())
    tally.unknown = sum(text.state == "unknown" for text in texts.values())
    for call, reference in tally.acknowledged:
        if call not in calls or call not in linked or reference not in texts:
            tally.lost += 1
            tally.why.append(f"an acknowledged call without its rows: {call}")
    for reference, text in texts.items():
        times = counted.get(reference, [])
        told = text.state in ("unknown", "failed")
        if not told and (not times or text.state in ("queued", "sending")):
            tally.lost += 1
            tally.why.append(f"text {reference} is {text.state}, accepted {len(times)} times")
        if times:
            delay = times[0] - text.queued_at.timestamp()
            tally.worst_delay_s = max(tally.worst_delay_s, delay)
