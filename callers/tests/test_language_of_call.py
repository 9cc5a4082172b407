"""Languages of a call: what the dispatcher chose, what the page says it is in, and the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from callers import catalogue, links, sessions
from callers.sms import words as texts
from dispatch.calls.models import Call
from dispatch.centres import languages
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.console import snapshot
from dispatch.feed.models import Entry
from dispatch.tests import factories
from dispatch.tests.caller import Phone, secret_of

BROWSER = Path(settings.BASE_DIR) / "static" / "src" / "caller"
LINK = "https://sightline.example/newhaven#0123456789abcdefABCDEF"
#: What is called the same in every language.
NAMES = {"JavaScript", "Safari", "Chrome", "English", "Español"}
SAID_BY = ("data-say", "data-say-label", "data-say-hint")


@pytest.fixture
def centre() -> Centre:
    return factories.centre(name="Leitstelle", languages=["en", "es", "ar"])


# The call


def session_item(call: Call) -> dict[str, object]:
    with scope(call.centre, snapshot=True):
        return next(item["body"] for item in snapshot.items() if item["kind"] == "session")


@pytest.mark.parametrize(
    ("language", "chosen"), [("en", None), ("ar", "ar"), ("fr", None), ("es-mx", "es")]
)
def test_the_dispatchers_choice_is_told_where_it_is_one(
    centre: Centre, language: str, chosen: str | None
) -> None:
    phone = Phone(secret_of(factories.call(centre=centre, language=language)))
    answer = phone.open().json()
    assert (answer["language"], answer["chosen"]) == (language, chosen)


def test_the_console_hears_what_the_caller_reads(centre: Centre) -> None:
    call = factories.call(centre=centre)
    phone = Phone(secret_of(call))
    phone.http.defaults["HTTP_ACCEPT_LANGUAGE"] = "es-MX"
    phone.open()
    phone.say("seen")
    assert session_item(call)["language"] == "es"
    assert phone.items({"kind": "language", "language": "ar"})["refused"] == []
    assert session_item(call)["language"] == "ar"
    (refused,) = phone.items({"kind": "language", "language": "xx"})["refused"]
    assert refused["code"] == "bad_item"
    assert session_item(call)["language"] == "ar"
    # A reload comes in the browser's language, and says so.
    body = {"secret": phone.secret, "boot": phone.boot, "session": phone.session}
    phone.post("/s/", body | {"language": "en"})
    assert session_item(call)["language"] == "en"


def test_what_one_request_has_told_the_next_does_not_take_back(centre: Centre) -> None:
    call = factories.call(centre=centre)
    phone = Phone(secret_of(call))
    phone.open()
    with scope(centre):
        unseen = call.sessions.get()  # items on their way while the page is reported as seen
    phone.say("seen")
    with scope(centre):
        sessions.reads(unseen, language="es")
    assert session_item(call)["language"] == "es"
    told = Entry.objects.filter(stream_id=centre.stream, kind="session").order_by("seq").last()
    assert told is not None
    assert told.body
    assert told.body["language"] == "es"
    with scope(centre):
        early = call.sessions.get()  # a socket that is being admitted
        sessions.reads(call.sessions.get(), language="ar")
        sessions.heard(early.pk, by=phone.boot)
    told = Entry.objects.filter(stream_id=centre.stream, kind="session").order_by("seq").last()
    assert told is not None
    assert told.body
    assert told.body["language"] == "ar"


def test_a_page_that_says_nothing_of_its_language_gets_the_negotiated_one(centre: Centre) -> None:
    call = factories.call(centre=centre)
    found = links.look_up(secret_of(call))
    phone = Phone(secret_of(call))
    phone.http.defaults["HTTP_ACCEPT_LANGUAGE"] = "ar,en"
    phone.open()
    with scope(centre):
        opened = call.sessions.get()
        assert opened.language == "ar"
        sessions.reads(opened, language="ar")  # nothing new, nothing said
        assert found.link_id == opened.link_id


# The text message


@pytest.mark.parametrize(
    ("call", "default", "language"),
    [("es", "en", "es"), ("fr", "ar", "ar"), ("fr", "nl", "en"), ("ar", "en", "ar")],
)
def test_the_text_is_in_the_calls_language(call: str, default: str, language: str) -> None:
    assert catalogue.of_call(call=call, centre=default) == language


def test_a_spanish_text_is_one_gsm_segment() -> None:
    for name in ("Emergencias 112", "Bomberos de Alcalá", "A" * 60, "الطوارئ"):
        body = texts.invitation(centre=name, link=LINK, language="es")
        assert set(body) <= texts.GSM7
        assert len(body) <= texts.SEGMENT
        assert body.endswith(f" {LINK}")
    assert texts.invitation(centre="Alcalá", link=LINK, language="es").startswith("Alcala: ")


def test_an_arabic_text_reads_from_the_right_with_the_sender_first_and_the_link_last() -> None:
    for name in ("New Haven 911", "طوارئ الخليل", "A" * 60, " ", "Ž" * 60):
        body = texts.invitation(centre=name, link=LINK, language="ar")
        assert len(body) <= texts.WIDE
        assert body.endswith(f" {LINK}")
        assert body.startswith(texts.RLM + texts.FSI)
    body = texts.invitation(centre="New Haven 911", link=LINK, language="ar")
    assert body.startswith(f"{texts.RLM}{texts.FSI}New Haven 911{texts.PDI}: ")
    long = "https://h/" + "c" * 110 + "#0123456789abcdefABCDEF"
    assert texts.invitation(centre="X", link=long, language="ar").endswith(long)


# The centre's settings


def test_the_admin_tells_which_languages_callers_get() -> None:
    labels = dict(languages.choices())
    assert labels["es"].endswith("español")
    assert labels["fr"].endswith("(not translated yet)")
    assert languages.offered(["fr", "es", "xx", "en"]) == ["es", "en"]
