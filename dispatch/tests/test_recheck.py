"""Who may not listen any more is put out, although nothing reaches an open socket by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callers.consumers import CallerSocket
from callers.models import CallerSession, Link
from dispatch.calls.models import Call
from dispatch.centres.access import SignIn, scope, still_in
from dispatch.centres.models import Membership, User
from dispatch.console.consumers import ConsoleSocket
from dispatch.feed import recheck
from dispatch.tests import factories, sockets
from dispatch.tests.caller import Phone, secret_of
from dispatch.tests.sockets import Socket, client_of, run

AS_SHIPPED = recheck.EVERY_S


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "EVERY_S", 0.3)


@pytest.fixture
def call() -> Call:
    return factories.call(centre=factories.centre())


def test_it_is_often_enough() -> None:
    assert AS_SHIPPED < 60


async def put_out(socket: Socket, change: Callable[[], Any], other: Socket) -> dict[str, Any]:
    """The farewell that the change brings to one socket, while another stays."""
    for one in (socket, other):
        assert await one.open()
        await one.until(lambda model, message: message["t"] == "beat")
    await asyncio.to_thread(change)
    await socket.until(lambda model, message: message["t"] == "bye", within=5)
    with pytest.raises(ConnectionError):
        await socket.hear()
    await socket.close()  # nor does what comes after the farewell fail
    beats = 0

    def twice(model: Any, message: dict[str, Any]) -> bool:
        nonlocal beats
        beats += int(message["t"] == "beat")
        return beats == 2

    await other.until(twice)
    return socket.other[-1]


def sign_out(user: User) -> None:
    for session in Session.objects.all():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def new_password(user: User) -> None:
    user.set_password("correct horse battery")
    user.save()


@pytest.mark.parametrize(
    ("change", "code", "retry"),
    [
        (sign_out, "signed_out", True),
        (new_password, "signed_out", True),
        (lambda user: User.objects.filter(pk=user.pk).update(is_active=False), "signed_out", True),
        (lambda user: Membership.objects.filter(user=user).delete(), "not_a_member", False),
    ],
)
def test_a_console_closes(
    call: Call, change: Callable[[User], Any], code: str, retry: bool
) -> None:
    colleague = factories.user(centre=call.centre)
    console, other = (sockets.console(one, call.centre) for one in (call.owner, colleague))
    bye = run(put_out(console, lambda: change(call.owner), other))
    assert (bye["code"], bye["retry"]) == (code, retry)
    assert bye["message"].endswith(".")

    async def comes_back() -> str:
        again = Socket("/ws/console/", console._wire.scope["headers"][2][1].decode(), console.hello)
        assert await again.open()
        return str((await again.hear())["code"])

    assert run(comes_back()) in ("signed_out", "not_found")


def test_who_has_signed_in_again_comes_back(call: Call) -> None:
    colleague = factories.user(centre=call.centre)
    console, other = (sockets.console(one, call.centre) for one in (call.owner, colleague))
    bye = run(put_out(console, lambda: sign_out(call.owner), other))
    assert bye["retry"]

    again = sockets.console(call.owner, call.centre)

    async def comes_back() -> str:
        assert await again.open()
        return str((await again.hear())["t"])

    assert run(comes_back()) == "snapshot"


def revoked(call: Call) -> None:
    # Without an entry on the stream, as if that had been lost.
    with scope(call.centre):
        Link.objects.filter(call=call).update(state=Link.State.REVOKED)


def forgotten(call: Call) -> None:
    with scope(call.centre):
        CallerSession.objects.filter(call=call).delete()


@pytest.mark.parametrize("change", [revoked, forgotten])
def test_a_callers_page_closes(call: Call, change: Callable[[Call], Any]) -> None:
    phone, console = Phone(secret_of(call)), sockets.console(call.owner, call.centre)
    phone.open()
    bye = run(put_out(phone.socket(), lambda: change(call), console))
    assert (bye["code"], bye["retry"]) == ("link_dead", False)


def test_a_callers_page_that_caught_up_is_asked_for_at_once(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would have ended it may lie before the state it was given."""
    monkeypatch.setattr(recheck, "EVERY_S", AS_SHIPPED)
    phone = Phone(secret_of(call))
    phone.open()
    admit = CallerSocket.admit

    def late(self: CallerSocket, hello: Any) -> Any:
        audience = admit(self, hello)
        revoked(call)
        return audience

    monkeypatch.setattr(CallerSocket, "admit", late)
    socket = phone.socket()

    async def farewell() -> dict[str, Any]:
        assert await socket.open()
        await socket.until(lambda model, message: message["t"] == "bye", within=5)
        return dict(socket.other[-1])

    bye = run(farewell())
    assert (bye["code"], bye["retry"]) == ("link_dead", False)


def test_many_sockets_cost_as_many_queries_as_one() -> None:
    centre = factories.centre()
    users = [factories.user(centre=centre) for _ in range(12)]
    signed = [SignIn(str(client_of(user).session.session_key), user.pk) for user in users]

    def queries(count: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            still = still_in({(who, centre.pk) for who in signed[:count]})
        assert set(still.values()) == {None}
        return len(found)

    assert queries(12) == queries(1) <= 4
    assert ConsoleSocket.refused([]) == {}
