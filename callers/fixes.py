"""Fixes on their way into the database: those of many posts in one transaction.

Each post is answered only after the transaction with its fixes has committed. Posts wait centre
by centre and a batch holds those of one centre only: it is written inside that centre's scope,
behind its wall, and a centre that floods makes nobody wait but itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

import structlog
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connections

from callers import links, track
from callers.models import CallerSession, Link
from dispatch import counters
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.errors import Conflict, NotFound, Unavailable
from dispatch.feed import latest, publish

log = structlog.get_logger(__name__)

#: How long a batch waits for company, in seconds. What comes while one is written joins the next.
WINDOW_S = 0.004
#: Fixes written in one transaction; beyond it a batch takes longer and is no more efficient.
BATCH_ROWS = 1_000
#: Fixes waiting in one process (about 1 kB each), and of these from one centre.
WAITING_ROWS = 20_000
CENTRE_ROWS = 10_000
#: Batches written at the same time, each of another centre.
WRITERS = 2


class Busy(Unavailable):
    """More is waiting than may wait: nothing was taken, and the page sends it again later."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__("Too much arrives at once. It is sent again in a moment.")


@dataclass(frozen=True, eq=False)
class Post:
    """The fixes of one request. `done`: stored and committed, or why not."""

    centre: Centre
    session_id: UUID
    points: list[track.Point]
    done: Future[None] = field(default_factory=Future)


class Intake:
    """The queue of one process, and the threads that write what waits in it."""

    def __init__(self, *, waiting_rows: int = WAITING_ROWS, centre_rows: int = CENTRE_ROWS) -> None:
        self._waiting_rows = waiting_rows
        self._centre_rows = centre_rows
        self._changed = threading.Condition()
        self._posts: dict[int, deque[Post]] = {}  # by centre, also one that is being written
        self._rows: dict[int, int] = {}
        self._ready: deque[int] = deque()  # centres that have posts and no writer
        self._threads: list[threading.Thread] = []
        #: Fixes that are in the database, and fixes turned away, since the process began.
        self.stored = 0
        self.turned_away = 0

    @property
    def waiting(self) -> int:
        """Fixes that are not committed yet."""
        return sum(self._rows.values())

    def put(self, post: Post) -> Future[None]:
        """Hand over fixes; the future ends when they are committed.

        It raises Conflict (call_closed), LinkDead, NotFound, or what the database said. Raises
        Busy at once where too much waits already.
        """
        centre, count = post.centre.pk, len(post.points)
        with self._changed:
            own = self._rows.get(centre, 0)
            if own + count > self._centre_rows or self.waiting + count > self._waiting_rows:
                self.turned_away += count
                raise Busy
            if centre not in self._posts:
                self._posts[centre] = deque()
                self._ready.append(centre)
                self._changed.notify()
            self._posts[centre].append(post)
            self._rows[centre] = own + count
            if not self._threads:
                self._start()
        return post.done

    def _start(self) -> None:
        # What a dying process leaves unwritten was never acknowledged, so nobody waits for it.
        self._threads = [
            threading.Thread(target=self._run, name=f"fixes-{number}", daemon=True)
            for number in range(WRITERS)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ready:
                    self._changed.wait()
                centre = self._ready.popleft()
            time.sleep(WINDOW_S)
            batch = self._take(centre)
            try:
                self._write([post for post in batch if post.done.set_running_or_notify_cancel()])
            finally:
                connections.close_all()
                self._release(centre, batch)

    def _take(self, centre: int) -> list[Post]:
        batch: list[Post] = []
        room = BATCH_ROWS
        with self._changed:
            posts = self._posts[centre]
            while posts and (not batch or len(posts[0].points) <= room):
                batch.append(posts.popleft())
                room -= len(batch[-1].points)
        return batch

    def _release(self, centre: int, batch: list[Post]) -> None:
        with self._changed:
            self._rows[centre] -= sum(len(post.points) for post in batch)
            if self._posts[centre]:
                self._ready.append(centre)  # behind the others: each has its turn
                self._changed.notify()
            else:
                del self._posts[centre], self._rows[centre]

    def _write(self, batch: list[Post], *, again: bool = True) -> None:
        if not batch:
            return
        try:
            moved = store(batch)
        except (DataError, IntegrityError) as problem:
            # One post that the database does not take must not cost the others theirs.
            if len(batch) == 1:
                batch[0].done.set_exception(problem)
                return
            for post in batch:
                self._write([post])
        except (OperationalError, InterfaceError) as problem:
            # The server went away, perhaps after it committed: storing twice stores once.
            connections.close_all()
            if again:
                self._write(batch, again=False)
                return
            _fail(batch, problem)
        except Exception as problem:
            log.exception("fixes_not_stored", posts=len(batch))
            _fail(batch, problem)
        else:
            stored = sum(len(post.points) for post in batch)
            self.stored += stored
            counters.count(counters.FIXES, by=stored)
            if moved:
                publish.latest(batch[0].centre.stream, [dict(value) for value in moved])


def _fail(batch: list[Post], problem: Exception) -> None:
    for post in batch:
        if not post.done.done():
            post.done.set_exception(problem)


def store(batch: list[Post]) -> list[latest.Latest]:
    """Write posts of one centre and end their futures; the last positions that moved.

    A post for a call that is closed, or by a dead link, is refused alone.
    """
    refusals: dict[UUID, Exception] = {}
    with scope(batch[0].centre):
        calls = _calls(batch, refusals)
        points = [point for post in batch for point in post.points if post.session_id in calls]
        moved = track.insert(batch[0].centre.pk, calls, points) if points else []
    # Committed: now, and not before, they may be told so.
    for post in batch:
        refusal = refusals.get(post.session_id)
        if refusal is None:
            post.done.set_result(None)
        else:
            post.done.set_exception(refusal)
    return moved


def _calls(batch: list[Post], refusals: dict[UUID, Exception]) -> dict[UUID, UUID]:
    """The open call of each session whose link works; for the others, why not."""
    wanted = {post.session_id for post in batch}
    found = CallerSession.objects.filter(pk__in=wanted).values_list(
        "pk", "call_id", "call__state", "link__state"
    )
    calls: dict[UUID, UUID] = {}
    for session_id, call_id, call_state, link_state in found:
        if link_state != Link.State.ACTIVE:
            refusals[session_id] = links.LinkDead()
        elif call_state != Call.State.OPEN:
            refusals[session_id] = Conflict("The call has ended.", code="call_closed")
        else:
            calls[session_id] = call_id
    for session_id in wanted - calls.keys() - refusals.keys():
        refusals[session_id] = NotFound("Open the link in the text again.")
    return calls


@lru_cache(maxsize=1)
def intake() -> Intake:
    """The intake of this process."""
    return Intake()
