"""Texts: what every provider promises, and what the two built-in ones do."""

from __future__ import annotations

import io
import logging
import re
import sys
import uuid
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from callers import demo, links
from callers.models import DemoText, TextMessage
from callers.sms import gateway, words
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.feed.unit import InsideUnit
from dispatch.outbox.deadline import Deadline
from dispatch.tests import factories

LINK = "http://localhost:8000/newhaven#0123456789abcdefABCDEF"
BODY = f"New Haven 911: show us what you see. Open this link: {LINK}"


def soon() -> Deadline:
    return Deadline.within(5)


def text_of(centre: Centre) -> TextMessage:
    call = factories.call(centre=centre, number="+12035550142")
    with scope(centre):
        text: TextMessage = TextMessage.objects.create(
            centre=centre,
            call=call,
            link=links.make(call),
            number=call.number,
            provider="demo",
            queued_at=timezone.now(),
        )
    return text


@pytest.fixture
def _development(settings: Any) -> None:
    settings.DEVELOPMENT, settings.SMS_PROVIDER = True, "demo"


@pytest.mark.parametrize("name", sorted(gateway.PROVIDERS))
def test_every_provider_keeps_the_promises(name: str) -> None:
    provider = gateway.get(name)
    assert provider.name == name
    assert isinstance(provider.capabilities, gateway.Capabilities)
    # An unsigned report is believed by nobody.
    request = RequestFactory().post("/sms/report", b"{}", content_type="application/json")
    assert provider.verify_signature(request) is False
    assert provider.parse_delivery(request) == []
    with scope(factories.centre()), pytest.raises(InsideUnit):
        provider.send(to="+12035550142", body=BODY, reference=str(uuid.uuid4()), deadline=soon())


def test_an_unknown_provider_is_a_text_that_surely_did_not_go() -> None:
    with pytest.raises(gateway.NotAccepted, match="console, demo"):
        gateway.get("carrier-pigeon")


@pytest.mark.usefixtures("_development")
def test_the_demo_provider_shows_texts_on_the_phone() -> None:
    centre = factories.centre(name="New <Haven> 911")
    text = text_of(centre)
    provider = gateway.get("demo")
    sent = provider.send(to=text.number, body=BODY, reference=str(text.pk), deadline=soon())
    again = provider.send(to=text.number, body=BODY, reference=str(text.pk), deadline=soon())
    assert sent == again
    assert sent.state == "delivered"
    kept = DemoText.objects.get(text=text)
    assert (kept.centre, kept.number, kept.sender) == (centre, "+12035550142", centre.name)
    assert (kept.body, kept.link) == (BODY, LINK)

    answer = Client().get("/demo/phone/texts.json")
    assert answer["Cache-Control"] == "no-store"
    (shown,) = (one for one in answer.json()["texts"] if one["id"] == str(text.pk))
    assert shown["to"] == "+12035550142"
    assert shown["sender"] == "New <Haven> 911"
    assert shown["body_before"] == "New Haven 911: show us what you see. Open this link: "
    assert shown["link"] == LINK
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["at"])
    assert shown["qr_svg"].startswith("<svg ")
    for minded in ("style", "<script", "http://local"):
        assert minded not in shown["qr_svg"]

    page = Client().get("/demo/phone/")
    assert page["Cache-Control"] == "no-store"
    assert LINK in page.content.decode()
    assert "New &lt;Haven&gt; 911" in page.content.decode()


@pytest.mark.usefixtures("_development")
def test_the_demo_phone_is_newest_first_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "SHOWN", 3)
    centre = factories.centre()
    provider = gateway.get("demo")
    for place in range(demo.SHOWN + 1):
        text = text_of(centre)
        provider.send(to=text.number, body=f"text {place}", reference=str(text.pk), deadline=soon())
    shown = Client().get("/demo/phone/texts.json").json()["texts"]
    assert len(shown) == demo.SHOWN
    assert [one["body_before"] for one in shown[:2]] == ["text 3", "text 2"]
    assert (shown[0]["link"], shown[0]["qr_svg"]) == ("", "")


@pytest.mark.usefixtures("_development")
def test_a_text_nobody_knows_is_not_accepted() -> None:
    with pytest.raises(gateway.NotAccepted):
        gateway.get("demo").send(to="+1", body=BODY, reference=str(uuid.uuid4()), deadline=soon())


@pytest.mark.parametrize(("development", "provider"), [(False, "demo"), (True, "console")])
def test_the_demo_phone_is_off_elsewhere(settings: Any, development: bool, provider: str) -> None:
    settings.DEVELOPMENT, settings.SMS_PROVIDER = development, provider
    for page in ("/demo/phone/", "/demo/phone/texts.json"):
        assert Client().get(page).status_code == 404


@pytest.mark.usefixtures("_development")
def test_the_demo_phone_is_for_its_own_machine() -> None:
    for page in ("/demo/phone/", "/demo/phone/texts.json"):
        for address, status in (("::1", 200), ("192.168.7.20", 404), ("unknown", 404), ("", 404)):
            assert Client(REMOTE_ADDR=address).get(page).status_code == status


def test_the_demo_provider_is_off_outside_development(settings: Any) -> None:
    settings.DEVELOPMENT = False
    text = text_of(factories.centre())
    with pytest.raises(gateway.NotAccepted, match="development only"):
        gateway.get("demo").send(to=text.number, body=BODY, reference=str(text.pk), deadline=soon())
    assert not DemoText.objects.filter(text=text).exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_console_provider_prints_and_never_logs(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider = gateway.get("console")
    settings.DEVELOPMENT = False
    with caplog.at_level(logging.DEBUG):
        monkeypatch.setattr(sys, "stdout", terminal := Terminal())
        sent = provider.send(
            to="+12035550142", body=BODY, reference=str(uuid.uuid4()), deadline=soon()
        )
        assert terminal.getvalue() == f"text to +12035550142: {BODY}\n"
        assert sent.state == "accepted"
        # A file or a pipe is no terminal: nothing is written, and nobody is told it went out.
        monkeypatch.setattr(sys, "stdout", pipe := io.StringIO())
        with pytest.raises(gateway.NotAccepted, match="no terminal"):
            provider.send(
                to="+12035550142", body=BODY, reference=str(uuid.uuid4()), deadline=soon()
            )
        assert pipe.getvalue() == ""
        settings.DEVELOPMENT = True
        provider.send(to="+12035550142", body=BODY, reference=str(uuid.uuid4()), deadline=soon())
        assert BODY in pipe.getvalue()
    assert LINK not in caplog.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("New Haven 911", "New Haven 911"),
        ("Pompiers de Genève", "Pompiers de Genève"),  # è is in GSM-7
        ("Câmara de Évora", "Camara de Évora"),  # â is not
        ("Tísňová linka", "Tisnova linka"),
        ("الطوارئ", "Emergency services"),
        ("  Two\nlines ", "Two lines"),
    ],
)
def test_the_words_fit_one_gsm_segment_with_the_link_last(name: str, shown: str) -> None:
    body = words.invitation(centre=name, link=LINK)
    assert body == f"{shown}: show us what you see. Open this link: {LINK}"
    assert len(body) <= words.SEGMENT
    assert set(body) <= words.GSM7


def test_a_name_that_is_too_long_is_cut_never_the_link() -> None:
    for length in range(20, 105):
        link = "https://h/" + "c" * length + "#0123456789abcdefABCDEF"
        body = words.invitation(centre="A" * 60, link=link)
        assert body.endswith(link)
        assert len(body) <= words.SEGMENT
