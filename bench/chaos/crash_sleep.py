"""A worker that stands still at the worst moment, and wakes up late: it must not send again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from bench.chaos.crash_boundaries import (
    PATIENCE_S,
    Boundary,
    Figures,
    first_worker,
    flagged,
    once,
    send,
    text_of,
)
from dispatch.tests.crash.points import STAND_STILL
from dispatch.tests.crash.scene import Scene, looks_since, until

#: After it woke, for whatever it would still do.
WATCHED_S = 2.0


def _slept(point: str) -> Callable[[Scene], Figures]:
    def run(scene: Scene) -> Figures:
        before = text_of(scene)
        with first_worker(scene, point, STAND_STILL) as sleeper:
            status, _ = send(scene)
            assert status == 201, f"answered {status}"
            until(lambda: sleeper.stands_still, within_s=PATIENCE_S, what="it stands still there")
        stopped = time.time()
        if point == "text.calling":
            figures = flagged(scene, stopped, before, accepted=0)
        else:
            figures = once(scene, stopped, not_this=before)
        sleeper.signal(signal.SIGCONT)
        woke = time.time()
        until(lambda: looks_since(sleeper, woke), within_s=PATIENCE_S, what="it goes on")
        time.sleep(WATCHED_S)
        text = text_of(scene)
        times = scene.counter.times(str(text.pk))
        assert len(times) == figures["accepted"], f"accepted {len(times)} times"
        if point == "text.calling":
            # What was unknown is known: it surely did not go out.
            assert text.state == "failed", f"the text is {text.state}"
            assert "did not go out" in text.reason, text.reason
        return figures

    return run


ALL = [
    Boundary(f"asleep, {point}", _slept(point))
    for point in ("text.claimed", "text.before_call", "text.calling")
]
