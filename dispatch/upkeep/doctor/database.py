"""Database, PostGIS, migrations."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error

from dispatch.upkeep.doctor import clocks
from dispatch.upkeep.doctor.examine import Seen
from dispatch.upkeep.doctor.result import Result, failed, ok

CONNECT_S = 3
ALIAS = "doctor"
#: What the server says → what is so, what to do. In its own words, English or not, is the rest.
REFUSALS = (
    (
        "password authentication failed",
        "PostgreSQL refuses our password.",
        "Compare the password in DATABASE_URL with the role's.",
    ),
    (
        "too many clients",
        "PostgreSQL has no free connection.",
        "Lower DATABASE_POOL, or raise max_connections of the server.",
    ),
    (
        "connection slots are reserved",
        "PostgreSQL has no free connection.",
        "Lower DATABASE_POOL, or raise max_connections of the server.",
    ),
    (
        "starting up",
        "PostgreSQL is still starting.",
        "Wait for it; a recovery after a crash can take minutes.",
    ),
    (
        "does not exist",
        "PostgreSQL answers, but the database or the role of DATABASE_URL does not exist.",
        "Create it (docs/doctor.md), or correct DATABASE_URL.",
    ),
)


def database(_: Seen) -> Result:
    """Whether a new connection is taken and a question answered; and what time it is there."""
    try:
        with _connection() as connection, connection.cursor() as cursor:
            asked = time.time()
            cursor.execute(
                "SELECT extract(epoch FROM clock_timestamp()),"
                " current_setting('server_version'), current_setting('transaction_read_only')"
            )
            clock, version, read_only = cursor.fetchone()
            offset = clocks.offset(float(clock), asked=asked, answered=time.time())
    except Error as problem:
        return _refused(str(problem))
    if read_only == "on":
        return failed(
            "database",
            "PostgreSQL answers, but takes no writes (a standby?).",
            "Point DATABASE_URL to the primary server.",
        )
    return ok("database", f"PostgreSQL {version.split()[0]} answers.", clock_offset_s=offset)


def postgis(_: Seen) -> Result:
    """Whether the extension is in this database, and works."""
    with _connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
        found = cursor.fetchone()
        if found is None:
            return failed(
                "postgis",
                "The PostGIS extension is not in the database.",
                "As a superuser of the database: CREATE EXTENSION postgis; then migrate.",
            )
        cursor.execute("SELECT ST_Distance('POINT(0 0)'::geometry, 'POINT(3 4)'::geometry)")
        (distance,) = cursor.fetchone()
    if distance != 5:
        return failed("postgis", "PostGIS reckons wrongly.", "Reinstall the extension.")
    return ok("postgis", f"PostGIS {found[0]} works.")


def migrations(_: Seen) -> Result:
    """Whether the tables are those that this code expects."""
    with _connection() as connection:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        unknown = sorted(set(executor.loader.applied_migrations) - set(executor.loader.graph.nodes))
        ours = {app for app, _ in executor.loader.graph.nodes}
    if plan:
        names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
        return failed(
            "migrations",
            f"{_count(names)} not applied: {_few(names)}.",
            "Run: python manage.py migrate",
            missing=names,
        )
    newer = [f"{app}.{name}" for app, name in unknown if app in ours]
    if newer:
        return failed(
            "migrations",
            f"The database is newer than this code; it knows {_few(newer)}.",
            "Run the release that made it, or restore the database of this one.",
            newer=newer,
        )
    return ok("migrations", "All migrations are applied.")


@contextmanager
def _connection() -> Iterator[BaseDatabaseWrapper]:
    """A connection that is not from the pool: the pool's patience would hide what is wrong."""
    connection = connections["default"].copy(alias=ALIAS)
    options = {k: v for k, v in connection.settings_dict["OPTIONS"].items() if k != "pool"}
    connection.settings_dict["OPTIONS"] = options | {"connect_timeout": CONNECT_S}
    connections[ALIAS] = connection  # of this thread alone; Django's migrations ask by name
    try:
        yield connection
    finally:
        connection.close()
        del connections[ALIAS]


def _refused(said: str) -> Result:
    for sign, what, todo in REFUSALS:
        if sign in said:
            return failed("database", what, todo)
    return failed(
        "database",
        "PostgreSQL does not answer.",
        "Start it, and compare host and port in DATABASE_URL with where it listens.",
    )


def _count(names: list[str]) -> str:
    return "1 migration is" if len(names) == 1 else f"{len(names)} migrations are"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
