"""The table of permissions at the doors: roles, the operator's grants, and the staff log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dispatch.calls import strangers
from dispatch.calls.models import Call, Participant
from dispatch.centres import access, grants, log, services
from dispatch.centres.models import Centre, Grant, Membership, StaffEvent, User
from dispatch.centres.permissions import TABLE, Action, Role, Standing
from dispatch.errors import DomainError
from dispatch.tests import factories
from scripts import permissions_page

WHY = "a caller's picture is black, ticket 4711"


@pytest.fixture
def centre() -> Centre:
    return factories.centre()


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser(f"{timezone.now().timestamp()}@example.org", name="Op")


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def kinds(centre: Centre) -> list[str]:
    with access.scope(centre):
        return list(StaffEvent.objects.order_by("pk").values_list("kind", flat=True))


def test_the_page_is_made_from_the_table() -> None:
    assert permissions_page.TARGET.read_text() == permissions_page.render()


def test_every_action_has_a_line_and_an_auditor_only_reads() -> None:
    assert set(TABLE) == set(Action)
    acts = {action for action, rule in TABLE.items() if Role.AUDITOR in rule.roles}
    assert {action.rpartition(".")[2] for action in acts} == {"read"}


def test_the_operator_alone_reads_no_calls() -> None:
    content = {Action.CALLS_READ, Action.CALLS_WATCH, Action.HISTORY_READ, Action.CALLS_ACT}
    assert not any(Standing(operator=True).may(action) for action in content)
    granted = Standing(operator=True, granted=True)
    assert {action for action in content if granted.may(action)} == {
        Action.CALLS_READ,
        Action.HISTORY_READ,
    }
    # A grant without being the operator is nothing: it ends with the office.
    assert not Standing(granted=True).may(Action.CALLS_READ)


@pytest.mark.parametrize("role", Role)
def test_each_role_at_a_door_that_reads_and_one_that_acts(centre: Centre, role: Role) -> None:
    call = factories.call(centre=centre)
    client = client_of(factories.user(centre=centre, role=role))
    base = f"/api/v1/centres/{centre.slug}/calls/{call.pk}/"
    assert client.get(base).status_code == 200
    told = client.post(f"{base}close/", {}, content_type="application/json")
    if role == Role.AUDITOR:
        assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
        assert told.json()["message"].startswith("As auditor you cannot do this. Ask a dispatcher")
    else:
        assert told.status_code == 200
    call.refresh_from_db()
    assert call.is_open == (role == Role.AUDITOR)


def test_a_grant_opens_one_centre_to_read_and_ends(centre: Centre, operator: User) -> None:
    other, call = factories.centre(), factories.call(centre=centre)
    client = client_of(operator)
    base = f"/api/v1/centres/{centre.slug}/"
    told = client.get(f"{base}snapshot/")
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    assert "Open it for a time, with a reason" in told.json()["message"]

    with access.scope(centre):
        grant = grants.take(operator=operator, centre=centre, reason=WHY, lasts=timedelta(hours=1))
    assert client.get(f"{base}calls/{call.pk}/").status_code == 200
    assert client.get(reverse("history-call", args=[call.pk])).status_code == 200
    assert client.get(f"/api/v1/centres/{other.slug}/snapshot/").status_code == 403
    acted = client.post(f"{base}calls/{call.pk}/close/", {}, content_type="application/json")
    assert acted.status_code == 403
    seat = {"boot": "b" * 16}
    watched = client.post(f"{base}calls/{call.pk}/seat/", seat, content_type="application/json")
    assert watched.status_code == 403

    with access.scope(centre):
        assert grants.end(grant, user=operator)
        assert not grants.end(grant, user=operator)
    assert client.get(f"{base}snapshot/").status_code == 403
    assert kinds(centre) == ["grant.taken", "grant.ended"]


def test_a_grant_ends_by_itself(centre: Centre, operator: User) -> None:
    with access.scope(centre):
        grants.take(operator=operator, centre=centre, reason=WHY, lasts=timedelta(hours=1))
    assert access.standing(operator, centre).granted
    past = timezone.now() - timedelta(hours=2)
    Grant.objects.filter(user=operator).update(begins_at=past, ends_at=past + timedelta(hours=1))
    assert not access.standing(operator, centre).granted


@pytest.mark.parametrize(
    ("reason", "lasts", "code"),
    [("why", timedelta(hours=1), "reason_missing"), (WHY, timedelta(hours=13), "too_long")],
)
def test_a_grant_needs_a_reason_and_an_end(
    centre: Centre, operator: User, reason: str, lasts: timedelta, code: str
) -> None:
    with access.scope(centre), pytest.raises(DomainError) as refused:
        grants.take(operator=operator, centre=centre, reason=reason, lasts=lasts)
    assert refused.value.code == code
    assert kinds(centre) == []


def test_what_happens_to_staff_is_in_the_log(centre: Centre) -> None:
    boss = factories.user(centre=centre, role=Role.ADMINISTRATOR, name="Boss")
    person = factories.user(name="Robin")
    made = services.employ(user=person, centre=centre, role=Role.DISPATCHER, actor=boss)
    services.set_role(made, Role.SUPERVISOR, actor=boss)
    services.set_role(made, Role.SUPERVISOR, actor=boss)
    services.new_password(person, actor=boss)
    services.switch(person, on=False, actor=boss)
    services.dismiss(made, actor=boss)
    with access.scope(centre):
        told = [
            (log.sentence(one), one.subject_name, one.actor_name)
            for one in StaffEvent.objects.order_by("pk")
        ]
    assert told == [
        ("Joined: Dispatcher", "Robin", "Boss"),
        ("Role changed: Dispatcher → Supervisor", "Robin", "Boss"),
        ("New password", "Robin", "Boss"),
        ("Account switched off", "Robin", "Boss"),
        ("Removed", "Robin", "Boss"),
    ]


def test_what_concerns_an_account_is_in_every_centres_log(centre: Centre) -> None:
    other = factories.centre()
    person = factories.user(centre=centre)
    services.employ(user=person, centre=other, role=Role.DISPATCHER)
    with access.scope(centre):  # as the admin's middleware holds it
        services.new_password(person)
    factories.carry_out(centre, log.ELSEWHERE)
    assert kinds(centre) == ["staff.password"]
    assert kinds(other) == ["staff.joined", "staff.password"]


def seat(call: Call, person: User) -> Participant:
    who = factories.staff_page(call, person=person)
    with access.scope(call.centre):
        Participant.objects.filter(pk=who.pk).update(
            sid="PA_1", seated_at=timezone.now(), generation=call.generation
        )
    return who


def leaves(call: Call, person: User) -> None:
    services.dismiss(Membership.objects.get(user=person, centre=call.centre))


def becomes_auditor(call: Call, person: User) -> None:
    services.set_role(Membership.objects.get(user=person, centre=call.centre), Role.AUDITOR)


def is_switched_off(call: Call, person: User) -> None:
    services.switch(person, on=False, actor=None)


@pytest.mark.parametrize("change", [leaves, becomes_auditor, is_switched_off])
def test_a_call_moves_away_from_whoever_may_not_watch_it(centre: Centre, change: Any) -> None:
    stranger, stays = factories.user(centre=centre), factories.user(centre=centre)
    theirs, other = factories.call(centre=centre), factories.call(centre=centre)
    for call, people in ((theirs, (stranger, stays)), (other, (stays,))):
        for person in people:
            seat(call, person)
    strangers.put_out()
    change(theirs, stranger)
    strangers.put_out()
    strangers.put_out()  # once: the next generation holds nobody of theirs
    theirs.refresh_from_db()
    other.refresh_from_db()
    assert (theirs.generation, other.generation) == (2, 1)
    base = f"/api/v1/centres/{centre.slug}/calls/{theirs.pk}/seat/"
    if change is not is_switched_off:
        told = client_of(stranger).post(base, {"boot": "c" * 16}, content_type="application/json")
        assert told.status_code in (403, 404)
