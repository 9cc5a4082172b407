"""Clock and disk: who is off, and when there is too little."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dispatch.upkeep.doctor import clocks, place
from dispatch.upkeep.doctor.result import Result, State, failed, ok


def seen(**offsets: float | None) -> dict[str, list[Result]]:
    return {
        part: [ok(part, "It works.", clock_offset_s=offset)] for part, offset in offsets.items()
    }


def test_clocks_that_agree() -> None:
    found = place.clock(seen(database=0.2, redis=-0.4, web=None))
    assert (found.state, found.what) == (State.OK, "Agrees with database and redis within 2 s.")


def test_one_clock_that_is_off_is_named() -> None:
    found = place.clock(seen(database=0.1, web=-3600.0, worker=0.0))
    assert found.state is State.FAILED
    assert found.what == "The clock of web is 3600 s behind this machine's."


def test_where_all_differ_alike_it_is_this_machine() -> None:
    found = place.clock(seen(database=40.2, redis=40.0, worker=40.4))
    assert found.state is State.FAILED
    assert found.what == "This machine's clock is 40 s behind database, redis and worker."


def test_a_few_seconds_are_a_warning() -> None:
    found = place.clock(seen(database=5.0, redis=0.0))
    assert found.state is State.WARNING


def test_nothing_to_compare_with() -> None:
    found = place.clock({"database": [failed("database", "It is away.", "Start it.")]})
    assert found.state is State.NOT_CHECKED


@pytest.mark.parametrize(("theirs", "offset"), [(100, 0), (103, 0), (99, 0), (95, -4), (110, 6)])
def test_a_slow_answer_is_no_wrong_clock(theirs: float, offset: float) -> None:
    # Asked at 100, answered at 104, by a clock that shows whole seconds.
    assert clocks.offset(theirs, asked=100, answered=104, grain_s=1) == offset


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("free_mb", "state"),
    [(2500, State.OK), (1500, State.WARNING), (400, State.FAILED)],
)
def test_the_fullest_disk_counts(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_mb: int, state: State
) -> None:
    settings.STATIC_ROOT, settings.DISK_FREE_MB = str(tmp_path), 2000

    def usage(path: str | Path) -> Usage:
        return Usage(0, 0, (free_mb if Path(path) == tmp_path else 9000) * 1_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    found = place.disk({})
    assert found.state is state
    if state is not State.OK:
        assert str(tmp_path) in found.what
        assert str(tmp_path) in found.todo


def test_a_place_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    found = place.disk({})
    assert (found.state, found.what) == (State.FAILED, "Nothing can be written to /proc/nowhere.")
