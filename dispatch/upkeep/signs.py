"""Signs of life: what the worker answers, and when worker and beat were last there.

Ages are measured by the own clock of Redis or of the database, so a wrong clock on some
machine is not taken for a dead part. The signs say nothing of anyone's call.
"""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import cast

import redis
import structlog
from django.conf import settings
from django.db import connection as database
from django.db import transaction

from dispatch.upkeep.models import Sign

log = structlog.get_logger(__name__)

#: An answer nobody came for is forgotten after this long, in seconds.
ANSWER_KEPT_S = 30
#: A beat that has been away for longer than this counts as never seen.
BEAT_KEPT_S = 86_400


#: Seconds between two signs of a worker.
WORKER_EVERY_S = 0.5
#: A worker silent for longer is gone, or stands still.
WORKER_SILENT_S = 2.5
#: Beat may be this many times its shortest interval late before it counts as gone: with the
#: heartbeat that tells of it some four seconds on the consoles.
BEAT_SLACK = 2.6


@dataclass(frozen=True)
class Answer:
    """What the worker said: its name, and its clock in seconds since the epoch."""

    worker: str
    clock: float


@dataclass(frozen=True)
class Beat:
    """When beat last sent a task (or started), in seconds ago."""

    age_s: float
    sent: bool


def client(*, timeout_s: float = 1.0) -> redis.Redis:
    """A connection of one's own to Redis; no answer within `timeout_s` is an error."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=timeout_s,
        socket_connect_timeout=min(timeout_s, 2.0),
        retry=None,
    )


def answer(nonce: str) -> None:
    """The worker's side: say that this task was carried out. Raises redis.RedisError."""
    said = json.dumps({"worker": socket.gethostname(), "clock": time.time()})
    with client() as connection:
        pipeline = connection.pipeline()
        pipeline.lpush(_answer_key(nonce), said)
        pipeline.expire(_answer_key(nonce), ANSWER_KEPT_S)
        pipeline.execute()


def await_answer(nonce: str, *, within_s: float) -> Answer | None:
    """Wait for that; None where nothing came in time. Raises redis.RedisError."""
    with client(timeout_s=within_s + 1) as connection:
        got = connection.blpop([_answer_key(nonce)], timeout=within_s)
    if got is None:
        return None
    said = json.loads(got[1])
    return Answer(worker=str(said["worker"]), clock=float(said["clock"]))


def beat(*, sent: bool) -> None:
    """Beat's side: it started, or it has just sent a task. Never in its way."""
    try:
        with client() as connection:
            said = {"at": now(connection), "sent": sent}
            connection.set(_beat_key(), json.dumps(said), ex=BEAT_KEPT_S)
    except redis.RedisError as problem:
        log.warning("beat_sign_failed", problem=type(problem).__name__)


def last_beat(*, timeout_s: float = 1.0) -> Beat | None:
    """The last sign of beat, if there is one. Raises redis.RedisError."""
    with client(timeout_s=timeout_s) as connection:
        said = connection.get(_beat_key())
        moment = now(connection)
    if said is None:
        return None
    found = json.loads(said)
    return Beat(age_s=max(0.0, moment - float(found["at"])), sent=bool(found["sent"]))


def beat_limit_s() -> float:
    """How old the last sign of a beat that works can be, in seconds."""
    schedules = settings.CELERY_BEAT_SCHEDULE.values()
    return min(float(entry["schedule"]) for entry in schedules) * BEAT_SLACK


def worker() -> None:
    """The worker's side: it is there. In the database, for it works without Redis too.

    A crash may lose the last of these signs, so the disk is not waited for.
    """
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(
            "INSERT INTO upkeep_sign (name, at) VALUES (%s, clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at",
            [Sign.WORKER],
        )


def worker_age_s() -> float | None:
    """Seconds since some worker was there; None where none ever was. Raises db.Error."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM upkeep_sign"
            " WHERE name = %s",
            [Sign.WORKER],
        )
        row = cursor.fetchone()
    return None if row is None else float(row[0])


def now(connection: redis.Redis) -> float:
    """Redis's clock, in seconds since the epoch. Raises redis.RedisError."""
    seconds, micros = cast(tuple[int, int], connection.time())
    return seconds + micros / 1e6


def _answer_key(nonce: str) -> str:
    return f"{settings.FEED_PREFIX}.upkeep.answer.{nonce}"


def _beat_key() -> str:
    return f"{settings.FEED_PREFIX}.upkeep.beat"
