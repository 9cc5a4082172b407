"""The caller's side over HTTP: link, session, tap, items; and what it must not give away."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from callers import links
from callers.models import CallerSession, Fix
from dispatch.calls import chat, services
from dispatch.calls.models import Call, ChatMessage
from dispatch.centres.access import scope
from dispatch.centres.models import Centre
from dispatch.console import snapshot
from dispatch.tests import factories
from dispatch.tests.caller import AGENT, Phone, fix, secret_of


@pytest.fixture
def call() -> Call:
    return factories.call(centre=factories.centre(name="New Haven 911"))


@pytest.fixture
def phone(call: Call) -> Phone:
    browser = Phone(secret_of(call))
    assert browser.open().status_code == 200
    return browser


def items(call: Call, kind: str) -> list[dict[str, object]]:
    with scope(call.centre, snapshot=True):
        return [item["body"] for item in snapshot.items() if item["kind"] == kind]


def card(call: Call) -> dict[str, object]:
    return next(body for body in items(call, "call") if body["id"] == str(call.pk))


def test_the_secret_has_128_bits_and_stands_nowhere(call: Call) -> None:
    secret = secret_of(call)
    assert re.fullmatch(r"[0-9A-Za-z]{22}", secret)
    with scope(call.centre):
        link = call.links.get()
        assert links.url(link).endswith(f"/{call.centre.slug}#{secret}")
        assert secret not in repr(link.__dict__)
        assert links.derive(link.pk, 2) != secret


def test_the_page_is_the_same_for_everyone_and_changes_nothing(call: Call) -> None:
    before = card(call)
    page = Client(HTTP_HOST="localhost").get(f"/{call.centre.slug}")
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert "camera=(self)" in page["Permissions-Policy"]
    assert not page.cookies
    assert card(call) == before
    assert Client(HTTP_HOST="localhost").get("/nowhere-at-all").status_code == 404


def test_opening_counts_when_the_page_is_seen_and_only_a_tap_proves_a_person(
    call: Call, phone: Phone
) -> None:
    assert list(card(call)["stages"]) == ["requested"]  # type: ignore[call-overload]
    assert items(call, "session") == []
    assert phone.say("seen").status_code == 204
    assert list(card(call)["stages"]) == ["requested", "opened"]  # type: ignore[call-overload]
    (session,) = items(call, "session")
    assert session["device"] == "iPhone, Safari"
    assert phone.say("tap").json() == {"publisher": phone.boot, "generation": 1}
    assert "tapped" in card(call)["stages"]  # type: ignore[operator]
    assert card(call)["publisher"]["boot"] == phone.boot  # type: ignore[index]


def test_the_cookie_is_for_this_session_only(phone: Phone) -> None:
    cookie = phone.http.cookies["sl_session"]
    assert cookie["path"] == f"/s/{phone.session}/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    stranger = Client(HTTP_HOST="localhost", HTTP_ORIGIN="http://localhost")
    for what in ("seen", "seat", "tap", "items"):
        answer = stranger.post(
            f"/s/{phone.session}/{what}",
            {"boot": phone.boot, "items": []},
            content_type="application/json",
        )
        assert answer.status_code == 404, what


def test_only_our_own_pages_may_post(phone: Phone) -> None:
    answer = phone.post(
        f"/s/{phone.session}/tap", {"boot": phone.boot}, HTTP_ORIGIN="https://evil.example"
    )
    assert answer.status_code == 403
    assert Client(HTTP_HOST="localhost").get("/s/").status_code == 405


@pytest.mark.parametrize(
    "secret", ["", "short", "x" * 22, "a" * 500, "ü" * 22, "' OR 1=1 --......."]
)
def test_a_secret_that_never_was(secret: str) -> None:
    answer = Phone(secret).open()
    assert (answer.status_code, answer.json()["code"]) == (404, "link_dead")


def test_dead_links_answer_alike(call: Call, phone: Phone) -> None:
    unknown = Phone("z" * 22).open().json()
    secret = secret_of(call)
    with scope(call.centre):
        links.revoke(call, user=call.owner)
    assert Phone(secret).open().json() == unknown
    assert phone.open().json() == unknown
    for what in ("seen", "tap", "seat"):
        assert phone.say(what).json() == unknown
    other = factories.call(centre=call.centre)
    browser = Phone(secret_of(other))
    browser.open()
    with scope(call.centre):
        services.close(other, user=other.owner)
    assert Phone(secret_of(other)).open().json() == unknown
    # The page that was there may wait for an undo.
    reload = browser.open()
    assert reload.json()["call"]["state"] == "closed"
    assert browser.say("tap").json()["code"] == "call_closed"
    with scope(call.centre):
        services.undo_close(other, user=other.owner)
    assert Phone(secret_of(other)).open().status_code == 200
    assert browser.say("tap").json()["generation"] == 2


def test_the_newest_tapping_device_publishes(call: Call, phone: Phone) -> None:
    phone.say("tap")
    second = Phone(secret_of(call))
    second.open()
    assert second.say("tap", resume=True).json()["code"] == "taken_over"
    assert card(call)["publisher"]["boot"] == phone.boot  # type: ignore[index]
    second.say("tap")
    assert card(call)["publisher"]["boot"] == second.boot  # type: ignore[index]
    # What the older page says about its camera no longer counts.
    phone.items({"kind": "media", "state": "live", "camera": True, "microphone": True})
    assert "joined" not in card(call)["stages"]  # type: ignore[operator]
    second.items({"kind": "media", "state": "live", "camera": True, "microphone": False})
    assert card(call)["media"] == {"state": "live", "camera": True, "microphone": False}
    assert "joined" in card(call)["stages"]  # type: ignore[operator]


def test_a_reload_of_the_publisher_goes_on(call: Call, phone: Phone) -> None:
    phone.say("tap")
    session = phone.session
    phone.load()
    assert phone.open().status_code == 200
    assert phone.session == session
    assert phone.say("tap", resume=True).json()["publisher"] == phone.boot
    with scope(call.centre):
        assert CallerSession.objects.filter(call=call).count() == 1


def test_items_are_applied_once_and_in_order(call: Call, phone: Phone) -> None:
    outcome = phone.items(
        {"kind": "permission", "what": "camera", "outcome": "denied"},
        {"kind": "chat", "text": "<script>alert(1)</script>"},
        {"kind": "permission", "what": "camera", "outcome": "granted"},
        fix(),
    )
    assert outcome == {"acked": [1, 2, 3, 4], "refused": []}
    again = phone.say(
        "items",
        items=[
            {"client_seq": 1, "kind": "permission", "what": "camera", "outcome": "denied"},
            {"client_seq": 2, "kind": "chat", "text": "<script>alert(1)</script>"},
            {"client_seq": 4, **fix()},
        ],
    )
    assert again.json()["acked"] == [1, 2, 4]
    phone.say("seen")
    (session,) = items(call, "session")
    assert session["permissions"]["camera"]["outcome"] == "granted"  # type: ignore[index]
    assert [m["text"] for m in items(call, "chat")] == ["<script>alert(1)</script>"]
    with scope(call.centre):
        assert Fix.objects.filter(call=call).count() == 1


def test_another_session_cannot_swallow_a_message_by_its_key(call: Call, phone: Phone) -> None:
    other = Phone(secret_of(call))
    other.open()
    other.boot = phone.boot
    other.items({"kind": "chat", "text": "mine"})
    phone.items({"kind": "chat", "text": "yours"})
    assert sorted(str(m["text"]) for m in items(call, "chat")) == ["mine", "yours"]


def test_bad_fixes_are_refused_one_by_one(call: Call, phone: Phone) -> None:
    outcome = phone.items(
        fix(),
        fix(lat=91),
        fix(lon=-181),
        fix(accuracy=-1),
        fix(lat="north"),
        {"kind": "fix"},
        {"kind": "dance"},
        fix(lat=41.4),
    )
    assert outcome["acked"] == [1, 8]
    assert [(r["client_seq"], r["code"]) for r in outcome["refused"]] == [
        (2, "bad_position"),
        (3, "bad_position"),
        (4, "bad_position"),
        (5, "bad_position"),
        (6, "bad_position"),
        (7, "bad_item"),
    ]
    assert all(r["message"] for r in outcome["refused"])
    with scope(call.centre):
        assert Fix.objects.filter(call=call).count() == 2


def test_nan_costs_only_its_own_fix(call: Call, phone: Phone) -> None:
    good = '{"client_seq":1,"kind":"fix","lat":41,"lon":-72,"accuracy":9,"at":1,"sent_at":1}'
    bad = good.replace("41", "NaN").replace(":1,", ":2,", 1)
    body = f'{{"boot":"{phone.boot}","items":[{good},{bad}]}}'
    answer = phone.http.post(
        f"/s/{phone.session}/items", body, content_type="application/json"
    ).json()
    assert answer["acked"] == [1]
    assert [(r["client_seq"], r["code"]) for r in answer["refused"]] == [(2, "bad_position")]


def test_no_word_blocks_those_behind_it(call: Call, phone: Phone) -> None:
    """Half an emoji cannot be stored, nor can NUL; sent again for ever, they would block all."""
    cut, nul = json.dumps("help \ud83d me"), json.dumps("no\x00body")
    said = [
        f'{{"client_seq":1,"kind":"chat","text":{cut}}}',
        f'{{"client_seq":2,"kind":"permission","what":"camera","outcome":"denied","detail":{nul}}}',
        '{"client_seq":3,"kind":"chat","text":"behind"}',
    ]
    body = f'{{"boot":"{phone.boot}","items":[{",".join(said)}]}}'
    answer = phone.http.post(f"/s/{phone.session}/items", body, content_type="application/json")
    assert answer.json() == {"acked": [1, 2, 3], "refused": []}
    with scope(call.centre):
        texts = list(ChatMessage.objects.filter(call=call).values_list("text", flat=True))
    assert texts == ["help \ufffd me", "behind"]


def test_what_cannot_be_stored_is_refused_alone(
    call: Call, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = chat.post

    def odd(*args: Any, text: str, **more: Any) -> Any:
        return post(*args, text="\ud83d" if text == "odd" else text, **more)

    monkeypatch.setattr(chat, "post", odd)
    outcome = phone.items({"kind": "chat", "text": "odd"}, {"kind": "chat", "text": "behind"})
    assert outcome["acked"] == [2]
    assert [(r["client_seq"], r["code"]) for r in outcome["refused"]] == [(1, "bad_item")]


def test_a_wrong_clock_is_corrected_and_flagged(call: Call, phone: Phone) -> None:
    from datetime import timedelta

    from django.utils import timezone

    years_ago = 1_000_000_000_000.0
    phone.items(fix(at=years_ago - 5_000, sent_at=years_ago), fix(lat=42, at=1e300, sent_at=1e301))
    with scope(call.centre):
        wrong, absurd = Fix.objects.filter(call=call).order_by("client_seq")
    age = timezone.now() - wrong.at
    assert timedelta(seconds=4.9) < age < timedelta(seconds=20)
    assert wrong.corrected
    assert wrong.device_at.year == 2001
    assert absurd.corrected
    phone.items(fix(lat=43))
    with scope(call.centre):
        assert not Fix.objects.get(call=call, client_seq=3).corrected


def test_the_ten_thousandth_fix_in_a_minute_is_throttled(call: Call, phone: Phone) -> None:
    acked = refused = 0
    for _ in range(20):
        outcome = phone.items(*(fix() for _ in range(500)))
        acked += len(outcome["acked"])
        refused += len(outcome["refused"])
        assert {r["code"] for r in outcome["refused"]} <= {"throttled"}
    assert acked + refused == 10_000
    # A window of a minute may have begun anew meanwhile, so one limit or two.
    assert acked in (1_200, 2_400)
    with scope(call.centre):
        assert Fix.objects.filter(call=call).count() == acked
    assert phone.items({"kind": "chat", "text": "still heard"})["refused"] == []


def test_too_much_at_once_is_refused_by_size(phone: Phone) -> None:
    long = phone.items({"kind": "chat", "text": "x" * 3_000})
    assert long["refused"][0]["code"] == "too_long"
    answer = phone.say("items", items=[{"client_seq": 1, "kind": "chat", "text": "x" * 10_000_000}])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")


def test_a_caller_of_one_call_is_nobody_in_another(call: Call, phone: Phone) -> None:
    other = factories.call(centre=factories.centre())
    browser = Phone(secret_of(other))
    browser.open()
    phone.http.cookies["sl_session"]["path"] = f"/s/{browser.session}/"
    answer = phone.post(f"/s/{browser.session}/tap", {"boot": phone.boot})
    assert answer.status_code == 404
    assert phone.post(f"/s/{uuid.uuid4()}/tap", {"boot": phone.boot}).status_code == 404


def test_the_callers_side_knows_no_names_or_numbers(call: Call, phone: Phone) -> None:
    answer = phone.open()
    said = answer.content.decode()
    assert call.number not in said
    assert call.owner.name not in said
    assert AGENT not in said
    assert answer.json()["centre"]["name"] == Centre.objects.get(pk=call.centre_id).name


def test_what_an_earlier_page_load_says_late_changes_nothing_newer(
    call: Call, phone: Phone
) -> None:
    def state() -> tuple[dict[str, str], list[str]]:
        (session,) = items(call, "session")
        outcomes = {what: p["outcome"] for what, p in session["permissions"].items()}  # type: ignore[attr-defined]
        return outcomes, session["conditions"]  # type: ignore[return-value]

    phone.say("seen")
    phone.items({"kind": "permission", "what": "camera", "outcome": "denied"})
    before, seq = phone.boot, phone.seq
    phone.load()
    phone.open()
    # What nobody has said anything newer of is worth knowing, whoever says it.
    newer, phone.boot, phone.seq = phone.boot, before, seq
    phone.items({"kind": "permission", "what": "microphone", "outcome": "granted"})
    phone.boot, phone.seq = newer, 0
    phone.items(
        {"kind": "permission", "what": "camera", "outcome": "granted"},
        {"kind": "conditions", "names": ["tcp"]},
    )
    now = ({"camera": "granted", "microphone": "granted"}, ["tcp"])
    assert state() == now
    phone.boot, phone.seq = before, seq + 1
    late = phone.items(
        {"kind": "permission", "what": "camera", "outcome": "busy"},
        {"kind": "conditions", "names": ["hidden"]},
    )
    assert late == {"acked": [seq + 2, seq + 3], "refused": []}
    assert state() == now
    # An older tab that sends is no earlier page load: it tells how things are.
    phone.say("tap")
    phone.items({"kind": "conditions", "names": ["hidden"]})
    assert state()[1] == ["hidden"]


def test_a_link_opens_no_sessions_without_end(call: Call, phone: Phone) -> None:
    secret = secret_of(call)
    answers = [Phone(secret).open().status_code for _ in range(250)]
    # A window of a minute may have begun anew meanwhile, so one limit or two.
    assert answers.count(200) in (119, 120, 239, 240)
    assert set(answers) == {200, 429}
    assert phone.say("seen").status_code == 204, "who is in stays in"


def test_nesting_without_end_is_no_post(phone: Phone) -> None:
    body = f'{{"boot":"{phone.boot}","items":{"[" * 50_000}'
    answer = phone.http.post(f"/s/{phone.session}/items", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_page_that_never_tapped_moves_no_stage(call: Call, phone: Phone) -> None:
    phone.say("seen")
    lurker = Phone(secret_of(call))
    lurker.open()
    lurker.items(
        {"kind": "permission", "what": "camera", "outcome": "granted"},
        {"kind": "media", "state": "live", "camera": True, "microphone": True},
    )
    assert list(card(call)["stages"]) == ["requested", "opened"]  # type: ignore[call-overload]
    phone.say("tap")
    phone.items({"kind": "permission", "what": "camera", "outcome": "denied"})
    assert card(call)["stages"]["permitted"]["failed"] == "camera refused"  # type: ignore[index]
    phone.items({"kind": "permission", "what": "position", "outcome": "granted"})
    assert card(call)["stages"]["permitted"]["at"]  # type: ignore[index]
