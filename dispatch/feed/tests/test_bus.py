"""The bus with real Redis and PostgreSQL: lost, late and doubled hints, and databases put back."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dispatch.feed import bus as buses
from dispatch.feed import latest, publish, replay
from dispatch.feed.bus import Bus
from dispatch.feed.models import Entry, Epoch, Stream
from dispatch.feed.packets import Message, Packet
from dispatch.feed.threads import in_thread
from dispatch.feed.unit import append, unit

WALL = 4244


class Ear:
    """A socket's place, noting what it is given."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.values: list[Message] = []
        self.beats = 0
        self.resyncs = 0

    def offer(self, packet: Packet) -> None:
        self.seqs += [entry["seq"] for entry in packet.entries]
        self.values += packet.message.get("latest", [])
        self.beats += packet.message["t"] == "beat"

    def resync(self) -> None:
        self.resyncs += 1


def write(name: str, count: int = 1) -> None:
    for _ in range(count):
        with unit(wall=WALL):
            append(name, "kind", uuid.uuid4().hex, {})


def write_at_once(name: str, count: int) -> None:
    with unit(wall=WALL):
        for number in range(count):
            append(name, "kind", str(number), {})


async def until(found: Callable[[], Any], within: float = 6) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < within, "it did not come"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def listening(work: Callable[[Bus, str, list[Ear]], Coroutine[Any, Any, None]]) -> None:
    """Run it with twenty sockets on one stream."""

    async def run() -> None:
        bus, name = buses.bus(), f"test:{uuid.uuid4()}"
        ears = [Ear() for _ in range(20)]
        await asyncio.gather(*(bus.join(name, ear) for ear in ears))
        await work(bus, name, ears)
        for ear in ears:
            await bus.leave(name, ear)
        assert not bus._flows

    asyncio.run(run())


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Hints go here instead of to Redis; `publish_held` sends them."""
    held: list[dict[str, Any]] = []
    monkeypatch.setattr(publish, "_send", held.append)
    return held


real_send = publish._send


def publish_held(*hints: dict[str, Any]) -> None:
    for hint in hints:
        real_send(hint)


@contextmanager
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many entries each read of missing ones brought."""
    found: list[int] = []
    read = replay.entries_after

    def counted(*args: Any, **kwargs: Any) -> list[Message]:
        entries = read(*args, **kwargs)
        found.append(len(entries))
        return entries

    with monkeypatch.context() as patched:
        patched.setattr(replay, "entries_after", counted)
        yield found


def test_what_is_published_comes_at_once_without_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(bus: Bus, name: str, ears: list[Ear]) -> None:
        with reads(monkeypatch) as found:
            await in_thread(write, name, 3)
            assert await until(lambda: all(ear.seqs == [1, 2, 3] for ear in ears)) < 1
        assert found == []

    listening(work)


def test_a_lost_hint_is_read_once_for_all_sockets(
    hints: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(bus: Bus, name: str, ears: list[Ear]) -> None:
        await in_thread(write, name, 4)
        with reads(monkeypatch) as found:
            await in_thread(publish_held, hints[0], hints[3])
            # By the next hint, not by a heartbeat.
            assert await until(lambda: all(ear.seqs == [1, 2, 3, 4] for ear in ears)) < 1.5
        assert found == [3]

    listening(work)


def test_hints_that_overtake_each_other_need_no_query(
    hints: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buses, "GAP_PATIENCE_S", 0.5)

    async def work(bus: Bus, name: str, ears: list[Ear]) -> None:
        await in_thread(write, name, 4)
        with reads(monkeypatch) as found:
            await in_thread(publish_held, hints[1], hints[3], hints[1], hints[0], hints[2])
            await until(lambda: all(ear.seqs == [1, 2, 3, 4] for ear in ears))
            await asyncio.sleep(0.7)
        assert found == []

    listening(work)


def test_the_last_hint_lost_is_found_by_the_heartbeat(
    hints: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(bus: Bus, name: str, ears: list[Ear]) -> None:
        with reads(monkeypatch) as found:
            await in_thread(write_at_once, name, 2 * replay.REPLAY_LIMIT + 5)
            await until(lambda: all(len(ear.seqs) == 2 * replay.REPLAY_LIMIT + 5 for ear in ears))
            assert all(ear.seqs == sorted(set(ear.seqs)) for ear in ears)
        assert found == [replay.REPLAY_LIMIT, replay.REPLAY_LIMIT, 5]
        assert not any(ear.resyncs for ear in ears)

    listening(work)


def test_a_new_subscription_looks_for_what_it_missed() -> None:
    async def work(bus: Bus, name: str, ears: list[Ear]) -> None:
        await in_thread(write, name)
        await until(lambda: ears[0].seqs == [1])
        assert bus._pubsub is not None
        # The connection dies, and before it is back, something is written.
        lost: Any = bus._pubsub.connection
        await lost.disconnect(nowait=True)
        await in_thread(write, name)
        took = await until(lambda: all(ear.seqs == [1, 2] for ear in ears))
        assert took < buses.HEARTBEAT_S * 0.8

    listening(work)


def test_entries_that_were_pruned_meanwhile_make_everybody_start_over(
    hints: list[dict[str, Any]],
) -> None:
    async def work(bus: Bus, name: str, ears: list[Ear]) -> None:
        await in_thread(write, name, 5)
        await in_thread(Entry.objects.filter(stream_id=name, seq__lte=3).delete)
        await until(lambda: all(ear.resyncs == 1 for ear in ears))
        await in_thread(write, name)
        await in_thread(publish_held, hints[-1])
        await until(lambda: all(6 in ear.seqs for ear in ears))

    listening(work)


def test_a_restored_database_makes_everybody_start_over() -> None:
    async def work(bus: Bus, name: str, ears: list[Ear]) -> None:
        await in_thread(write, name, 5)
        await until(lambda: all(len(ear.seqs) == 5 and ear.beats for ear in ears))
        # As after a restore: an older head, and another epoch.
        await in_thread(Stream.objects.filter(name=name).update, head=2)
        await in_thread(Entry.objects.filter(stream_id=name, seq__gt=2).delete)
        await in_thread(Epoch.objects.update, value=uuid.uuid4())
        await until(lambda: all(ear.resyncs == 1 for ear in ears))
        await in_thread(write, name)
        await until(lambda: all(ear.seqs == [1, 2, 3, 4, 5, 3] for ear in ears))

    listening(work)


def test_last_values_come_with_a_heartbeat_once(monkeypatch: pytest.MonkeyPatch) -> None:
    audience = uuid.uuid4().hex[:12]
    value: latest.Latest = {"key": "k", "version": 1, "body": {}}
    latest.register(audience, lambda stream: [dict(value)])  # type: ignore[list-item]

    async def run() -> None:
        monkeypatch.setattr(buses, "HEARTBEAT_S", 0.2)
        bus, ear, name = Bus(), Ear(), f"{audience}:1"
        await bus.join(name, ear)
        await until(lambda: ear.beats >= 3)
        assert [one["version"] for one in ear.values] == [1]
        value["version"] = 2
        beats = ear.beats
        await until(lambda: ear.beats >= beats + 3)
        assert [one["version"] for one in ear.values] == [1, 2]
        await bus.leave(name, ear)

    asyncio.run(run())
