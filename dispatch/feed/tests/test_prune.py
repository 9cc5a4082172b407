"""Old entries go; what a page that was away for a moment needs stays."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from dispatch.feed import prune, replay
from dispatch.feed.models import Entry
from dispatch.feed.prune import KEPT_AT_MOST, KEPT_WHOLE
from dispatch.feed.unit import append, unit

WALL = 4243


def filled(entries: int) -> str:
    name = f"test:{uuid.uuid4()}"
    with unit(wall=WALL):
        for number in range(entries):
            append(name, "kind", str(number), {})
    return name


def aged(name: str, by: timedelta) -> None:
    Entry.objects.filter(stream_id=name).update(at=timezone.now() - by)


def kept(name: str) -> list[int]:
    return [entry["seq"] for entry in replay.entries_after(name, 0)]


def answer(name: str, last_seq: int) -> str:
    with unit(wall=WALL, snapshot=True):
        found = replay.catch_up(name, known_epoch=replay.epoch(), last_seq=last_seq, build=list)
    return str(found["t"])


def test_the_last_hour_and_the_last_entries_are_kept() -> None:
    total = replay.REPLAY_LIMIT + 20
    young, old, ancient = filled(total), filled(total), filled(3)
    aged(old, KEPT_WHOLE + timedelta(minutes=1))
    aged(ancient, KEPT_AT_MOST + timedelta(minutes=1))
    assert prune.entries() >= 23
    assert kept(young) == list(range(1, total + 1))
    assert kept(old) == list(range(21, total + 1))
    assert kept(ancient) == []
    assert replay.head(ancient) == 3  # the sequence goes on where it was
    assert answer(old, 20) == "entries"
    assert answer(ancient, 2) == "snapshot"
    assert answer(ancient, 3) == "entries"  # it has everything


def test_many_are_deleted_in_several_goes() -> None:
    name = filled(25)
    aged(name, KEPT_AT_MOST + timedelta(minutes=1))
    before, prune.BATCH = prune.BATCH, 10
    try:
        assert prune.entries() >= 25
    finally:
        prune.BATCH = before
    assert kept(name) == []
