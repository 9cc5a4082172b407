"""The broker's part: dead, dead from the worker's start, and a worker that hears it no more."""

from __future__ import annotations

import os
import signal
import time

from bench.chaos.crash_boundaries import Boundary, Figures, once, send, text_of
from dispatch.tests.crash.scene import Scene, until

#: Until a worker hears again, once the broker is back: two seconds between its tries, four
#: between its canaries, and room for a busy machine.
HEARS_WITHIN_S = 15.0


def _dead(scene: Scene) -> Figures:
    """Texts go out while there is no broker, from workers that were there and from new ones."""
    from dispatch.outbox import signs
    from dispatch.outbox.models import Worker

    scene.stack.redis.kill()
    try:
        first = _sent(scene)
        for one in scene.workers:
            one.kill()
        Worker.objects.all().delete()
        for one in scene.workers:
            one.start()
        began = time.monotonic()
        until(lambda: signs.workers() == 2, within_s=20, what="both workers look")
        looked = time.monotonic() - began
        second = _sent(scene)
    finally:
        scene.stack.redis.start()
        scene.stack.redis.wait_ready()
    heard = _heard_again(scene)
    return {
        "delay_s": max(first["delay_s"], second["delay_s"]),
        "looked_after_start_s": round(looked, 2),
        "heard_after_return_s": round(heard, 2),
    }


def _still(scene: Scene) -> Figures:
    """Redis takes connections and answers nothing: it holds up neither request nor text."""
    redis = scene.stack.redis
    assert redis.pid
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        asked = time.monotonic()
        before, wall = text_of(scene), time.time()
        status, _ = send(scene)
        answered = time.monotonic() - asked
        assert status == 201, f"answered {status}"
        figures = once(scene, wall, not_this=before)
    finally:
        os.kill(redis.pid, signal.SIGCONT)
    return {**figures, "answered_s": round(answered, 2), "heard_s": round(_heard_again(scene), 2)}


def _returned(scene: Scene) -> Figures:
    """Killed for half a minute, so that every pause between two tries is at its longest."""
    scene.stack.redis.kill()
    time.sleep(30)
    scene.stack.redis.start()
    scene.stack.redis.wait_ready()
    return {"heard_after_return_s": round(_heard_again(scene), 2)}


def _deaf(scene: Scene) -> Figures:
    """Connected, alive, and taking nothing: it is seen, and the worker ends by itself."""
    from celery.utils import worker_direct

    from dispatch.celery import app
    from dispatch.outbox import signs

    victim = scene.workers[0]
    began = time.monotonic()
    for queue in ("celery", worker_direct(victim.name).name):
        app.control.cancel_consumer(queue, destination=[victim.name])
    seen = until(lambda: signs.deaf_workers() or not victim.alive, within_s=40, what="it is seen")
    until(lambda: not victim.alive, within_s=40, what="it ends by itself")
    ended = time.monotonic() - began
    victim.start()
    until(lambda: signs.deaf_workers() == 0, within_s=20, what="it hears again")
    return {"seen_after_s": round(seen, 1), "ended_after_s": round(ended, 1), **_sent(scene)}


def _sent(scene: Scene) -> Figures:
    before, asked = text_of(scene), time.time()
    status, _ = send(scene)
    assert status == 201, f"answered {status}"
    return once(scene, asked, not_this=before)


def _heard_again(scene: Scene) -> float:
    """Seconds until every worker has heard a canary that it sent after now."""
    from django.utils import timezone

    from dispatch.outbox.models import Worker

    now = timezone.now()
    return until(
        lambda: Worker.objects.filter(heard_at__gt=now).count() >= len(scene.workers),
        within_s=HEARS_WITHIN_S + 20,
        what="every worker hears",
    )


ALL = [
    Boundary("Redis dead, also from the worker's start", _dead),
    Boundary("Redis stands still", _still),
    Boundary("Redis dead for 30 s", _returned),
    Boundary("a worker that is alive but deaf", _deaf),
]
