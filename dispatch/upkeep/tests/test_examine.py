"""The examination itself: order, limits, and that nothing it meets can stop it."""

from __future__ import annotations

import threading
import time

import pytest

from dispatch.upkeep.doctor import examine
from dispatch.upkeep.doctor.examine import Check, Seen
from dispatch.upkeep.doctor.result import Result, State, any_failed, failed, ok


def works(part: str) -> Check:
    return Check(part, lambda _: ok(part, "It works."))


def states(results: list[Result]) -> dict[str, str]:
    return {result.part: str(result.state) for result in results}


def test_what_stands_on_a_broken_part_is_not_blamed() -> None:
    found = examine.examine(
        [
            Check("database", lambda _: failed("database", "It is away.", "Start it.")),
            Check("postgis", lambda _: pytest.fail("looked at"), needs=("database",)),
            Check("migrations", lambda _: pytest.fail("looked at"), needs=("postgis",)),
            works("redis"),
        ]
    )
    assert states(found) == {
        "database": "failed",
        "postgis": "not checked",
        "migrations": "not checked",
        "redis": "ok",
    }
    # The cause, not the chain.
    assert {result.what for result in found[1:3]} == {"It stands on database, which does not work."}


def test_what_comes_after_sees_what_was_found_even_failures() -> None:
    seen: dict[str, list[Result]] = {}

    def look(found: Seen) -> Result:
        seen.update(found)
        return ok("clock", "It works.")

    examine.examine(
        [
            Check("redis", lambda _: failed("redis", "It is away.", "Start it.")),
            works("disk"),
            Check("clock", look, after=("redis",)),
        ]
    )
    assert list(seen) == ["redis"]
    assert seen["redis"][0].state is State.FAILED


def test_a_check_that_raises_is_a_result_without_its_secrets() -> None:
    def raises(_: Seen) -> Result:
        raise RuntimeError("postgis://sightline:s3cret@db/")

    (found,) = examine.examine([Check("disk", raises)])
    assert (found.state, found.part) == (State.FAILED, "disk")
    assert "RuntimeError" in found.what
    assert "s3cret" not in str(found)


def test_a_check_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hangs(_: Seen) -> Result:
        release.wait(30)
        return ok("redis", "It works.")

    began = time.monotonic()
    found = examine.examine([Check("redis", hangs, limit_s=0.2), works("disk")])
    took = time.monotonic() - began
    release.set()
    assert states(found) == {"redis": "failed", "disk": "ok"}
    assert "No answer within" in found[0].what
    assert found[0].ms >= 200
    assert took < 5


def test_the_whole_has_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hangs(_: Seen) -> Result:
        release.wait(30)
        return ok("redis", "It works.")

    monkeypatch.setattr(examine, "TOTAL_LIMIT_S", 0.3)
    found = examine.examine([Check("redis", hangs, limit_s=20), works("disk")])
    release.set()
    assert states(found) == {"redis": "not checked", "disk": "ok"}


def test_only_tells_what_was_asked_and_the_broken_ground_under_it() -> None:
    checks = [
        Check("redis", lambda _: failed("redis", "It is away.", "Start it.")),
        Check("worker", lambda _: pytest.fail("looked at"), needs=("redis",)),
        Check("disk", lambda _: pytest.fail("looked at")),
    ]
    found = examine.examine(checks, only=["worker"])
    assert states(found) == {"redis": "failed", "worker": "not checked"}
    assert any_failed(found)
    checks[0] = works("redis")
    checks[1] = works("worker")
    assert states(examine.examine(checks, only=["worker"])) == {"worker": "ok"}


def test_they_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=5)

    def meets(part: str) -> Check:
        def look(_: Seen) -> Result:
            both.wait()
            return ok(part, "It works.")

        return Check(part, look)

    assert states(examine.examine([meets("redis"), meets("disk")])) == {"redis": "ok", "disk": "ok"}
