"""Redis, the worker and beat."""

from __future__ import annotations

import secrets
import time

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from dispatch.upkeep import signs
from dispatch.upkeep.doctor import clocks
from dispatch.upkeep.doctor.examine import Seen, first_bad
from dispatch.upkeep.doctor.result import Result, failed, not_checked, ok, warning
from dispatch.upkeep.tasks import canary

#: A worker that is well answers in some milliseconds; a busy one in a second or two.
ANSWER_WITHIN_S = 4.0
#: Where none is connected, one may be about to connect again.
UNHEARD_WITHIN_S = 1.5
SLOW_S = 2.0
START_WORKER = "Start one: celery -A dispatch.celery worker (as in the Procfile)."


def redis_server(_: Seen) -> Result:
    """Whether it answers, knows our password, and takes what we write."""
    key = f"{settings.FEED_PREFIX}.upkeep.probe.{secrets.token_hex(8)}"
    try:
        with signs.client() as connection:
            asked = time.time()
            offset = clocks.offset(signs.now(connection), asked=asked, answered=time.time())
            connection.set(key, "1", ex=5)
            version = connection.info("server").get("redis_version", "?")
            connection.delete(key)
    except redis.AuthenticationError:
        return failed(
            "redis",
            "Redis refuses our password.",
            "Compare the password in REDIS_URL with requirepass (or the ACL) of the server.",
        )
    except (redis.ConnectionError, redis.TimeoutError, OSError):
        return failed(
            "redis",
            "Redis does not answer. Texts leave a second later, consoles follow 2 s behind.",
            "Start it, and compare host and port in REDIS_URL with where it listens.",
        )
    except redis.ResponseError as problem:
        return _refuses_writes(str(problem))
    return ok("redis", f"Redis {version} answers and takes writes.", clock_offset_s=offset)


def worker(seen: Seen) -> Result:
    """Whether a task that is sent now is carried out now."""
    nonce, began, asked = secrets.token_hex(16), time.monotonic(), time.time()
    try:
        canary.apply_async((nonce,), expires=10, retry=False)
    except (OperationalError, redis.RedisError, OSError) as problem:
        return failed(
            "worker",
            f"The task could not be handed to the broker ({type(problem).__name__}).",
            "See whether Redis is full, or refuses this client (ACL).",
        )
    listening = _listening()
    within = UNHEARD_WITHIN_S if listening == 0 else ANSWER_WITHIN_S
    answer = signs.await_answer(nonce, within_s=within)
    if answer is None:
        bad = first_bad(seen, ("database",))
        if listening and bad:
            return not_checked("worker", f"It is there, and waits for {bad.part}.")
        return _no_answer(listening)
    took, now = time.monotonic() - began, time.time()
    offset = clocks.offset(answer.clock, asked=asked, answered=now)
    facts = {"worker": answer.worker, "clock_offset_s": offset, "waiting": _waiting()}
    if took > SLOW_S:
        return warning(
            "worker",
            f"A worker on {answer.worker} answers, but only after {took:.1f} s.",
            "Start more workers, or see in their logs what keeps them.",
            **facts,
        )
    return ok("worker", f"A worker on {answer.worker} carried out a task.", **facts)


def beat(_: Seen) -> Result:
    """Whether scheduled work is being sent."""
    limit = signs.beat_limit_s()
    shortest = limit / signs.BEAT_SLACK
    last = signs.last_beat()
    start = "Start it, once: celery -A dispatch.celery beat (as in the Procfile)."
    if last is None:
        return failed("beat", "Beat has not been seen: nothing scheduled is sent.", start)
    if last.age_s > limit:
        what = f"Beat started {_age(last.age_s)} ago and has sent nothing."
        if last.sent:
            what = (
                f"Beat last sent a task {_age(last.age_s)} ago, not {shortest:.0f} s ago or less."
            )
        return failed("beat", what, start, age_s=last.age_s)
    if not last.sent:
        return ok("beat", f"Beat started {_age(last.age_s)} ago.", age_s=last.age_s)
    return ok("beat", f"Beat sent a task {_age(last.age_s)} ago.", age_s=last.age_s)


def _no_answer(listening: int | None) -> Result:
    if listening is None:
        what = f"No worker carried out a task in {ANSWER_WITHIN_S:.0f} s."
        return failed("worker", what, "See whether one runs, and what its log says.")
    if not listening:
        return failed("worker", "No worker is connected to the broker.", START_WORKER)
    who = "A worker is" if listening == 1 else f"{listening} workers are"
    return failed(
        "worker",
        f"{who} connected to the broker but carried out no task in {ANSWER_WITHIN_S:.0f} s.",
        "Restart it; if that does not help, its log says what it waits for.",
        connected=listening,
        waiting=_waiting(),
    )


def _listening() -> int | None:
    """Connections that take from the queues; a stopped or stuck worker keeps its own.

    None where Redis does not let us ask.
    """
    with signs.client() as connection:
        db = str(connection.connection_pool.connection_kwargs.get("db") or 0)
        try:
            clients = connection.client_list()
        except redis.ResponseError:
            return None
    # Only kombu takes with BRPOP; the last command stays listed while it works, or hangs.
    return sum(1 for client in clients if client["cmd"] == "brpop" and client["db"] == db)


def _waiting() -> int:
    """Tasks in the queue."""
    with signs.client() as connection:
        return int(connection.llen("celery"))


def _refuses_writes(said: str) -> Result:
    if "OOM" in said:
        return failed(
            "redis", "Redis is full.", "Raise its maxmemory, or see what fills it: redis-cli INFO."
        )
    if "READONLY" in said:
        return failed(
            "redis", "Redis takes no writes: it is a replica.", "Point REDIS_URL to the primary."
        )
    if said.startswith(("NOAUTH", "WRONGPASS", "NOPERM")):
        return failed(
            "redis",
            "Redis refuses us.",
            "Compare user and password in REDIS_URL with the server's ACL.",
        )
    return failed("redis", "Redis refuses what we ask.", "See its log: the disk may be full.")


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
