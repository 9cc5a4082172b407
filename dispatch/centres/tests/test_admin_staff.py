"""What an administrator does with their centre and its staff."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client

from dispatch.centres import services
from dispatch.centres.models import Centre, Membership, User
from dispatch.centres.tests.test_admin_walls import client_of, house
from dispatch.tests import factories

ADD = "/admin/centres/membership/add/"


def password_in(page: bytes) -> str:
    found = re.search(r"data-password>([a-z0-9-]+)<", page.decode())
    assert found
    return found[1]


def signs_in(email: str, password: str) -> bool:
    answer = Client().post("/account/login/", {"login": email, "password": password})
    return answer.status_code == 302


def test_a_person_is_made_with_a_password_that_is_shown_once() -> None:
    own = house()
    client = client_of(own.administrator)
    email = f"{secrets.token_hex(6)}@example.org"
    answer = client.post(ADD, {"name": "New Person", "email": email.upper(), "role": "dispatcher"})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    password = password_in(answer.content)
    assert len(password) == 23
    person = User.objects.get(email=email)
    assert person.memberships.get().centre == own.centre
    assert (person.is_staff, person.is_superuser) == (False, False)
    assert signs_in(email, password)
    member = person.memberships.get()
    for page in ("/admin/centres/membership/", f"/admin/centres/membership/{member.pk}/change/"):
        assert password not in client.get(page).content.decode()
    entry = LogEntry.objects.filter(user=own.administrator).latest("action_time")
    assert (entry.object_id, entry.is_addition()) == (str(member.pk), True)


def test_an_address_in_use_elsewhere_tells_nothing_more() -> None:
    own, other = house(), house()
    client = client_of(own.administrator)
    answer = client.post(ADD, {"name": "X", "email": other.dispatcher.email, "role": "dispatcher"})
    text = answer.content.decode()
    assert "already has an account" in text
    assert other.dispatcher.name not in text
    assert other.centre.name not in text
    assert not other.dispatcher.memberships.filter(centre=own.centre).exists()


def test_nobody_becomes_an_operator_that_way() -> None:
    own = house()
    email = f"{secrets.token_hex(6)}@example.org"
    fields = {"name": "X", "email": email, "role": "administrator"}
    client_of(own.administrator).post(ADD, fields | {"is_superuser": "on", "centre": "1"})
    person = User.objects.get(email=email)
    assert (person.is_staff, person.is_superuser) == (True, False)
    assert person.memberships.get().centre == own.centre


def test_roles_change_and_the_admin_opens_and_shuts() -> None:
    own = house()
    client = client_of(own.administrator)
    member = own.dispatcher.memberships.get()
    page = f"/admin/centres/membership/{member.pk}/change/"
    for role, staff in (("administrator", True), ("dispatcher", False)):
        assert client.post(page, {"role": role}).status_code == 302
        own.dispatcher.refresh_from_db()
        assert own.dispatcher.is_staff is staff
        assert client_of(own.dispatcher).get("/admin/").status_code == (200 if staff else 403)


def test_one_cannot_demote_or_remove_oneself() -> None:
    own = house()
    client = client_of(own.administrator)
    mine = own.administrator.memberships.get()
    client.post(f"/admin/centres/membership/{mine.pk}/change/", {"role": "dispatcher"})
    answer = client.post(f"/admin/centres/membership/{mine.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403
    mine.refresh_from_db()
    assert mine.role == Membership.Role.ADMINISTRATOR


def test_removing_ends_the_work_and_keeps_the_account() -> None:
    own = house()
    client = client_of(own.administrator)
    member = own.dispatcher.memberships.get()
    answer = client.post(f"/admin/centres/membership/{member.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not own.dispatcher.memberships.exists()
    assert User.objects.filter(pk=own.dispatcher.pk).exists()


def test_a_new_password_ends_every_session() -> None:
    own = house()
    client = client_of(own.administrator)
    signed_in = client_of(own.dispatcher)
    member = own.dispatcher.memberships.get()
    page = f"/admin/centres/membership/{member.pk}/password"
    asked = client.get(page, follow=True)
    assert "Make a new password for" in asked.content.decode()
    page = asked.redirect_chain[-1][0] if asked.redirect_chain else page
    assert signed_in.get("/console/history/").status_code == 200  # asking changes nothing
    password = password_in(client.post(page).content)
    assert signed_in.get("/console/history/").status_code == 302
    assert signs_in(own.dispatcher.email, password)


def test_the_password_of_someone_who_works_elsewhere_too_is_not_ones_own_to_change() -> None:
    own, other = house(), house()
    shared = factories.user(centre=own.centre)
    services.employ(user=shared, centre=other.centre, role="dispatcher")
    operator = factories.user(centre=own.centre, is_staff=True, is_superuser=True)
    client = client_of(own.administrator)
    for person in (shared, operator):
        before = User.objects.get(pk=person.pk).password
        member = person.memberships.get(centre=own.centre)
        answer = client.post(f"/admin/centres/membership/{member.pk}/password", follow=True)
        assert "data-password" not in answer.content.decode()
        assert User.objects.get(pk=person.pk).password == before


def centre_fields(centre: Centre, **changes: Any) -> dict[str, Any]:
    return {
        "name": centre.name,
        "slug": centre.slug,
        "country": "US",
        "language": "en",
        "languages": ["en", "es"],
        "latitude": "",
        "longitude": "",
    } | changes


def test_a_centre_is_placed_by_two_numbers() -> None:
    own = house()
    client = client_of(own.administrator)
    page = f"/admin/centres/centre/{own.centre.pk}/change/"
    fields = centre_fields(own.centre, latitude="41.3083", longitude="-72.9279", language="ar")
    answer = client.post(page, fields | {"slug": "stolen"})
    assert answer.status_code == 302, answer.content.decode()
    centre = Centre.objects.get(pk=own.centre.pk)
    assert centre.location
    assert (centre.location.y, centre.location.x) == (41.3083, -72.9279)
    assert centre.slug == own.centre.slug  # an administrator cannot change it
    assert centre.languages == ["ar", "en", "es"]  # the first language is always offered
    for bad in ({"latitude": "91"}, {"longitude": "181"}, {"longitude": ""}, {"latitude": "nan"}):
        assert client.post(page, fields | bad).status_code == 200
    assert client.post(page, fields | {"latitude": "", "longitude": ""}).status_code == 302
    assert Centre.objects.get(pk=own.centre.pk).location is None


def test_the_operator_makes_centres_and_people() -> None:
    operator = factories.user(is_staff=True, is_superuser=True)
    client = client_of(operator)
    slug = f"n{secrets.token_hex(5)}"
    answer = client.post(
        "/admin/centres/centre/add/", centre_fields(Centre(slug=slug, name="New centre"))
    )
    assert answer.status_code == 302
    centre = Centre.objects.get(slug=slug)
    for taken in ("console", "9x", "Ab"):
        fields = centre_fields(Centre(slug=taken, name="X"))
        assert client.post("/admin/centres/centre/add/", fields).status_code == 200
    # A person with an account starts to work there, with the password they have.
    person = factories.user(password="a long enough password")
    client.get(f"/admin/?_centre={slug}")
    fields = {"name": "ignored", "email": person.email, "role": "administrator"}
    answer = client.post(ADD, fields)
    assert answer.status_code == 302
    assert person.memberships.get().centre == centre
    assert signs_in(person.email, "a long enough password")
    # And one without.
    email = f"{secrets.token_hex(6)}@example.org"
    made = client.post(
        "/admin/centres/user/add/", {"name": "Op", "email": email, "is_superuser": "on"}
    )
    assert signs_in(email, password_in(made.content))
    other = User.objects.get(email=email)
    assert other.is_superuser
    change = f"/admin/centres/user/{other.pk}/change/"
    assert client.post(change, {"name": "Op", "email": email}).status_code == 302
    other.refresh_from_db()
    assert (other.is_superuser, other.is_staff, other.is_active) == (False, False, False)


def test_the_operator_cannot_shut_themselves_out() -> None:
    operator = factories.user(is_staff=True, is_superuser=True)
    page = f"/admin/centres/user/{operator.pk}/change/"
    client_of(operator).post(page, {"name": "Renamed", "email": operator.email})
    operator.refresh_from_db()
    assert (operator.name, operator.is_active, operator.is_superuser) == ("Renamed", True, True)
