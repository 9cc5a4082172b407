"""Whether each part of the installation works, as this process finds it when it is asked.

Three looks, each in a thread of its own, so that a part that hangs holds up neither the
others nor whoever asks. What they found is kept for a second: many consoles and a load
balancer together cost no more than one of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, TypeAlias

import redis
import structlog
from django.db import Error, connection, connections
from django.db.migrations.executor import MigrationExecutor

from callers import provider
from dispatch.calls import livekit
from dispatch.calls.models import MediaNode
from dispatch.feed import latest
from dispatch.outbox.signs import deaf_workers
from dispatch.upkeep import signs

log = structlog.get_logger(__name__)

Part = Literal["db", "migrations", "redis", "worker", "tasks", "beat", "media", "texts"]
#: True: it works. None: not known, because what would tell does not work or does not apply.
Verdicts: TypeAlias = dict[Part, bool | None]

#: Seconds for which a look's findings are kept.
KEPT_S = 1.0
#: Whoever asks waits no longer for new findings.
LIMIT_S = 0.9
#: A look that takes longer counts as failed until it ends. They end sooner by themselves, unless
#: some name resolution hangs; until then what was found before stands, so that a slow moment of
#: a busy machine is no news.
HANGS_AFTER_S = 3.0
#: A part that fails is asked once more after this: what is back at once is no news.
AGAIN_AFTER_S = 0.2
REDIS_TIMEOUT_S = 0.4


@dataclass
class Look:
    """One way of finding out; `lost` is what it finds where it fails, or takes too long."""

    name: str
    work: Callable[[], Verdicts]
    lost: Verdicts
    patience_s: float = HANGS_AFTER_S
    found: Verdicts = field(default_factory=dict)
    began: float = 0.0
    ended: float = float("-inf")
    future: Future[None] | None = None

    @property
    def under_way(self) -> bool:
        return self.future is not None and not self.future.done()

    @property
    def overdue(self) -> bool:
        return self.under_way and time.monotonic() - self.began >= self.patience_s

    @property
    def due(self) -> bool:
        return not self.under_way and time.monotonic() - self.ended > KEPT_S

    def run(self) -> None:
        try:
            self.found = self.work()
        except Exception as problem:  # noqa: BLE001 (whatever it is, the part does not work)
            log.warning("part_unseen", look=self.name, problem=type(problem).__name__)
            self.found = dict(self.lost)
        finally:
            self.ended = time.monotonic()
            connections.close_all()


class Watch:
    """Looks when asked, and remembers."""

    def __init__(self, looks: Sequence[Look]) -> None:
        self._looks = list(looks)
        self._lock = Lock()
        self._said: Verdicts = {}
        self._pool = ThreadPoolExecutor(len(self._looks), thread_name_prefix="parts")

    def now(self) -> Verdicts:
        """The verdict on every part; waits for new findings, LIMIT_S at most."""
        with self._lock:
            for look in self._looks:
                if look.due:
                    look.began = time.monotonic()
                    look.future = self._pool.submit(look.run)
        for look in self._looks:
            if look.future is not None:
                wait([look.future], timeout=max(0.0, look.began + LIMIT_S - time.monotonic()))
        found: Verdicts = {}
        for look in self._looks:
            found |= dict.fromkeys(look.lost)  # not known, until it was looked at once
            found |= look.lost if look.overdue else look.found
        if found.get("redis") is False and "tasks" in found:
            found["tasks"] = None  # nobody hears a broker that is away
        self._tell(found)
        return found

    def forget(self) -> None:
        """The next one to ask has everything looked at again."""
        for look in self._looks:
            look.ended = float("-inf")

    def _tell(self, found: Verdicts) -> None:
        with self._lock:
            before, self._said = self._said, found
        for part, works in found.items():
            if before.get(part) is not works and (part in before or works is False):
                log.warning("part_changed", part=part, works=works)


# What the database tells.

_migrated = False
_nodes: list[MediaNode] | None = None
#: The database's clock in ms since the epoch, and ours (monotonic, s) when it said so.
_clock: tuple[int, float] | None = None


def _look_at_database() -> Verdicts:
    global _clock, _nodes
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        (said,) = cursor.fetchone()
    _clock = (said, time.monotonic())
    found: Verdicts = {"db": True, "migrations": _are_migrated(), "worker": None}
    found |= {"tasks": None, "texts": None}
    try:
        age = signs.worker_age_s()
        found["worker"] = age is not None and age < signs.WORKER_SILENT_S
        # A worker that lives, and does not hear what it is given.
        found["tasks"] = not deaf_workers() if found["worker"] else None
        found["texts"] = not provider.failing()
        _nodes = list(MediaNode.objects.filter(state=MediaNode.State.ACTIVE))
    except Error as problem:  # tables that are not there yet
        log.warning("part_unseen", look="database", problem=type(problem).__name__)
    return found


def _are_migrated() -> bool:
    """Whether no migration of this code waits. Once so it stays so, in this process."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


# What Redis tells.


def _look_at_redis() -> Verdicts:
    try:
        return _ask_redis()
    except (redis.RedisError, OSError):
        time.sleep(AGAIN_AFTER_S)
        return _ask_redis()


def _ask_redis() -> Verdicts:
    beat, limit = signs.last_beat(timeout_s=REDIS_TIMEOUT_S), signs.beat_limit_s()
    if beat is not None:
        return {"redis": True, "beat": beat.age_s <= limit}
    # A Redis that has just started knows of nothing yet.
    with signs.client(timeout_s=REDIS_TIMEOUT_S) as client:
        up_s = int(client.info("server").get("uptime_in_seconds", 0))
    return {"redis": True, "beat": None if up_s <= limit else False}


# What the media nodes tell.


def _look_at_media() -> Verdicts:
    """Whether a node that takes calls answers. Which ones there are, the database told before."""
    nodes = _nodes
    if nodes is None:
        return {"media": None}
    if len(nodes) == 1:
        return {"media": _answers(nodes[0])}
    with ThreadPoolExecutor(max_workers=8) as pool:
        return {"media": any(pool.map(_answers, nodes))}


def _answers(node: MediaNode) -> bool:
    for last in (False, True):
        try:
            livekit.answers(node=node)
        except livekit.Refused:
            return True
        except livekit.Problem as problem:
            # One that took its whole time is not asked again.
            if last or problem.code.endswith("TimeoutError"):
                return False
            time.sleep(AGAIN_AFTER_S)
        else:
            return True
    return False


watch = Watch(
    [
        Look(
            "database",
            _look_at_database,
            lost={"db": False, "migrations": None, "worker": None, "tasks": None, "texts": None},
            # Whoever balances load is told within the second.
            patience_s=LIMIT_S,
        ),
        Look("redis", _look_at_redis, lost={"redis": False, "beat": None}),
        Look("media", _look_at_media, lost={"media": False}),
    ]
)


def now() -> Verdicts:
    """The verdict on every part, at most a second old; answers within about a second."""
    return watch.now()


def useful(found: Verdicts) -> bool:
    """Whether this process can do its work: without the rest it goes on, more slowly or less."""
    return found.get("db") is True and found.get("migrations") is not False


def latest_health(_stream: str) -> list[latest.Latest]:
    """The parts as a last value, the same for every centre: new with each heartbeat.

    The version is the database's clock, so that of two web processes with different findings
    the one that a console is at now counts.
    """
    found = now()
    if _clock is None:
        return []
    said, when = _clock
    version = said + int((time.monotonic() - when) * 1000)
    # Whoever gets this is told by the database: without it there is no heartbeat. That looking
    # at it takes long says that much is going on.
    parts = {**found, "db": True}
    return [{"key": "health", "version": version, "body": {"parts": parts}}]
