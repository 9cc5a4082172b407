"""The console's page, past calls, and who may see which."""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.test import Client
from django.utils import timezone

from callers import links
from callers.models import CallerSession, Fix
from dispatch.calls import chat, services
from dispatch.calls.models import Call
from dispatch.centres import services as staff
from dispatch.centres.access import scope
from dispatch.centres.models import User
from dispatch.centres.permissions import TABLE, Role
from dispatch.tests import factories


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def boot_of(page: bytes) -> dict[str, Any]:
    found = re.search(r'<script id="boot"[^>]*>(.*?)</script>', page.decode(), re.DOTALL)
    assert found
    boot: dict[str, Any] = json.loads(found[1])
    return boot


def test_the_console_tells_its_script_what_it_needs() -> None:
    centre = factories.centre(
        name="New <Haven> 911",
        languages=["en", "es", "xx"],  # the last one callers could not get
        location=Point(-72.9279, 41.3083, srid=4326),
    )
    person = factories.user(centre=centre)
    answer = client_of(person).get("/console/?number=%2B1 203 555 0142</script>")
    assert answer["Cache-Control"] == "no-store"
    boot = boot_of(answer.content)
    assert boot.pop("csrf")
    assert boot.pop("version")
    assert boot == {
        "centre": {
            "slug": centre.slug,
            "name": "New <Haven> 911",
            "country": "US",
            "languages": [
                {"code": "en", "name": "English"},
                {"code": "es", "name": "español"},
            ],
            "default_language": "en",
            "center": [41.3083, -72.9279],
            "zoom": 12,
        },
        "centres": [{"slug": centre.slug, "name": "New <Haven> 911"}],
        "user": {
            "id": person.pk,
            "name": person.name,
            "email": person.email,
            "role": "dispatcher",
            "may": [action for action, rule in TABLE.items() if Role.DISPATCHER in rule.roles],
        },
        "api": f"/api/v1/centres/{centre.slug}/",
        "ws": "/ws/console/",
        "map": {"pmtiles": "/static/map/world.pmtiles"},
        "prefill_number": "+1 203 555 0142</script>",
        "urls": {
            "console": "/console/",
            "login": "/account/login/",
            "logout": "/account/logout/",
            "admin": None,
            "history": "/console/history/",
        },
    }


def test_a_centre_without_a_place_starts_with_the_world() -> None:
    centre = factories.centre()
    boot = boot_of(client_of(factories.user(centre=centre)).get("/console/").content)
    assert (boot["centre"]["center"], boot["centre"]["zoom"]) == ([25.0, 0.0], 1)
    assert boot["centre"]["languages"] == [{"code": "en", "name": "English"}]


def test_one_who_works_in_two_centres_chooses_and_the_choice_lasts() -> None:
    one, two, foreign = factories.centre(), factories.centre(), factories.centre()
    person = factories.user(centre=one)
    staff.employ(user=person, centre=two, role="administrator")
    client = client_of(person)
    for slug in (two.slug, one.slug, two.slug):
        assert boot_of(client.get(f"/console/?centre={slug}").content)["centre"]["slug"] == slug
        assert boot_of(client.get("/console/").content)["centre"]["slug"] == slug
    boot = boot_of(client.get("/console/").content)
    assert {one.slug, two.slug} == {centre["slug"] for centre in boot["centres"]}
    assert (boot["user"]["role"], boot["urls"]["admin"]) == ("administrator", "/admin/")
    for unknown in (foreign.slug, "nowhere"):
        answer = client.get(f"/console/?centre={unknown}")
        assert answer.status_code == 404
        assert "you do not work there" in answer.content.decode()
        assert foreign.name not in answer.content.decode()


def test_one_who_works_nowhere_is_told_what_to_do() -> None:
    answer = client_of(factories.user()).get("/console/")
    assert (answer.status_code, answer["Cache-Control"]) == (403, "no-store")
    assert "Ask your administrator" in answer.content.decode()


def test_strangers_sign_in_first() -> None:
    for page in ("/console/?number=5", "/console/history/"):
        answer = Client().get(page)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/?next=/console/")


def closed_call(**fields: Any) -> Call:
    """A call with a message, a link, a session and five positions, closed."""
    call = factories.call(**fields)
    with scope(call.centre):
        chat.post(call, text="I am <b>behind</b> the barn", key="1", user=call.owner)
        link = links.make(call)
        session = CallerSession.objects.create(
            centre=call.centre,
            call=call,
            link=link,
            cookie_sha256=secrets.token_hex(32),
            device="iPhone, Safari",
            opened_at=timezone.now(),
        )
        for seq in range(5):
            at = timezone.now() + timedelta(seconds=seq)
            Fix.objects.create(
                centre=call.centre,
                call=call,
                session=session,
                boot="b",
                client_seq=seq,
                point=Point(-72.9 - seq / 1000, 41.3, srid=4326),
                accuracy=12,
                at=at,
                received_at=at,
            )
        services.close(call, user=call.owner)
    return call


def test_past_calls_are_listed_found_and_shown() -> None:
    centre = factories.centre()
    client = client_of(factories.user(centre=centre))
    past = closed_call(centre=centre, number="+12035550142")
    other = closed_call(centre=centre, number="+12035550199")
    still_open = factories.call(centre=centre)
    answer = client.get("/console/history/")
    assert answer["Cache-Control"] == "no-store"
    listed = answer.content.decode()
    assert str(past.pk) in listed
    assert str(other.pk) in listed
    assert str(still_open.pk) not in listed
    found = client.get("/console/history/?number=(203) 555-0142").content.decode()
    assert str(past.pk) in found
    assert str(other.pk) not in found
    answer = client.get(f"/console/history/{past.pk}/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    page = answer.content.decode()
    assert "+1 203-555-0142" in page
    assert "Call closed" in page
    assert "I am &lt;b&gt;behind&lt;/b&gt; the barn" in page
    assert "iPhone, Safari" in page
    track = re.search(r'<script id="track-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert track
    fixes = json.loads(track[1])["fixes"]
    assert [round(fix["lon"], 3) for fix in fixes] == [-72.9, -72.901, -72.902, -72.903, -72.904]


def test_pages_of_fifty() -> None:
    centre = factories.centre()
    owner = factories.user(centre=centre)
    now = timezone.now()
    with scope(centre):
        Call.objects.bulk_create(
            Call(
                centre=centre,
                number="+12035550100",
                language="en",
                owner=owner,
                state=Call.State.CLOSED,
                opened_at=now - timedelta(minutes=place),
                closed_at=now,
            )
            for place in range(60)
        )
    client = client_of(owner)
    first = client.get("/console/history/").content.decode()
    second = client.get("/console/history/?page=2").content.decode()
    assert (first.count("<tr>"), second.count("<tr>")) == (51, 11)
    assert client.get("/console/history/?page=junk").status_code == 200


def test_another_centres_calls_are_not_there() -> None:
    centre, foreign = factories.centre(), factories.centre()
    client = client_of(factories.user(centre=centre))
    past = closed_call(centre=foreign)
    assert str(past.pk) not in client.get("/console/history/").content.decode()
    assert client.get(f"/console/history/?centre={foreign.slug}").status_code == 404
    answer = client.get(f"/console/history/{past.pk}/")
    assert answer.status_code == 404
    assert "behind" not in answer.content.decode()
    assert client.get("/console/history/00000000-0000-0000-0000-000000000000/").status_code == 404
