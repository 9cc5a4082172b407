"""One system for all tests of doctor: its parts are broken and mended in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.sightline.stack import Stack
from scripts.tests.doctor.ward import beat_seen, until


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("doctor")) as stack:
        until(lambda: beat_seen(stack))
        yield stack
