"""What doctor prints, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import replace

from dispatch.upkeep.doctor import door, report
from dispatch.upkeep.doctor.result import PARTS, failed, not_checked, ok, warning

RESULTS = [
    replace(ok("database", "PostgreSQL 15 answers.", clock_offset_s=0.1), ms=12),
    replace(failed("redis", "Redis does not answer.", "Start it."), ms=1003),
    not_checked("worker", "It stands on redis, which does not work."),
    replace(warning("disk", "900 MB are free.", "Free space."), ms=3),
]


def test_a_line_a_part_and_what_to_do() -> None:
    text = report.as_text(RESULTS, seconds=1.04)
    assert text.splitlines() == [
        "✓ ok           database     12 ms  PostgreSQL 15 answers.",
        "✗ failed       redis      1003 ms  Redis does not answer.",
        "                                   → Start it.",
        "– not checked  worker              It stands on redis, which does not work.",  # noqa: RUF001
        "! warning      disk          3 ms  900 MB are free.",
        "                                   → Free space.",
        "",
        "Does not work: redis. Worth a look: disk. Not checked: worker. (1.0 s)",
    ]


def test_an_old_terminal_gets_plain_marks() -> None:
    text = report.as_text(RESULTS, seconds=1, encoding="latin-1")
    assert text.isascii()
    assert text.startswith("+ ok ")
    assert "x failed " in text
    assert "> Start it." in text


def test_json_for_programs() -> None:
    body = json.loads(report.as_json(RESULTS, seconds=1.239))
    assert (body["ok"], body["seconds"]) == (False, 1.24)
    assert body["parts"][0] == {
        "part": "database",
        "state": "ok",
        "ms": 12,
        "what": "PostgreSQL 15 answers.",
        "todo": "",
        "facts": {"clock_offset_s": 0.1},
    }
    assert json.loads(report.as_json(RESULTS[:1], seconds=1))["ok"] is True


def test_readable_settings_are_no_result_of_the_door() -> None:
    assert door.unreadable([]) is None


def test_parts_are_told_once_each() -> None:
    assert len(set(PARTS)) == len(PARTS)
