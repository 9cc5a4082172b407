"""The system that doctor is called to, and what doctor said."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis

from scripts.sightline.paths import PYTHON, ROOT
from scripts.sightline.stack import Stack

#: What is not checked in a system without TLS.
NO_TLS = {"certificates"}
NODE = {f"media.local.{part}" for part in ("api", "signalling", "udp", "tcp")}
PARTS = {
    *("settings", "database", "postgis", "migrations", "redis", "worker", "beat", "texts"),
    *("web", "static", "certificates", "clock", "disk"),
}
BEAT_SIGN = "feed.upkeep.beat"
CAN_BE_SLOW = {"worker", "media.local.udp", "media.local.tcp"}


@dataclass
class Said:
    """What doctor said."""

    code: int
    body: dict[str, Any]
    took_s: float

    def parts(self, state: str) -> set[str]:
        return {part["part"] for part in self.body["parts"] if part["state"] == state}

    def part(self, name: str) -> dict[str, Any]:
        return next(part for part in self.body["parts"] if part["part"] == name)

    def sentence(self, name: str) -> str:
        return f"{self.part(name)['what']} {self.part(name)['todo']}"

    def blames(self, *failed: str, unchecked: set[str] | None = None) -> None:
        """Exactly these failed and could not be checked; all the rest works."""
        text = "\n".join(
            f"{part['part']} {part['state']}: {part['what']}"
            for part in self.body["parts"]
            if part["state"] != "ok"
        )
        assert self.parts("failed") == set(failed), text
        assert self.parts("not checked") == (unchecked or set()), text
        # A busy machine is slow, and says so.
        assert self.parts("warning") <= CAN_BE_SLOW, text
        assert self.code == (1 if failed else 0)
        assert self.body["ok"] is not bool(failed)
        for part in self.body["parts"]:
            assert part["what"]
            assert (part["state"] != "failed") or part["todo"]


def doctor(stack: Stack, *arguments: str, **env: str) -> Said:
    began = time.monotonic()
    done = run(stack, "--json", *arguments, **env)
    took = time.monotonic() - began
    assert done.returncode in (0, 1), done.stderr
    for secret in stack.secrets.values():
        assert secret not in done.stdout
    assert "eyJ" not in done.stdout + done.stderr  # how a token begins
    return Said(code=done.returncode, body=json.loads(done.stdout), took_s=took)


def run(stack: Stack, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PYTHON), "manage.py", "doctor", *arguments],
        cwd=ROOT,
        env=os.environ | stack.env | env,
        capture_output=True,
        text=True,
        check=False,
    )


def until(condition: Callable[[], bool], *, within_s: float = 60.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not heal"
        time.sleep(0.1)


def sql(stack: Stack, script: str, *, database: str = "sightline") -> str:
    done = stack.postgres.psql(script, database=database)
    assert done.returncode == 0, done.stderr
    return done.stdout


def beat_seen(stack: Stack) -> bool:
    """Whether beat gave a sign in the last seconds."""
    with redis.Redis.from_url(stack.redis_url) as connection:
        said = connection.get(BEAT_SIGN)
    return said is not None and time.time() - float(json.loads(said)["at"]) < 15


def beat_unseen_for(stack: Stack, seconds: float) -> None:
    """As if so much time had passed since its last sign; a beat that lives gives the next one."""
    with redis.Redis.from_url(stack.redis_url) as connection:
        connection.set(BEAT_SIGN, json.dumps({"at": time.time() - seconds, "sent": True}))


def web_says(stack: Stack) -> dict[str, Any]:
    """What the web server says of its parts."""
    try:
        with urllib.request.urlopen(f"{stack.web_url}/health/ready", timeout=10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)["parts"]
    except urllib.error.HTTPError as problem:
        found = json.load(problem)["parts"]
    return found


@contextmanager
def stopped(stack: Stack, name: str) -> Iterator[None]:
    stack.parts[name].stop()
    try:
        yield
    finally:
        stack.parts[name].start()
        stack.parts[name].wait_ready()
