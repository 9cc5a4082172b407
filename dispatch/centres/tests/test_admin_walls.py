"""An administrator sees one centre; nobody else sees any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib import admin
from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dispatch.calls import cards
from dispatch.calls.models import Call, ChatMessage, MediaNode
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, Membership, User
from dispatch.tests import factories

OUTSIDE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//[^"']+""")
ADMINISTRATOR = Membership.Role.ADMINISTRATOR


@dataclass
class House:
    """One centre with an administrator, a dispatcher and a call with a message."""

    centre: Centre
    administrator: User
    dispatcher: User
    call: Call

    def traces(self) -> list[str]:
        """What a page of another centre must never hold."""
        return [
            self.centre.name,
            self.administrator.email,
            self.dispatcher.email,
            self.dispatcher.name,
            self.call.number,
            cards.display(self.call.number),
            str(self.call.pk),
            f"secret words of {self.centre.slug}",
        ]

    def objects(self) -> list[models.Model]:
        staff = Membership.objects.filter(centre=self.centre)
        return [self.centre, self.administrator, self.dispatcher, self.call, *staff]


def house() -> House:
    centre = factories.centre()
    administrator = factories.user(centre=centre, role=ADMINISTRATOR, name=f"Boss of {centre.slug}")
    User.objects.filter(pk=administrator.pk).update(is_staff=True)
    administrator.refresh_from_db()
    dispatcher = factories.user(centre=centre, name=f"Dispatcher of {centre.slug}")
    call = factories.call(centre=centre, owner=dispatcher)
    with scope(centre):
        ChatMessage.objects.create(
            centre=centre,
            call=call,
            side=ChatMessage.Side.CALLER,
            key="1",
            text=f"secret words of {centre.slug}",
            at=timezone.now(),
        )
    return House(centre, administrator, dispatcher, call)


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def listing_urls() -> list[str]:
    site = admin.site
    pages = [reverse("admin:index"), reverse("admin:search") + "?s=e"]
    for model in site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages += [reverse(f"{base}_changelist"), reverse(f"{base}_changelist") + "?q=e"]
        pages.append(reverse(f"{base}_add"))
        pages.append(reverse("admin:app_list", args=[model._meta.app_label]))
    return pages


def object_urls(*targets: models.Model) -> Iterator[str]:
    for target in targets:
        meta = target._meta
        base = f"admin:{meta.app_label}_{meta.model_name}"
        for page in ("change", "delete", "history"):
            yield reverse(f"{base}_{page}", args=[target.pk])
        if isinstance(target, User | Membership):
            yield reverse(f"{base}_new_password", args=[target.pk])


def test_the_way_in_is_the_sign_in_page() -> None:
    client = Client()
    answer = client.get("/admin/centres/centre/?q=1")
    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=/admin/centres/centre/%3Fq%3D1"
    answer = client.get("/admin/login/?next=/admin/calls/call/")
    assert answer["Location"] == "/account/login/?next=/admin/calls/call/"
    for elsewhere in ("https://evil.example/", "//evil.example/", "/admin/login/?next=/admin/"):
        answer = client.get("/admin/login/", {"next": elsewhere})
        assert answer["Location"] == "/account/login/?next=/admin/"


def test_people_who_administer_nothing_are_told_so() -> None:
    centre = factories.centre()
    dispatcher = factories.user(centre=centre)
    left_over = factories.user(centre=centre, is_staff=True)
    nobody = factories.user(is_staff=True)
    for person in (dispatcher, left_over, nobody):
        for page in ("/admin/", "/admin/calls/call/", "/admin/centres/user/1/change/"):
            answer = client_of(person).get(page)
            assert answer.status_code == 403
            assert "You administer no centre" in answer.content.decode()
            assert answer["Cache-Control"] == "no-store"


def test_an_administrator_sees_nothing_of_another_centre() -> None:
    """Nor does any page ask anyone outside for anything: no map tiles, fonts or scripts."""
    own, other = house(), house()
    client = client_of(own.administrator)
    seen = 0
    for page in [*listing_urls(), *object_urls(*own.objects())]:
        answer = client.get(page)
        assert answer.status_code in (200, 302, 403), page
        seen += answer.status_code == 200
        text = answer.content.decode()
        for trace in other.traces():
            assert trace not in text, (page, trace)
        assert not OUTSIDE.findall(text), page
    assert seen > 10  # the pages of one's own centre do open


def test_direct_addresses_of_another_centres_things_lead_nowhere() -> None:
    own, other = house(), house()
    client = client_of(own.administrator)
    for page in object_urls(*other.objects()):
        for answer in (client.get(page), client.post(page, {"post": "yes", "role": "dispatcher"})):
            assert answer.status_code in (302, 403, 404), page
            text = answer.content.decode()
            assert not [trace for trace in other.traces() if trace in text], page
    assert Membership.objects.filter(centre=other.centre).count() == 2
    assert other.dispatcher.memberships.get().role == Membership.Role.DISPATCHER


def test_nor_can_they_choose_it() -> None:
    own, other = house(), house()
    client = client_of(own.administrator)
    client.get(f"/admin/?_centre={other.centre.slug}")
    assert other.centre.name not in client.get("/admin/").content.decode()
    staff = client.get("/admin/centres/membership/").content.decode()
    assert own.dispatcher.email in staff
    assert other.dispatcher.email not in staff


def test_tables_without_a_centre_are_the_operators() -> None:
    own = house()
    node = factories.node()
    client = client_of(own.administrator)
    index = client.get("/admin/").content.decode()
    for hidden in ("/admin/centres/user/", "/admin/calls/medianode/", "/admin/auth/group/"):
        assert hidden not in index
    for page in ("/admin/centres/user/", "/admin/calls/medianode/", *object_urls(node)):
        assert client.get(page).status_code in (302, 403)
    assert client.post("/admin/centres/centre/add/", {}).status_code == 403
    assert client.post(
        f"/admin/centres/centre/{own.centre.pk}/delete/", {"post": "yes"}
    ).status_code
    assert Centre.objects.filter(pk=own.centre.pk).exists()


def test_filters_and_lookups_do_not_reach_across() -> None:
    own, other = house(), house()
    client = client_of(own.administrator)
    for query in (
        f"?owner__email__startswith={other.dispatcher.email[0]}",
        f"?centre__id__exact={other.centre.pk}",
        "?owner__isnull=0",
    ):
        answer = client.get(f"/admin/calls/call/{query}")
        assert other.call.number not in answer.content.decode()


@pytest.fixture
def operator() -> User:
    return factories.user(is_staff=True, is_superuser=True, name="Operator")


def test_the_operator_picks_a_centre(operator: User) -> None:
    one, two = house(), house()
    client = client_of(operator)
    for chosen, not_chosen in ((one, two), (two, one)):
        client.get(f"/admin/?_centre={chosen.centre.slug}")
        assert client.get("/admin/calls/call/").status_code == 403
        factories.grant(operator, centre=chosen.centre)
        answer = client.get(f"/admin/calls/call/?_centre={chosen.centre.slug}&q=")
        assert answer["Location"] == "/admin/calls/call/?q="
        calls = client.get("/admin/calls/call/").content.decode()
        assert cards.display(chosen.call.number) in calls
        assert str(not_chosen.call.pk) not in calls
        staff = client.get("/admin/centres/membership/").content.decode()
        assert chosen.dispatcher.email in staff
        assert not_chosen.dispatcher.email not in staff
        # The header names the centre, and the list of centres leads to the others.
        assert chosen.centre.name in calls
        centres = client.get(f"/admin/centres/centre/?q={not_chosen.centre.slug}").content.decode()
        assert f"_centre={not_chosen.centre.slug}" in centres


def test_the_operator_sees_the_tables_without_a_centre(operator: User) -> None:
    one = house()
    node = factories.node()
    client = client_of(operator)
    assert (
        one.dispatcher.email
        in client.get(f"/admin/centres/user/?q={one.dispatcher.email}").content.decode()
    )
    assert (
        one.centre.name
        in client.get(f"/admin/centres/centre/?q={one.centre.slug}").content.decode()
    )
    assert client.get("/admin/calls/medianode/").status_code == 200
    for page in (*listing_urls(), *object_urls(one.dispatcher, one.centre, node)):
        assert client.get(page).status_code in (200, 302, 403), page


def test_an_answer_that_fails_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch, operator: User
) -> None:
    from dispatch.centres.admin import StaffAdmin

    own = house()
    member = Membership.objects.get(centre=own.centre, user=own.dispatcher)
    page = f"/admin/centres/membership/{member.pk}/change/"
    client = client_of(own.administrator)
    client.raise_request_exception = False

    def unlucky(*_: object, **__: object) -> HttpResponse:
        return HttpResponse("down", status=503)

    with monkeypatch.context() as patch:
        patch.setattr(StaffAdmin, "response_change", unlucky)
        answer = client.post(page, {"role": ADMINISTRATOR})
        assert (answer.status_code, answer.content) == (503, b"down")

    def broken(*_: object, **__: object) -> HttpResponse:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(StaffAdmin, "response_change", broken)
        assert client.post(page, {"role": ADMINISTRATOR}).status_code == 500
    member.refresh_from_db()
    assert member.role == Membership.Role.DISPATCHER
    # And the same without bad luck is kept.
    assert client.post(page, {"role": ADMINISTRATOR}).status_code == 302
    member.refresh_from_db()
    assert member.role == ADMINISTRATOR


def test_media_nodes_need_a_key_whose_secret_is_known(operator: User, settings: object) -> None:
    settings.LIVEKIT_KEYS = factories.NODE_KEYS  # type: ignore[attr-defined]
    client = client_of(operator)
    node = factories.node()
    fields = {"name": node.name, "region": "", "url": "wss://media.example/", "state": "draining"}
    fields |= {"api_url": "https://media.example", "api_key": "unknown"}
    page = f"/admin/calls/medianode/{node.pk}/change/"
    assert "No secret is known for this key" in client.post(page, fields).content.decode()
    assert client.post(page, fields | {"api_key": "test-key"}).status_code == 302
    node = MediaNode.objects.get(pk=node.pk)
    assert (node.url, node.state) == ("wss://media.example", MediaNode.State.DRAINING)
