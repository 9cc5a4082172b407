"""docs/protocol.md, held to a real server over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from dispatch.calls.models import Call
from dispatch.feed.socket import FRAME_LIMIT
from dispatch.feed.tests.model import Model
from dispatch.tests import factories
from dispatch.tests.caller import Phone, secret_of
from dispatch.tests.served import Served, console_cookie, console_hello, hear, say

HELLO = "the hello"
Frame = str | bytes


@pytest.fixture(scope="module")
def web(
    tmp_path_factory: pytest.TempPathFactory, test_database: None, django_db_blocker: Any
) -> Iterator[Served]:
    with django_db_blocker.unblock(), Served(tmp_path_factory.mktemp("web")) as found:
        yield found


@pytest.fixture(scope="module")
def call(web: Served, django_db_blocker: Any) -> Call:
    with django_db_blocker.unblock():
        return factories.call(centre=factories.centre())


async def heard_until_closed(wire: ClientConnection) -> list[dict[str, Any]]:
    found = []
    try:
        async with asyncio.timeout(5):
            while True:
                found.append(await hear(wire))
    except ConnectionClosed:
        return found


async def next_beat(wire: ClientConnection) -> None:
    async with asyncio.timeout(5):
        while (await hear(wire))["t"] != "beat":
            pass


DEEP = '{"t":' + "[" * 4_000 + "]" * 4_000 + "}"
LARGE = json.dumps({"t": "items", "boot": "b" * 8, "items": ["x" * FRAME_LIMIT]})
MANY_BYTES = json.dumps({"t": "later", "x": "😀" * (FRAME_LIMIT // 4)}, ensure_ascii=False)


@pytest.mark.parametrize("path", ["console", "caller"])
@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([""], "bad_message"),
        (["[]"], "bad_message"),
        (["null"], "bad_message"),
        (["{}"], "bad_message"),
        (["{"], "bad_message"),
        ([b"\x00\x01"], "bad_message"),
        ([DEEP], "bad_message"),
        (['{"t":"hello"}'], "bad_message"),
        (['{"t":"hello","stream":"centre","last_seq":"many"}'], "bad_message"),
        (['{"t":"beat"}'], "bad_message"),
        ([LARGE], "too_long"),
        ([HELLO, "{"], "bad_message"),
        ([HELLO, "[1]"], "bad_message"),
        ([HELLO, HELLO], "bad_message"),
        ([HELLO, b"\x00\x01"], "bad_message"),
        ([HELLO, DEEP], "bad_message"),
        ([HELLO, LARGE], "too_long"),
        ([HELLO, MANY_BYTES], "too_long"),
    ],
)
def test_what_nobody_says_closes_the_socket_with_a_reason(
    web: Served, call: Call, path: str, frames: list[Frame], code: str
) -> None:
    place = console_place(call) if path == "console" else caller_place(call)

    async def work() -> None:
        async with web.connect(place[0], place[1]) as wire:
            for frame in frames:
                await wire.send(json.dumps(place[2]) if frame == HELLO else frame)
            *_, bye = await heard_until_closed(wire)
        assert bye["t"] == "bye"
        assert (bye["code"], bye["retry"]) == (code, False)
        assert bye["message"].endswith(".")
        assert wire.close_code == 4000

    asyncio.run(work())
    assert "Traceback" not in web.said()


Place = tuple[str, str, dict[str, Any]]


def console_place(call: Call, **hello: Any) -> Place:
    cookie = console_cookie(call.owner)
    return "/ws/console/", cookie, console_hello(call.centre, **hello)


def caller_place(call: Call) -> Place:
    phone = Phone(secret_of(call))
    phone.open()
    cookie = f"sl_session={phone.http.cookies['sl_session'].value}"
    hello = {"t": "hello", "v": 1, "stream": "call", "boot": phone.boot}
    return f"/s/{phone.session}/ws", cookie, hello


@pytest.mark.parametrize("place", [console_place, caller_place])
def test_an_unknown_message_is_refused_and_the_socket_stays(
    web: Served, call: Call, place: Any
) -> None:
    path, cookie, hello = place(call)

    async def work() -> None:
        async with web.connect(path, cookie) as wire:
            await say(wire, {**hello, "new_in_version_9": True})
            await next_beat(wire)
            for strange in ({"t": "dance"}, {"t": 7}, {"no": "type"}):
                await say(wire, strange)
                while (answer := await hear(wire))["t"] == "beat":
                    pass
                assert (answer["t"], answer["code"]) == ("refused", "unknown_message")
            await next_beat(wire)

    asyncio.run(work())


def test_far_too_much_is_not_even_read(web: Served, call: Call) -> None:
    path, cookie, hello = console_place(call)

    async def work() -> None:
        async with web.connect(path, cookie) as wire:
            await say(wire, hello)
            await next_beat(wire)
            await wire.send("x" * 100_000)
            await heard_until_closed(wire)
        assert wire.close_code == 1009

    asyncio.run(work())


@pytest.mark.parametrize("last_seq", [10_000_000, 2**80, -1])
def test_a_sequence_from_nowhere_gets_a_snapshot(web: Served, call: Call, last_seq: int) -> None:
    path, cookie, hello = console_place(call)

    async def work() -> None:
        async with web.connect(path, cookie) as wire:
            await say(wire, hello)
            snapshot = await hear(wire)
            assert (snapshot["t"], snapshot["v"]) == ("snapshot", 1)
        async with web.connect(path, cookie) as wire:
            await say(wire, {**hello, "epoch": snapshot["epoch"], "last_seq": snapshot["seq"]})
            assert (await hear(wire))["t"] == "entries"
        async with web.connect(path, cookie) as wire:
            await say(wire, {**hello, "epoch": snapshot["epoch"], "last_seq": last_seq})
            assert (await hear(wire))["t"] == "snapshot"

    asyncio.run(work())


def test_another_centres_stream_is_refused(web: Served, call: Call) -> None:
    stranger = factories.user(centre=factories.centre())

    async def work(cookie: str) -> dict[str, Any]:
        async with web.connect("/ws/console/", cookie) as wire:
            await say(wire, console_hello(call.centre))
            (bye,) = await heard_until_closed(wire)
            return bye

    assert asyncio.run(work(console_cookie(stranger)))["code"] == "not_found"
    assert asyncio.run(work("a=b"))["code"] == "signed_out"


#: What a page of the release before this one says, word for word.
OLDER_CONSOLE = [{"stream": "centre", "boot": "0b9e", "t": "hello"}]
OLDER_CALLER = [
    {"stream": "call", "t": "hello"},
    {"t": "beat"},
    {"t": "items", "boot": "olderboot", "items": [{"client_seq": 1, "kind": "chat", "text": "hi"}]},
]
#: What such a page understands.
OLDER_KNOWS = {"snapshot", "entries", "latest", "beat", "bye", "ack"}


@pytest.mark.parametrize(
    ("place", "older"), [(console_place, OLDER_CONSOLE), (caller_place, OLDER_CALLER)]
)
def test_an_older_page_works_with_this_server(
    web: Served, call: Call, place: Any, older: list[dict[str, Any]]
) -> None:
    path, cookie, hello = place(call)
    model = Model()
    own = {name: hello[name] for name in ("centre", "boot") if name in hello}

    async def work() -> set[str]:
        heard: set[str] = set()
        async with web.connect(path, cookie) as wire, asyncio.timeout(10):
            await say(wire, {**older[0], **own})
            for message in older[1:]:
                await say(wire, message)
            wanted = {"snapshot", "beat"} | ({"ack", "entries"} if len(older) > 1 else set())
            while not wanted <= heard:
                message = await hear(wire)
                heard.add(message["t"])
                model.apply(message)
        # Back after a loss.
        known = {"epoch": model.epoch, "last_seq": model.seq}
        async with web.connect(path, cookie) as wire:
            await say(wire, {**older[0], **own, **known})
            heard.add((await hear(wire))["t"])
        return heard

    heard = asyncio.run(work())
    assert heard <= OLDER_KNOWS
    assert any(kind == "call" for kind, _ in model.items)


def test_the_server_is_unharmed(web: Served, call: Call) -> None:
    """After all of the above."""
    assert web.process.poll() is None
    assert "Traceback" not in web.said()
