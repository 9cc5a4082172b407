"""Leases, signs of life and what is forgotten."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from dispatch.outbox import carry, claims, ears, signs, tasks
from dispatch.outbox.lanes import Lanes
from dispatch.outbox.models import Item, Worker
from dispatch.outbox.tests.work import Told, fresh, kind, lapse, overdue
from dispatch.outbox.worker import look, renew

SECOND = timedelta(seconds=1)


def nothing(_: Told) -> None:
    return


def test_what_is_in_hand_is_kept_and_what_hangs_is_not() -> None:
    def working(told: Told) -> None:
        lapse(item, ago=SECOND)
        renew()
        lease = fresh(item).lease_until
        assert lease
        assert lease > timezone.now()
        Item.objects.filter(pk=item.pk).update(claimed_at=Now() - claims.LONGEST - SECOND)
        lapse(item, ago=SECOND)
        renew()
        lease = fresh(item).lease_until
        assert lease
        assert lease < timezone.now()
        told.said.append("seen")

    with kind(working, repeatable=True) as told:
        item = told.put()
        carry.carry(item.pk)
        assert told.said == ["seen"]


def test_another_worker_does_not_keep_it() -> None:
    with kind(nothing) as told:
        item = told.put()
        taken = claims.take(item.pk)
        assert taken
        assert taken.claim
        Item.objects.filter(pk=item.pk).update(claimed_by=uuid.uuid4())
        lapse(item, ago=SECOND)
        claims.renew([taken.claim])
        claims.give_back()
        assert fresh(item).state == Item.State.PENDING


def test_signs() -> None:
    Worker.objects.all().delete()
    assert (signs.worker_heard_at(), signs.workers(), signs.deaf_workers()) == (None, 0, 0)
    look("looker@test", Lanes())
    assert (signs.workers(), signs.deaf_workers()) == (1, 0)  # it has only begun
    long_ago = timedelta(seconds=ears.DEAF_AFTER_S + 1)
    Worker.objects.update(started_at=Now() - long_ago)
    assert signs.deaf_workers() == 1
    tasks.canary()
    heard = signs.worker_heard_at()
    assert heard
    assert abs(heard - timezone.now()) < 5 * SECOND
    assert signs.deaf_workers() == 0
    Worker.objects.update(heard_at=Now() - long_ago)
    assert signs.deaf_workers() == 1
    Worker.objects.update(looked_at=Now() - long_ago)
    assert (signs.workers(), signs.deaf_workers()) == (0, 0)  # dead, not deaf


def test_the_oldest_work_that_is_due() -> None:
    Item.objects.filter(ended_at=None).update(ended_at=Now(), state=Item.State.DONE)
    assert signs.oldest_due_age_s() == 0
    with kind(nothing) as told:
        item = told.put()
        overdue(item)
        assert 4 < signs.oldest_due_age_s() < 20
        Item.objects.filter(pk=item.pk).update(due_at=Now() + 5 * SECOND)
        assert signs.oldest_due_age_s() == 0


def test_what_ended_long_ago_is_forgotten() -> None:
    with kind(nothing) as told:
        rows = {
            (state, days): told.put()
            for state in (Item.State.DONE, Item.State.UNKNOWN)
            for days in (0, 2, 20)
        }
        for (state, days), row in rows.items():
            Item.objects.filter(pk=row.pk).update(
                state=state, ended_at=Now() - timedelta(days=days, seconds=1)
            )
        waiting = told.put()
        Item.objects.filter(pk=waiting.pk).update(created_at=Now() - timedelta(days=20))
        tasks.prune()
        left = set(Item.objects.filter(kind=told.kind).values_list("pk", flat=True))
        assert left == {
            waiting.pk,
            rows[Item.State.DONE, 0].pk,
            rows[Item.State.UNKNOWN, 0].pk,
            rows[Item.State.UNKNOWN, 2].pk,
        }
