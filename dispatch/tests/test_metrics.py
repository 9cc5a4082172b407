"""Metrics: who may read them, what is in them, and that nothing of a person is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from dispatch import counters
from dispatch.calls import stages
from dispatch.calls.models import Call, Stage, StageMark
from dispatch.centres.access import scope
from dispatch.feed import counters as feed
from dispatch.outbox.models import Item
from dispatch.tests import factories
from dispatch.upkeep import figures, parts

#: Labels whose values are words of our own, or the name of a node or of a bucket.
LABELS = {"kind", "outcome", "class", "part", "state", "node", "start", "end", "le", ""}


def get(**more: Any) -> Any:
    return Client().get("/metrics", **more)


def read() -> dict[tuple[str, str], float]:
    """Every sample, by its name and its label's value (the last, where there are several)."""
    answer = get()
    assert answer.status_code == 200
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_only_this_machine_or_the_token_gets_them(settings: Any) -> None:
    assert get().status_code == 200
    assert get(REMOTE_ADDR="203.0.113.9").status_code == 404
    # A proxy on this machine that tells the web server nothing of where people are.
    for name in ("X_FORWARDED_FOR", "X_FORWARDED_PROTO", "FORWARDED", "VIA"):
        assert get(**{f"HTTP_{name}": "203.0.113.9"}).status_code == 404
    afar = {"REMOTE_ADDR": "203.0.113.9"}
    # Without a token in the settings an empty one opens nothing.
    assert get(**afar, HTTP_AUTHORIZATION="Bearer ").status_code == 404
    settings.METRICS_TOKEN = "a-long-token"
    assert get(**afar, HTTP_AUTHORIZATION="Bearer another").status_code == 404
    assert get(**afar, HTTP_AUTHORIZATION="Bearer a-long-token").status_code == 200
    assert Client().post("/metrics").status_code == 405


def test_what_is_counted_is_shown() -> None:
    before = read()

    def more(name: str, label: str = "") -> float:
        return after.get((f"sightline_{name}", label), 0) - before.get(
            (f"sightline_{name}", label), 0
        )

    counters.count(counters.FIXES, by=3)
    feed.happened(feed.HEALS)
    feed.opened("centre")
    feed.lagging(7_000)  # more than any other test left behind
    Client().get("/nothing/here/")
    after = read()
    assert more("fixes_total") == 3
    assert more("feed_heals_total") == 1
    assert more("feed_sockets", "centre") == 1
    assert after["sightline_feed_lag_entries", ""] == 7_000
    assert more("http_answers_total", "4xx") == 1
    assert more("http_answers_total", "2xx") == 1  # the reading before
    feed.closed("centre")
    assert after["sightline_part_up", "db"] == 1
    assert after["sightline_process_resident_memory_bytes", ""] > 1e6


def test_the_lag_is_the_largest_lately(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_lags", [])
    for entries in (3, 9, 5, 5, 0):
        feed.lagging(entries)
    assert feed.lag() == 9
    monkeypatch.setattr(feed, "LAG_KEPT_S", -1.0)
    assert feed.lag() == 0


def test_the_outbox_is_as_the_table_says() -> None:
    centre = factories.centre()
    before = figures.outbox()
    now = timezone.now()
    old = now - timedelta(days=300)
    rows = [
        Item(wall=centre.pk, kind="test.due", due_at=old),
        Item(wall=centre.pk, kind="test.later", due_at=now + timedelta(hours=1)),
        Item(wall=centre.pk, kind="test.lost", due_at=old, state=Item.State.UNKNOWN),
    ]
    Item.objects.bulk_create(rows)
    after = figures.outbox()
    Item.objects.filter(kind__startswith="test.", wall=centre.pk).delete()
    assert after.due - before.due == 1
    assert after.unknown - before.unknown == 1
    assert after.oldest_due_s == pytest.approx(timedelta(days=300).total_seconds(), abs=60)
    assert figures.outbox().oldest_due_s < after.oldest_due_s


def a_call(*, test: bool = False) -> Call:
    """Accepted 2 s after it was requested; delivered 0.2 s after that."""
    call = factories.call(centre=factories.centre(), is_test=test)
    with scope(call.centre):
        asked = StageMark.objects.get(call=call, stage=Stage.REQUESTED).at
        assert asked is not None
        stages.reach(call, Stage.ACCEPTED, asked + timedelta(seconds=2))
        stages.reach(call, Stage.DELIVERED, asked + timedelta(seconds=2.2))
    return call


def test_stage_times_are_those_of_the_calls() -> None:
    def steps() -> dict[str, figures.Step]:
        return {step.end: step for step in figures.steps()}

    before, opened = steps(), figures.open_calls()
    a_call()
    a_call(test=True)  # stays out
    after = steps()
    assert figures.open_calls() - opened == 1
    accepted = [
        b - a for a, b in zip(before["accepted"].counts, after["accepted"].counts, strict=True)
    ]
    at = figures.BOUNDS_S.index(2.5)
    assert accepted == [0] * at + [1] * (len(figures.BOUNDS_S) + 1 - at)
    assert after["accepted"].total_s - before["accepted"].total_s == pytest.approx(2, abs=0.01)
    delivered = [
        b - a for a, b in zip(before["delivered"].counts, after["delivered"].counts, strict=True)
    ]
    assert delivered[figures.BOUNDS_S.index(0.25)] == 1
    assert after["first_frame"].counts[-1] >= before["first_frame"].counts[-1]


def test_what_is_older_than_an_hour_is_no_figure_of_now() -> None:
    call = a_call()
    before = figures.steps()[0].counts[-1]
    with scope(call.centre):
        marks = StageMark.objects.filter(call=call)
        marks.update(at=timezone.now() - timedelta(hours=2))
    assert figures.steps()[0].counts[-1] == before - 1


def test_without_the_database_the_own_counters_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    away: parts.Verdicts = {"db": False, "redis": True, "worker": None}
    monkeypatch.setattr(parts, "now", lambda: away)
    monkeypatch.setattr(figures, "outbox", lambda: pytest.fail("asked"))
    found = read()
    assert found["sightline_part_up", "db"] == 0
    assert ("sightline_part_up", "worker") not in found
    assert ("sightline_feed_lag_entries", "") in found


def test_no_label_says_anything_of_a_call_or_a_person() -> None:
    call = a_call()
    counters.count(counters.WEBHOOKS, "forged")
    text = get().content.decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert set(sample.labels) <= LABELS, sample
            for label, value in sample.labels.items():
                assert label == "node" or re.fullmatch(r"[a-z0-9_.]*|\+Inf", value), sample
    for secret in (call.number, call.number[2:], str(call.pk), call.centre.slug, call.owner.name):
        assert secret not in text
