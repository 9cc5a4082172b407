"""The way out to one socket: in order, bounded, and cut off where nobody reads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dispatch.feed import outlet
from dispatch.feed.outlet import WAITING_BYTES, WAITING_LIMIT, Outlet
from dispatch.feed.packets import Packet


class Line:
    """A connection that takes messages only while it is open."""

    def __init__(self, *, direct: bool = True) -> None:
        self.sent: list[str] = []
        self.stuck = 0
        self.open = asyncio.Event()
        self.outlet = Outlet(send=self._send, wire=self if direct else None, stuck=self._note)

    def write(self, frame: bytes) -> bool:
        if not self.open.is_set():
            return False
        self.sent.append(frame[2:].decode())
        return True

    def abort(self) -> None:
        raise AssertionError("not the outlet's to do")

    async def _send(self, text: str) -> None:
        await self.open.wait()
        self.sent.append(text)

    def _note(self) -> None:
        self.stuck += 1


def small(number: int) -> Packet:
    return Packet({"n": number})


@pytest.mark.parametrize("direct", [True, False])
def test_order_is_kept_whether_the_line_is_open_or_not(direct: bool) -> None:
    async def work() -> list[str]:
        line = Line(direct=direct)
        for number in range(30):
            if number in (10, 25):
                line.open.set()
            if number == 20:
                line.open.clear()
            assert line.outlet.put(small(number))
            if number % 4 == 0:
                await asyncio.sleep(0)
        await asyncio.wait_for(line.outlet.idle(), 1)
        return line.sent

    assert asyncio.run(work()) == [f'{{"n":{number}}}' for number in range(30)]


def test_what_waits_is_bounded_in_number_and_in_bytes_but_never_the_state_itself() -> None:
    async def work() -> None:
        many, much = Line(), Line()
        taken = sum(many.outlet.put(small(number)) for number in range(3 * WAITING_LIMIT))
        assert taken == WAITING_LIMIT
        large = Packet({"x": "x" * 10_000})
        taken = sum(much.outlet.put(large) for _ in range(200))
        assert taken == WAITING_BYTES // len(large.encoded)
        assert much.outlet.put(Packet({"x": "x" * WAITING_BYTES}), always=True)
        much.outlet.clear()
        assert much.outlet.put(large)

    asyncio.run(work())


def test_a_line_that_takes_nothing_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "STUCK_AFTER_S", 0.05)

    async def work() -> None:
        line = Line()
        line.outlet.put(small(1))
        await asyncio.sleep(0.02)
        assert line.stuck == 0
        await asyncio.sleep(0.1)
        assert line.stuck == 1
        line.open.set()
        await line.outlet.idle()
        line.outlet.put(small(2))
        await asyncio.sleep(0.1)
        assert line.stuck == 1

    asyncio.run(work())


def test_a_failure_while_sending_is_told_of_and_ends_nothing_else() -> None:
    async def work() -> int:
        line = Line(direct=False)

        async def fail(_: Any) -> None:
            raise ValueError("odd")

        line.outlet._send = fail
        line.outlet.put(small(1))
        await line.outlet.idle()
        return line.stuck

    assert asyncio.run(work()) == 1
