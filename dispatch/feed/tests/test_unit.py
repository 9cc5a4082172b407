"""The unit of work and its appends."""

from __future__ import annotations

import uuid
from contextlib import suppress

import pytest
from django.db import connection, transaction

from dispatch.feed import replay
from dispatch.feed.models import Entry
from dispatch.feed.unit import InsideUnit, OutsideUnit, append, forbid_inside_unit, unit

WALL = 4242


def stream() -> str:
    return f"test:{uuid.uuid4()}"


def keys(name: str) -> list[tuple[int, str]]:
    return [(entry["seq"], entry["id"]) for entry in replay.entries_after(name, 0)]


def test_appends_are_numbered_from_one_without_gaps() -> None:
    name = stream()
    for key in ("a", "b"):
        with unit(wall=WALL):
            append(name, "kind", key, {"v": 1})
    assert keys(name) == [(1, "a"), (2, "b")]
    assert replay.head(name) == 2


def test_an_item_appended_twice_becomes_one_entry_with_its_last_value() -> None:
    name, values = stream(), {"v": 1}
    with unit(wall=WALL):
        append(name, "kind", "a", {"v": 0})
        append(name, "kind", "b", {"v": 0})
        append(name, "kind", "a", lambda: dict(values))
        values["v"] = 7  # drawn at the end of the unit, not when it was appended
    assert [(e["id"], e["body"]) for e in replay.entries_after(name, 0)] == [
        ("b", {"v": 0}),
        ("a", {"v": 7}),
    ]


def test_a_rolled_back_savepoint_drops_its_appends_and_a_rolled_back_unit_all() -> None:
    name = stream()
    with unit(wall=WALL):
        append(name, "kind", "kept", {})
        with suppress(ZeroDivisionError), transaction.atomic():
            append(name, "kind", "dropped", {})
            raise ZeroDivisionError
        with suppress(ZeroDivisionError), unit(wall=WALL):
            append(name, "kind", "dropped too", {})
            raise ZeroDivisionError
    assert keys(name) == [(1, "kept")]
    with suppress(ZeroDivisionError), unit(wall=WALL):
        append(name, "kind", "lost", {})
        raise ZeroDivisionError
    assert keys(name) == [(1, "kept")]


def test_units_do_not_cross_walls_nor_hide_slow_work() -> None:
    with pytest.raises(OutsideUnit):
        append(stream(), "kind", "a", {})
    with unit(wall=WALL):
        with pytest.raises(RuntimeError, match="wall"), unit(wall=WALL + 1):
            pass
        with pytest.raises(InsideUnit):
            forbid_inside_unit("a provider")


def test_entries_carry_their_wall() -> None:
    name = stream()
    with unit(wall=WALL):
        append(name, "kind", "a", {})
    assert Entry.objects.get(stream_id=name).wall == WALL


@pytest.mark.parametrize(
    ("epoch", "last_seq", "kind"),
    [
        ("right", 1, "entries"),
        ("right", 3, "entries"),
        ("right", 4, "snapshot"),
        ("other", 1, "snapshot"),
        (None, None, "snapshot"),
    ],
)
def test_catching_up(epoch: str | None, last_seq: int | None, kind: str) -> None:
    name = stream()
    for key in "abc":
        with unit(wall=WALL):
            append(name, "kind", key, {})
    known = replay.epoch() if epoch == "right" else epoch
    with unit(wall=WALL, snapshot=True):
        answer = replay.catch_up(
            name, known_epoch=known, last_seq=last_seq, build=lambda: [{"all": True}]
        )
    assert answer["t"] == kind
    assert answer["seq"] == 3
    if kind == "entries":
        assert [e["seq"] for e in answer["entries"]] == list(range((last_seq or 0) + 1, 4))


def test_tables_that_were_put_back_begin_another_epoch() -> None:
    """As `pg_restore --clean` or a truncated table does, with nobody's help."""
    before = replay.epoch()
    assert replay.epoch() == before
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL feed_stream")
    assert replay.epoch() != before
