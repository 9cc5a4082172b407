"""Set aside the rows of some centres, and put them back later: what a restored database is.

Users, centres and sign-ins stay as they are; they are not what the machine is about.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.apps import apps
from django.db import connection, transaction

from dispatch.centres.tenancy import Tenant
from dispatch.feed.models import Entry, Epoch, Stream
from dispatch.outbox.models import Item

SCHEMA = "machine_backup"


def _tables() -> dict[str, str]:
    """Every table that holds a centre's rows, and the column that says whose they are."""
    tables = {model._meta.db_table: "centre_id" for model in apps.get_models() if _tenant(model)}
    walled = (Entry, Stream, Item)
    return tables | {model._meta.db_table: "wall" for model in walled}


def _tenant(model: type) -> bool:
    return issubclass(model, Tenant)


def prepare() -> None:
    """Make the places that rows are set aside in; once for a test database."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for table in _tables():
            cursor.execute(f"CREATE UNLOGGED TABLE IF NOT EXISTS {SCHEMA}.{table} (LIKE {table})")


def set_aside(walls: Iterable[int]) -> None:
    """Copy all rows of these centres as they are now, in place of the copy before."""
    _all(
        "DELETE FROM {schema}.{table};"
        "INSERT INTO {schema}.{table} SELECT * FROM {table} WHERE {column} IN ({walls});",
        walls,
    )


def put_back(walls: Iterable[int]) -> None:
    """Make the rows of these centres what they were, as a restore does: in another epoch."""
    # Foreign keys are checked when it commits, so any order will do.
    _all(
        "DELETE FROM {table} WHERE {column} IN ({walls});"
        "INSERT INTO {table} SELECT * FROM {schema}.{table};",
        walls,
    )
    Epoch.objects.update(value=uuid.uuid4())


def _all(template: str, walls: Iterable[int]) -> None:
    # Table names come from models and walls are numbers, so nothing here is anyone's input.
    inside = ",".join(str(int(wall)) for wall in walls)
    script = "".join(
        template.format(schema=SCHEMA, table=table, column=column, walls=inside)
        for table, column in _tables().items()
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(script)
