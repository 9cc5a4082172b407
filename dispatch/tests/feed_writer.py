"""A process that writes units on one centre's streams while losing some of its publishes.

Run by test_feed_convergence: python -m dispatch.tests.feed_writer <centre> <units> <seed>.
"""

from __future__ import annotations

import os
import random
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django


def main(slug: str, units: int, seed: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings.test")
    django.setup()
    from dispatch.calls import chat, events, services
    from dispatch.calls.models import Call
    from dispatch.centres.access import scope
    from dispatch.centres.models import Centre, User
    from dispatch.feed import publish

    chance = random.Random(seed)
    send = publish._send
    dropped = 0

    def lossy(messages: dict[str, Any]) -> None:
        nonlocal dropped
        if chance.random() < 1 / 3:
            dropped += 1
        else:
            send(messages)

    publish._send = lossy
    centre = Centre.objects.get(slug=slug)
    users = list(User.objects.filter(memberships__centre=centre).order_by("pk"))

    def one(number: int) -> None:
        mine = random.Random(seed * 1_000 + number)
        with scope(centre):
            calls = list(Call.objects.order_by("pk"))
            call, other = mine.sample(calls, 2)
            user = mine.choice(users)
            chat.post(call, text=f"{seed}/{number}", key=str(uuid.uuid4()), user=user)
            if mine.random() < 0.5:
                services.take_over(call, user=user)
            events.record(other, "chat.staff", actor="staff", user=user)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(units)))
    sys.stdout.write(f"dropped {dropped}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
