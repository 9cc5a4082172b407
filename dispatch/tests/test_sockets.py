"""Feed sockets through the ASGI application, with Redis: who may listen, and what arrives."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from callers import links
from callers.models import CallerSession
from dispatch.calls import chat, services
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.tests import factories, sockets
from dispatch.tests.caller import Phone, fix, secret_of
from dispatch.tests.sockets import Socket, run


@pytest.fixture
def call() -> Call:
    return factories.call(centre=factories.centre())


@pytest.fixture
def phone(call: Call) -> Phone:
    browser = Phone(secret_of(call))
    browser.open()
    return browser


def say(call: Call, text: str) -> None:
    with scope(call.centre):
        chat.post(call, text=text, key=str(uuid.uuid4()), user=call.owner)


def texts(socket: Socket) -> list[str]:
    return [body["text"] for (kind, _), body in socket.model.items.items() if kind == "chat"]


def test_a_console_gets_a_snapshot_then_what_happens(call: Call) -> None:
    console = sockets.console(call.owner, call.centre)

    async def work() -> None:
        assert await console.open()
        await console.until(lambda model, message: message["t"] == "beat")
        assert ("call", str(call.pk)) in console.model.items
        await asyncio.to_thread(say, call, "hello")
        started = time.monotonic()
        await console.until(lambda model, message: "hello" in texts(console))
        # Pushed, not found by a heartbeat.
        assert time.monotonic() - started < 1.5
        await console.close()

    run(work())


def test_a_reconnecting_console_gets_only_what_it_missed(call: Call) -> None:
    first = sockets.console(call.owner, call.centre)

    async def once(socket: Socket) -> dict[str, Any]:
        assert await socket.open()
        answer = await socket.hear()
        await socket.close()
        return answer

    snapshot = run(once(first))
    assert snapshot["t"] == "snapshot"
    say(call, "missed")
    known = {"epoch": first.model.epoch, "last_seq": first.model.seq}
    again = sockets.console(call.owner, call.centre, **known)
    again.model = first.model
    answer = run(once(again))
    assert answer["t"] == "entries"
    assert texts(again) == ["missed"]
    future = sockets.console(call.owner, call.centre, epoch=known["epoch"], last_seq=10_000_000)
    assert run(once(future))["t"] == "snapshot"
    restored = sockets.console(call.owner, call.centre, epoch="older", last_seq=1)
    assert run(once(restored))["t"] == "snapshot"


def test_nobody_listens_to_another_centre(call: Call) -> None:
    stranger = factories.user(centre=factories.centre())
    foreign = sockets.console(stranger, call.centre)
    unsigned = Socket("/ws/console/", "", {"stream": "centre", "centre": call.centre.slug})
    over = sockets.console(call.owner, call.centre)
    Session.objects.all().delete()

    async def refused(socket: Socket) -> str:
        assert await socket.open()
        message = await socket.hear()
        assert message["t"] == "bye"
        with pytest.raises(ConnectionError):
            await socket.hear()
        return str(message["code"])

    assert run(refused(foreign)) in ("not_found", "signed_out")
    assert run(refused(unsigned)) == "signed_out"
    assert run(refused(over)) == "signed_out"


def test_a_socket_from_another_site_is_refused(call: Call) -> None:
    good = sockets.console(call.owner, call.centre)
    bad = sockets.console(call.owner, call.centre)
    bad._wire.scope["headers"][0] = (b"origin", b"https://evil.example")

    async def work() -> None:
        assert not await bad.open()
        assert await good.open()
        await good.close()

    run(work())


def test_a_callers_page_hears_its_side_only(call: Call, phone: Phone) -> None:
    page = phone.socket()

    async def work() -> None:
        assert await page.open()
        await page.until(lambda model, message: message["t"] == "beat")
        assert {kind for kind, _ in page.model.items} == {"call"}
        await asyncio.to_thread(say, call, "Can you hear me?")
        await page.until(lambda model, message: texts(page) == ["Can you hear me?"])
        (_, body) = next(item for item in page.model.items.items() if item[0][0] == "chat")
        assert set(body) == {"id", "from", "text", "at", "key"}
        await page.say(
            {
                "t": "items",
                "boot": phone.boot,
                "items": [{"client_seq": 1, "kind": "chat", "text": "yes"}, {"client_seq": 2}],
            }
        )
        await page.until(lambda model, message: page.other)
        assert page.other[0]["acked"] == [1]
        assert page.other[0]["refused"][0]["client_seq"] == 2
        await page.until(lambda model, message: len(texts(page)) == 2)
        await page.close()

    run(work())


def test_a_position_reaches_the_console_at_once_and_at_most_twice_a_second(
    call: Call, phone: Phone
) -> None:
    console = sockets.console(call.owner, call.centre)
    key = f"position:{call.pk}"

    async def work() -> None:
        assert await console.open()
        await console.until(lambda model, message: message["t"] == "beat")
        pushes = 0
        for step in range(20):
            await asyncio.to_thread(phone.items, fix(lat=41 + step / 100))

        def arrived(model: Any, message: dict[str, Any]) -> bool:
            nonlocal pushes
            pushes += message["t"] == "latest"
            return key in model.latest and model.latest[key][1]["lat"] == pytest.approx(41.19)

        started = time.monotonic()
        await console.until(arrived)
        assert time.monotonic() - started < 3
        assert pushes < 20
        await console.close()

    run(work())


def test_closing_and_revoking_reach_the_page(call: Call, phone: Phone) -> None:
    page = phone.socket()

    def close() -> None:
        with scope(call.centre):
            services.close(call, user=call.owner)

    def reopen_and_revoke() -> None:
        with scope(call.centre):
            services.undo_close(call, user=call.owner)
            links.revoke(call, user=call.owner)

    async def work() -> None:
        assert await page.open()
        await page.until(lambda model, message: message["t"] == "beat")
        await asyncio.to_thread(close)
        await page.until(lambda model, _: model.items["call", "call"]["state"] == "closed")
        await asyncio.to_thread(reopen_and_revoke)
        await page.until(lambda model, message: message["t"] == "bye")
        assert page.other[-1]["code"] == "link_dead"

    run(work())
    late = phone.socket()

    async def refused() -> None:
        assert await late.open()
        assert (await late.hear())["code"] == "link_dead"

    run(refused())


def test_a_socket_left_behind_by_a_change_of_networks_says_nothing_of_the_page(
    call: Call, phone: Phone
) -> None:
    before, after = phone.socket(), phone.socket()

    def online() -> bool:
        with scope(call.centre):
            return bool(CallerSession.objects.get(call=call).online)

    async def work() -> None:
        for page in (before, after):
            assert await page.open()
            await page.until(lambda model, message: message["t"] == "snapshot")
        await before.close()  # the server hears of it only now
        assert await asyncio.to_thread(online)
        await after.close()
        assert not await asyncio.to_thread(online)

    run(work())


@pytest.mark.parametrize("frame", ["", "[]", "{}", '{"t":"hello"}', '{"t":"items"}', "x" * 70_000])
def test_nonsense_ends_the_socket_with_a_reason(call: Call, frame: str) -> None:
    console = sockets.console(call.owner, call.centre)

    async def work() -> None:
        await console._wire.send_input({"type": "websocket.connect"})
        assert (await console._wire.receive_output(5))["type"] == "websocket.accept"
        await console._wire.send_input({"type": "websocket.receive", "text": frame})
        message = await console.hear()
        assert message["t"] == "bye"
        assert message["message"].endswith(".")

    run(work())
