"""The three ways of bench.fanout: the real system, Channels' group send, and bare `ws`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import redis

from bench import fanout_group
from scripts.sightline.install import node
from scripts.sightline.paths import ROOT
from scripts.sightline.stack import Stack

OURS, GROUP, WS = "Sightline", "Channels group send", "bare ws"
CHANNEL = "bench:fanout"


@dataclass(frozen=True)
class Way:
    """Where a server is, how its readers come in, and how it is told of a value."""

    name: str
    pid: int
    port: int
    publish: Callable[[dict[str, Any]], None]
    path: str = "/"
    cookie: str = "none=none"
    hello: str = ""


def ours(stack: Stack, calls: int) -> tuple[Way, list[dict[str, Any]]]:
    """The real system with its calls, and their last positions."""
    os.environ.update(stack.env)
    import django

    django.setup()
    from django.conf import settings

    from callers import intake, locations
    from callers.models import CallerSession, LastPosition, Link
    from dispatch.centres.access import scope
    from dispatch.feed import publish
    from dispatch.tests import factories
    from dispatch.tests.caller import fix, secret_of
    from dispatch.tests.sockets import client_of

    centre = factories.centre()
    owner = factories.user(centre=centre)
    for number in range(calls):
        call = factories.call(centre=centre, owner=owner, number=f"+1203555{number:04}")
        secret_of(call)
        with scope(centre):
            link = Link.objects.get(call=call)
            session = CallerSession.objects.create(
                centre=centre,
                call=call,
                link=link,
                cookie_sha256=str(number),
                device="",
                language="",
            )
        first = [{**fix(), "client_seq": 1}]
        intake.apply(centre=centre, session_id=session.pk, boot="benchboot", raw_items=first)
    with scope(centre):
        values = [locations.value(row) for row in LastPosition.objects.all()]
    name = settings.SESSION_COOKIE_NAME
    web = stack.parts["web"].pid
    assert web
    way = Way(
        OURS,
        web,
        stack.ports["web"],
        lambda value: publish.latest(centre.stream, [value]),
        path="/ws/console/",
        cookie=f"{name}={client_of(owner).cookies[name].value}",
        hello=json.dumps({"t": "hello", "v": 1, "stream": "centre", "centre": centre.slug}),
    )
    return way, [dict(value) for value in values]


@contextmanager
def group(stack: Stack) -> Iterator[Way]:
    """Channels, with the settings its documentation gives."""
    command = [sys.executable, "-m", "bench.fanout_group", stack.redis_url]
    with serving(command) as (process, port), asyncio.Runner() as loop:
        yield Way(
            GROUP,
            process.pid,
            port,
            lambda value: loop.run(fanout_group.send(as_sent(value).decode())),
        )


@contextmanager
def bare_ws(stack: Stack) -> Iterator[Way]:
    """Node and `ws`, subscribed to a channel of the same Redis."""
    place = urlsplit(stack.redis_url)
    script = str(ROOT / "bench/fanout_ws.mjs")
    where = [str(place.hostname), str(place.port), str(place.password), CHANNEL]
    client = redis.Redis.from_url(stack.redis_url)
    with serving(["node", script, *where], env=os.environ | node.environment()) as (process, port):
        yield Way(
            WS, process.pid, port, lambda value: void(client.publish(CHANNEL, as_sent(value)))
        )


@contextmanager
def serving(
    command: list[str], env: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that says its port once it serves; ended with the block."""
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def as_sent(value: dict[str, Any]) -> bytes:
    """The message that our server writes for it."""
    return msgspec.json.encode({"t": "latest", "latest": [value]})


def void(_: object) -> None:
    """For what is called for its effect."""


def layer(stack: Stack) -> None:
    """This process sends to groups too: as Channels is told of its layer."""
    logging.getLogger("channels_redis").setLevel(logging.ERROR)  # a line for each that it drops
    from django.conf import settings

    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [stack.redis_url]},
        }
    }
