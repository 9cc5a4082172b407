"""A LiveKit in memory and one media node in use, for the tests of calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dispatch.calls.models import MediaNode
from dispatch.tests import factories
from dispatch.tests.fakes import FakeLiveKit


@pytest.fixture
def livekit_fake(monkeypatch: pytest.MonkeyPatch, settings: Any) -> FakeLiveKit:
    settings.LIVEKIT_KEYS = factories.NODE_KEYS
    return FakeLiveKit().install(monkeypatch)


@pytest.fixture
def node(livekit_fake: FakeLiveKit) -> Iterator[MediaNode]:
    """The only node in use: nodes belong to no centre, so other tests' are switched off."""
    MediaNode.objects.update(state=MediaNode.State.OFF)
    yield factories.node()
    MediaNode.objects.update(state=MediaNode.State.OFF)
