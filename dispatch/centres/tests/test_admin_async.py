"""The admin as it is served: under ASGI, where middleware and views change threads."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpResponse
from django.test import AsyncClient

from dispatch.calls import cards
from dispatch.centres.admin import StaffAdmin
from dispatch.centres.models import Membership
from dispatch.centres.tests.test_admin_walls import House, house

T = TypeVar("T")


def served(work: Coroutine[Any, Any, T]) -> T:
    """Run work in a loop of its own, and leave no connection behind in the loop's threads."""

    async def then_close() -> T:
        try:
            return await work
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(then_close())


async def client_of(own: House) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(own.administrator)
    return client


def test_side_by_side_requests_keep_to_their_centres() -> None:
    one, two = house(), house()

    async def look(client: AsyncClient, own: House, other: House) -> None:
        page = (await client.get("/admin/calls/call/")).content.decode()
        assert cards.display(own.call.number) in page
        assert str(other.call.pk) not in page

    async def together() -> None:
        clients = [(await client_of(own), own, other) for own, other in ((one, two), (two, one))]
        await asyncio.gather(*(look(*each) for each in clients * 4))

    served(together())


def test_a_failing_answer_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    own = house()
    member = Membership.objects.get(user=own.dispatcher)
    page = f"/admin/centres/membership/{member.pk}/change/"

    async def make_administrator() -> int:
        client = await client_of(own)
        return int((await client.post(page, {"role": "administrator"})).status_code)

    with monkeypatch.context() as patch:
        down = HttpResponse("down", status=503)
        patch.setattr(StaffAdmin, "response_change", lambda *_: down)
        assert served(make_administrator()) == 503
    member.refresh_from_db()
    assert member.role == Membership.Role.DISPATCHER
    assert served(make_administrator()) == 302
    member.refresh_from_db()
    assert member.role == Membership.Role.ADMINISTRATOR
