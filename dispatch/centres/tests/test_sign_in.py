"""Signing in and out, through allauth as it is configured here."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from dispatch.centres.models import User
from dispatch.tests import factories

LOGIN = "/account/login/"


def person(**fields: Any) -> tuple[User, str]:
    password = secrets.token_urlsafe(16)
    return factories.user(centre=factories.centre(), password=password, **fields), password


def attempt(client: Client, email: str, password: str, **query: str) -> tuple[int, str]:
    answer = client.post(LOGIN, {"login": email, "password": password} | query)
    return answer.status_code, answer.get("Location", "") or answer.content.decode()


def test_in_and_out() -> None:
    user, password = person()
    client = Client()
    assert attempt(client, user.email.upper(), password) == (302, "/console/")
    session = client.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert client.get("/console/history/").status_code == 200
    assert client.get("/account/logout/").status_code == 200  # asking changes nothing
    assert client.get("/console/history/").status_code == 200
    assert client.post("/account/logout/").status_code == 302
    assert client.get("/console/history/")["Location"] == f"{LOGIN}?next=/console/history/"


def test_signing_in_leads_on_to_where_one_was_going_but_never_elsewhere() -> None:
    user, password = person()
    assert attempt(Client(), user.email, password, next="/console/?number=5550142") == (
        302,
        "/console/?number=5550142",
    )
    assert attempt(Client(), user.email, password, next="https://evil.example/") == (
        302,
        "/console/",
    )


def test_a_form_from_elsewhere_is_refused() -> None:
    user, password = person()
    client = Client(enforce_csrf_checks=True)
    assert attempt(client, user.email, password)[0] == 403


def test_a_wrong_password_and_an_unknown_address_get_the_same_words() -> None:
    user, _ = person()
    known = attempt(Client(), user.email, "wrong")
    unknown = attempt(Client(), f"{secrets.token_hex(6)}@example.org", "wrong")
    assert known[0] == unknown[0] == 200
    for status, page in (known, unknown):
        assert status == 200
        assert "is not right" in page or "are not correct" in page


def test_five_failures_lock_the_account_for_a_while_and_say_so() -> None:
    user, password = person()
    other, other_password = person()
    for _ in range(5):
        assert "oo many" not in attempt(Client(), user.email, "wrong")[1]
    for given in ("wrong", password):
        status, page = attempt(Client(), user.email.upper(), given)
        assert status in (200, 429)
        assert "Too many failed" in page
    # Whoever else signs in from the same network is not kept out.
    assert attempt(Client(), other.email, other_password)[0] == 302


def test_success_does_not_count_as_a_failure() -> None:
    user, password = person()
    for _ in range(7):
        assert attempt(Client(), user.email, password)[0] == 302


def test_an_account_that_is_switched_off_stays_out() -> None:
    user, password = person()
    client = Client()
    assert attempt(client, user.email, password)[0] == 302
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/console/history/").status_code == 302  # at once
    assert attempt(Client(), user.email, password)[1] != "/console/"


def test_one_changes_ones_own_password() -> None:
    user, password = person()
    client, elsewhere = Client(), Client()
    for one in (client, elsewhere):
        attempt(one, user.email, password)
    page = "/account/password/change/"
    assert client.get(page).status_code == 200
    fields = {"oldpassword": password, "password1": "short", "password2": "short"}
    assert client.post(page, fields).status_code == 200
    new = secrets.token_urlsafe(16)
    fields |= {"password1": new, "password2": new}
    assert client.post(page, fields).status_code == 302
    assert client.get("/console/history/").status_code == 200
    assert elsewhere.get("/console/history/").status_code == 302
    assert attempt(Client(), user.email, new)[0] == 302


@pytest.mark.parametrize(
    "path", ["signup/", "password/reset/", "email/", "confirm-email/", "login/code/", ""]
)
def test_there_is_no_other_way_to_an_account(path: str) -> None:
    user, password = person()
    signed_in = Client()
    attempt(signed_in, user.email, password)
    for client in (Client(), signed_in):
        assert client.get(f"/account/{path}").status_code == 404
        assert client.post(f"/account/{path}", {"email": "x@example.org"}).status_code == 404


def test_nothing_points_to_pages_that_are_not_there() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
