"""Fixtures of all tests. Units of work are durable, so tests commit for real.

Nothing is rolled back or truncated: each test makes centres of its own, and the walls
between centres keep tests apart. That is itself a test of the walls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of `make soak` (dispatch/tests/machine/soak.py)."""
    group = parser.getgroup("soak")
    group.addoption("--soak-minutes", type=float, default=1.0, help="how long to draw examples")
    group.addoption("--soak-seed", type=int, default=None, help="one round, with this seed")


@pytest.fixture(scope="session")
def test_database(django_db_blocker: Any) -> Iterator[None]:
    """A fresh, migrated database for this run, dropped after it.

    pytest-django makes one only for tests with its mark, which would wrap each of them in a
    transaction.
    """
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        before = setup_databases(verbosity=0, interactive=False)
        yield
        _end_sessions()
        connections.close_all()
        teardown_databases(before, verbosity=0)


def _end_sessions() -> None:
    """End the connections that threads of the last tests still hold, or nothing can be dropped."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def committed_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Open the test database, except where tests start services of their own."""
    room = request.node.path.relative_to(request.config.rootpath).parts
    if room[0] == "scripts" or "e2e" in room:
        yield
        return
    request.getfixturevalue("test_database")
    with request.getfixturevalue("django_db_blocker").unblock():
        yield
