"""The flow of one stream: whatever order hints come in, sockets get entries in order, each once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from dispatch.feed.flow import EARLY_LIMIT, Flow
from dispatch.feed.packets import Packet


class Ear:
    """A socket's place, noting what it is given."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.resyncs = 0

    def offer(self, packet: Packet) -> None:
        self.seqs += [entry["seq"] for entry in packet.entries]

    def resync(self) -> None:
        self.resyncs += 1


def entry(seq: int) -> dict[str, Any]:
    return {"seq": seq, "kind": "k", "id": str(seq), "body": {}}


def hints(*seqs: int) -> list[dict[str, Any]]:
    return [entry(seq) for seq in seqs]


def in_loop(work: Callable[[Flow, Ear], None]) -> None:
    async def run() -> None:
        flow, ear = Flow("test:1"), Ear()
        flow.receivers.add(ear)
        work(flow, ear)

    asyncio.run(run())


def test_every_order_of_hints_gives_the_same() -> None:
    for order in itertools.permutations([(1,), (2, 3), (4,), (2, 3), (5,)]):

        def work(flow: Flow, ear: Ear, order: Any = order) -> None:
            flow.begin("a", 0)
            for hint in order:
                flow.take(hints(*hint))
            assert ear.seqs == [1, 2, 3, 4, 5]
            assert not flow.gap

        in_loop(work)


def test_nothing_passes_a_gap_until_it_is_filled() -> None:
    def work(flow: Flow, ear: Ear) -> None:
        flow.begin("a", 7)
        flow.take(hints(9))
        flow.take(hints(11))
        assert ear.seqs == []
        assert flow.gap
        flow.take(hints(8))
        assert ear.seqs == [8, 9]
        flow.take(hints(7, 8, 9, 10))
        assert ear.seqs == [8, 9, 10, 11]
        assert not flow.gap

    in_loop(work)


def test_hints_that_come_before_the_head_is_known_wait() -> None:
    def work(flow: Flow, ear: Ear) -> None:
        flow.take(hints(4, 5))
        assert ear.seqs == []
        assert not flow.gap
        flow.begin("a", 4)
        assert ear.seqs == [5]

    in_loop(work)


def test_what_waits_is_bounded_and_reading_it_all_goes_through() -> None:
    def work(flow: Flow, ear: Ear) -> None:
        flow.begin("a", 0)
        flow.take(hints(*range(2, 3 * EARLY_LIMIT)))
        assert len(flow._early) == EARLY_LIMIT
        flow.take(hints(*range(1, 3 * EARLY_LIMIT)))  # as read from the database
        assert ear.seqs == list(range(1, 3 * EARLY_LIMIT))
        assert not flow._early

    in_loop(work)


def test_starting_over_tells_the_sockets_and_keeps_nothing_of_before() -> None:
    def work(flow: Flow, ear: Ear) -> None:
        flow.begin("a", 20)
        flow.take(hints(22))
        flow.start_over(5)
        assert ear.resyncs == 1
        flow.take(hints(6))
        assert ear.seqs == [6]
        assert not flow.gap

    in_loop(work)
