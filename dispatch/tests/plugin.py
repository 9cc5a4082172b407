"""Fixtures of all tests. Units of work are durable, so tests commit for real.

Nothing is rolled back or truncated: each test makes centres of its own, and the walls
between centres keep tests apart. That is itself a test of the walls.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def committed_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Open the test database, except for end-to-end tests, which bring a stack of their own."""
    if "e2e" in request.node.path.parts:
        yield
        return
    request.getfixturevalue("django_db_setup")
    blocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock():
        yield
        from django.db import connections

        connections.close_all()
