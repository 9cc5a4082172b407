"""Work is carried out once, whoever dies or stands still meanwhile."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models.functions import Now

from dispatch.feed.unit import OutsideUnit, unit
from dispatch.outbox import carry, claims, handlers
from dispatch.outbox.deadline import Deadline, Passed
from dispatch.outbox.lanes import Lanes
from dispatch.outbox.models import Item, Worker
from dispatch.outbox.tests.work import WALL, Told, fresh, interrupt, kind, lapse, overdue
from dispatch.outbox.worker import look

State = Item.State


@pytest.fixture(autouse=True)
def alone() -> None:
    """Other tests' rows are no work of ours."""
    Item.objects.filter(ended_at=None).update(state=State.FAILED, ended_at=Now())


def call_out(told: Told) -> None:
    """As a handler of work that must not happen twice."""
    carry.calling().check()
    told.said.append("called")


def until(condition: Callable[[], bool], within_s: float = 10) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def looks(*rows: Item) -> None:
    """A worker looks until these have come to an end."""
    lanes = Lanes()
    for row in rows:
        overdue(row)

    def ended() -> bool:
        look("looker@test", lanes)
        return all(fresh(row).ended_at for row in rows)

    until(ended)


def test_work_needs_a_unit() -> None:
    with pytest.raises(OutsideUnit):
        carry.put("test.nothing", {})


def test_work_leaves_with_its_unit() -> None:
    def rolled_back() -> None:
        with unit(wall=WALL):
            carry.put(told.kind, {})
            raise ZeroDivisionError

    with kind(call_out) as told:
        with pytest.raises(ZeroDivisionError):
            rolled_back()
        assert not Item.objects.filter(kind=told.kind).exists()


def test_many_carriers_one_call() -> None:
    with kind(call_out) as told:
        item = told.put()

        def one(_: int) -> bool:
            try:
                return carry.carry(item.pk)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(one, range(24))) == 1
        assert told.said == ["called"]
        assert fresh(item).state == State.DONE
        assert carry.held() == []


def test_a_worker_that_dies_before_the_call_costs_only_its_lease() -> None:
    with kind(call_out) as told:
        item = told.put()
        assert claims.take(item.pk)
        assert claims.take(item.pk) is None
        claims.give_back()
        assert fresh(item).state == State.CLAIMED, "its lease is still good"
        lapse(item, ago=timedelta(milliseconds=1))
        looks(item)
        assert told.said == ["called"]
        assert (fresh(item).state, fresh(item).attempts) == (State.DONE, 2)


def test_a_worker_that_dies_while_calling_leaves_an_unknown_and_nobody_calls_again() -> None:
    with kind(call_out) as told:
        item = told.put()
        taken = claims.take(item.pk)
        assert taken
        assert claims.call(taken)
        lapse(item, ago=claims.CALL_GRACE / 2)
        look("looker@test", Lanes())
        assert fresh(item).state == State.CALLING, "it may only be slow"
        lapse(item)
        looks(item)
        assert fresh(item).state == State.UNKNOWN
        assert set(told.said) == {"lost"}
        assert not carry.carry(item.pk)
        assert "called" not in told.said


def test_a_worker_that_slept_before_the_call_finds_its_claim_gone() -> None:
    def slow(told: Told) -> None:
        if "woke" not in told.said:
            told.said.append("woke")
            # It stands still, its lease lapses, another worker carries the row out.
            lapse(item)
            thread = threading.Thread(target=looks, args=(item,))
            thread.start()
            thread.join()
        call_out(told)

    with kind(slow) as told:
        item = told.put()
        assert carry.carry(item.pk)
        assert told.said == ["woke", "called"]
        assert fresh(item).state == State.DONE


def test_a_lease_that_is_over_is_no_permission_even_if_nobody_took_the_row() -> None:
    def slow(told: Told) -> None:
        lapse(item)
        call_out(told)

    with kind(slow) as told:
        item = told.put()
        carry.carry(item.pk)
        assert told.said == []
        assert fresh(item).state == State.CLAIMED  # the next look gives it back


@pytest.mark.parametrize("noticed", [False, True])
def test_a_worker_that_slept_between_permission_and_call_does_not_call(
    monkeypatch: pytest.MonkeyPatch, noticed: bool
) -> None:
    def slow(told: Told) -> None:
        deadline = carry.calling()
        if noticed:
            interrupt(item)
        time.sleep(0.02)
        deadline.check()
        told.said.append("called")

    monkeypatch.setattr(carry, "LEAVES_WITHIN_S", 0.01)
    with kind(slow) as told:
        item = told.put()
        carry.carry(item.pk)
        if noticed:
            # Somebody was told that it is unknown: they hear that it was not sent.
            assert told.said == ["lost", "unsent"]
            assert fresh(item).state == State.UNKNOWN
        else:
            # Nobody was: it is simply due again.
            assert told.said == []
            assert (fresh(item).state, fresh(item).attempts) == (State.PENDING, 1)


def test_an_answer_after_all_ends_an_unknown() -> None:
    def slow(told: Told) -> None:
        call_out(told)
        interrupt(item)

    with kind(slow) as told:
        item = told.put()
        carry.carry(item.pk)
        assert told.said == ["called", "lost"]
        assert fresh(item).state == State.DONE


def test_what_fails_before_the_call_is_tried_again_and_given_up_in_the_end() -> None:
    def broken(told: Told) -> None:
        raise ConnectionError

    with kind(broken, attempts=2) as told:
        item = told.put()
        carry.carry(item.pk)
        assert (fresh(item).state, told.said) == (State.PENDING, [])
        overdue(item)
        carry.carry(item.pk)
        assert (fresh(item).state, told.said) == (State.FAILED, ["gave up"])


def test_what_fails_after_the_call_is_unknown_unless_it_may_be_repeated() -> None:
    def broken(told: Told) -> None:
        carry.calling()
        raise ConnectionError

    with kind(broken) as told:
        item = told.put()
        carry.carry(item.pk)
        assert (fresh(item).state, told.said) == (State.UNKNOWN, ["lost"])
    with kind(broken, repeatable=True) as told:
        item = told.put()
        carry.carry(item.pk)
        assert (fresh(item).state, told.said) == (State.PENDING, [])


def test_surely_not_sent_is_tried_again_even_after_the_call() -> None:
    def refused(told: Told) -> None:
        carry.calling()
        raise handlers.TryAgain("busy")

    with kind(refused) as told:
        item = told.put()
        carry.carry(item.pk)
        assert (fresh(item).state, told.said) == (State.PENDING, [])


def test_a_row_that_kills_its_workers_is_given_up() -> None:
    with kind(call_out, attempts=2) as told:
        item = told.put()
        for _ in range(2):
            assert claims.take(item.pk)
            lapse(item)
            claims.give_back()
        carry.carry(item.pk)
        assert (fresh(item).state, told.said) == (State.FAILED, ["gave up"])


def test_work_of_a_release_that_was_rolled_back_waits_for_it() -> None:
    with kind(call_out) as told:
        # Left by the newer release at each place of its way; the last one is work of this one.
        waits, before, during = (Told("test.newer").put() for _ in range(3))
        for item, state in ((before, State.CLAIMED), (during, State.CALLING)):
            Item.objects.filter(pk=item.pk).update(state=state, claim=uuid.uuid4())
            lapse(item)
        overdue(waits)
        overdue(before)
        assert not carry.carry(waits.pk)
        assert claims.interrupted(1000) == []
        looks(told.put())
        assert told.said == ["called"]
        assert [fresh(one).state for one in (waits, before, during)] == [
            State.PENDING,
            State.PENDING,
            State.CALLING,
        ]
        look("looker@test", Lanes())
        assert (fresh(waits).attempts, fresh(before).attempts) == (0, 1)


def test_a_row_that_lapses_for_ever_stops_nobody() -> None:
    def fails(wall: int, args: dict[str, Any]) -> None:
        raise ZeroDivisionError

    poison = Told(f"test.{uuid.uuid4().hex[:12]}")
    handlers.register(
        poison.kind, handlers.Handler(carry=fails, repeatable=True, attempts=1, gave_up=fails)
    )
    item = poison.put()
    Item.objects.filter(pk=item.pk).update(attempts=32_767)  # the column holds no more
    assert claims.take(item.pk)
    lapse(item)
    with kind(call_out) as told:
        looks(told.put())
    assert fresh(item).attempts == claims.MOST_ATTEMPTS


def test_a_step_of_a_look_that_fails_leaves_the_others_to_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with kind(call_out) as told:
        for step in ("give_back", "interrupted"):
            monkeypatch.setattr(claims, step, fails)
        looks(told.put())
        assert told.said == ["called"]


def test_one_kind_that_hangs_holds_up_no_other() -> None:
    hang = threading.Event()

    def wait(_: Told) -> None:
        hang.wait(20)

    with kind(wait, repeatable=True) as hanging, kind(call_out) as told:
        stuck = [hanging.put() for _ in range(12)]
        for row in stuck:
            overdue(row)
        lanes = Lanes(places=2)
        look("looker@test", lanes)
        until(lambda: lanes.free(hanging.kind) == 0)
        item = told.put()
        overdue(item)

        def ended() -> bool:
            look("looker@test", lanes)
            return fresh(item).state == State.DONE

        until(ended)
        # It took no more of the others than it has places for, so another worker can have them.
        assert sum(fresh(row).state == State.CLAIMED for row in stuck) == 2
        hang.set()
        looks(*stuck)


def test_several_workers_share_what_was_left_behind() -> None:
    with kind(call_out) as told:
        rows = [told.put() for _ in range(20)]
        for row in rows:
            overdue(row)

        def one(_: int) -> int:
            try:
                return len(claims.take_left_behind(told.kind, 5))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(one, range(4)))
        assert sum(taken) == Item.objects.filter(kind=told.kind, state=State.CLAIMED).count()
        assert len(set(Item.objects.filter(kind=told.kind).values_list("claim", flat=True))) >= 5


def test_the_deadline_outside_of_a_handler() -> None:
    with pytest.raises(LookupError):
        carry.calling()
    with pytest.raises(Passed):
        Deadline.within(-1).check()
    Deadline.within(5).check()
    assert Worker.objects.filter(pk=claims.me()).exists()
