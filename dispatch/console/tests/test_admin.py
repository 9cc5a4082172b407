"""Call history in the admin: complete, one centre's, and never changed."""

from __future__ import annotations

from django.test import Client

from dispatch.calls.models import Call
from dispatch.centres import services
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, User
from dispatch.console.tests.test_pages import client_of, closed_call
from dispatch.tests import factories


def administrator(centre: Centre) -> User:
    person = factories.user()
    services.employ(user=person, centre=centre, role="administrator")
    person.refresh_from_db()
    return person


def visit(centre: Centre) -> Client:
    return client_of(administrator(centre))


def test_the_list_says_how_far_each_call_came() -> None:
    centre = factories.centre()
    past = closed_call(centre=centre, number="+12035550142")
    page = visit(centre).get("/admin/calls/call/").content.decode()
    assert "+1 203-555-0142" in page
    assert "link requested" in page
    assert past.owner.name in page


def test_a_call_is_shown_whole() -> None:
    centre = factories.centre()
    past = closed_call(centre=centre)
    page = visit(centre).get(f"/admin/calls/call/{past.pk}/change/").content.decode()
    assert "Call opened" in page
    assert "Call closed" in page
    assert "I am &lt;b&gt;behind&lt;/b&gt; the barn" in page
    assert "5 positions stored" in page


def test_nobody_changes_history_not_even_the_operator() -> None:
    centre = factories.centre()
    past = closed_call(centre=centre)
    person = factories.user(is_staff=True, is_superuser=True)
    factories.grant(person, centre=centre)
    operator = client_of(person)
    operator.get(f"/admin/?_centre={centre.slug}")
    for client in (visit(centre), operator):
        page = f"/admin/calls/call/{past.pk}/change/"
        shown = client.get(page)
        assert shown.status_code == 200
        assert 'name="_save"' not in shown.content.decode()
        assert client.post(page, {"state": "open", "number": "+1"}).status_code == 403
        assert (
            client.post(f"/admin/calls/call/{past.pk}/delete/", {"post": "yes"}).status_code == 403
        )
        assert client.get("/admin/calls/call/add/").status_code == 403
        action = {"action": "delete_selected", "_selected_action": str(past.pk), "post": "yes"}
        client.post("/admin/calls/call/", action)
    with scope(centre):
        assert Call.objects.get(pk=past.pk).state == Call.State.CLOSED


def test_search_by_number_stays_within_the_centre() -> None:
    centre, foreign = factories.centre(), factories.centre()
    own = closed_call(centre=centre, number="+12035550142")
    other = closed_call(centre=foreign, number="+12035550142")
    page = visit(centre).get("/admin/calls/call/?q=5550142").content.decode()
    assert str(own.pk) in page
    assert str(other.pk) not in page


def test_an_id_that_is_none_leads_back() -> None:
    client = visit(factories.centre())
    for unknown in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        assert client.get(f"/admin/calls/call/{unknown}/change/").status_code == 302
