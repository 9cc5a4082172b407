"""What examples share: one loop, one media node, the ways between commit and socket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections

from dispatch.calls.models import MediaNode
from dispatch.tests import factories
from dispatch.tests.fakes import FakeLiveKit
from dispatch.tests.machine import backup
from dispatch.tests.machine.air import Air
from dispatch.tests.machine.clocks import Loop, WallClock
from dispatch.tests.machine.world import Doorway, World


class Ground:
    """Made once; each example gets a world of its own on it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.loop = Loop()
        self.air = Air().install(patch)
        self.clock = WallClock().install(patch)
        self.doorway = Doorway().install(patch)
        self.examples = self.steps = 0
        patch.setattr(settings, "LIVEKIT_KEYS", factories.NODE_KEYS)
        FakeLiveKit().install(patch)

    def world(self) -> World:
        """A world in which nothing has happened yet."""
        self.air.clear_up()
        self.clock.off = timedelta(0)
        self.doorway.meanwhile = self.doorway.problem = None
        self.loop.trouble = None
        return World(loop=self.loop, air=self.air, clock=self.clock, doorway=self.doorway)

    def renew(self) -> None:
        """After an example that failed the next must not find what it left behind."""
        self.loop.shut_down()
        self.loop = Loop()

    def count(self, steps: int) -> None:
        """An example held to its end."""
        self.examples += 1
        self.steps += steps


@contextmanager
def ground() -> Iterator[Ground]:
    """The ground for one run, inside the test database."""
    with pytest.MonkeyPatch.context() as patch, _pooled(), _quiet():
        backup.prepare()
        MediaNode.objects.update(state=MediaNode.State.OFF)
        factories.node()
        shared = Ground(patch)
        try:
            yield shared
        finally:
            shared.loop.shut_down()
            MediaNode.objects.update(state=MediaNode.State.OFF)


@contextmanager
def _quiet() -> Iterator[None]:
    """Refusals and lost connections are what this is about: only errors are worth a line."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _pooled() -> Iterator[None]:
    """Connections from a pool, as in production: making one takes longer than its work."""
    options = connection.settings_dict["OPTIONS"]
    connections.close_all()
    options["pool"] = {"min_size": 0, "max_size": 12, "timeout": 10}
    try:
        yield
    finally:
        connections.close_all()
        connection.close_pool()  # type: ignore[attr-defined]
        del options["pool"]
