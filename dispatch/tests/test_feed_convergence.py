"""Many writers, lost publishes: every console ends with the state of a fresh snapshot."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from django.db import connection

from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.console import snapshot
from dispatch.feed import replay
from dispatch.feed.models import Entry
from dispatch.feed.tests.model import Model
from dispatch.tests import factories, sockets

UNITS = 200
PROCESSES = 2


def test_two_processes_two_hundred_units_a_third_of_the_publishes_lost() -> None:
    centre = factories.centre()
    users = [factories.user(centre=centre) for _ in range(2)]
    calls: list[Call] = [factories.call(centre=centre, owner=users[0]) for _ in range(2)]
    streams = [centre.stream, *(call.stream for call in calls)]
    consoles = [sockets.console(user, centre) for user in users]
    started = replay.heads(streams)

    writers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dispatch.tests.feed_writer",
                centre.slug,
                str(UNITS // PROCESSES),
                str(seed),
            ],
            env={**os.environ, "DATABASE_URL": _test_database_url()},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(PROCESSES)
    ]

    async def watch() -> None:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        for socket in consoles:
            assert await socket.open()
        tasks = [asyncio.create_task(_follow(socket, done)) for socket in consoles]
        said = await asyncio.gather(
            *(asyncio.to_thread(writer.communicate, timeout=60) for writer in writers)
        )
        assert all(writer.returncode == 0 for writer in writers)
        assert all(int(out.split()[-1]) > 0 for out, _ in said), "nothing was dropped: no test"
        heads = await asyncio.to_thread(replay.heads, [centre.stream])
        done.set_result(heads[centre.stream])
        await asyncio.wait_for(asyncio.gather(*tasks), 15)
        for socket in consoles:
            await socket.close()

    sockets.run(watch())

    # 200 units wrote a message each: on the centre's stream and on one caller's.
    wrote = replay.heads(streams)
    assert wrote[calls[0].stream] + wrote[calls[1].stream] >= UNITS
    assert wrote[centre.stream] - started[centre.stream] >= 3 * UNITS
    for name in streams:
        found = list(
            Entry.objects.filter(stream_id=name).order_by("seq").values_list("seq", flat=True)
        )
        assert found == list(range(1, wrote[name] + 1)), f"{name} has a gap"
    with scope(centre, snapshot=True):
        fresh = Model()
        fresh.apply(replay.snapshot(centre.stream, snapshot.items()))
    for socket in consoles:
        assert socket.model.seq == fresh.seq
        assert socket.model.items == fresh.items


async def _follow(socket: sockets.Socket, done: asyncio.Future[int]) -> None:
    """Listen until the model has reached the head the writers left."""
    while not (done.done() and socket.model.seq >= done.result()):
        await socket.hear(within=15)


def _test_database_url() -> str:
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{base}/{connection.settings_dict['NAME']}"
