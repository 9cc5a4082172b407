"""The first epoch of this database."""

from __future__ import annotations

import uuid

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("feed", "Epoch").objects.get_or_create(id=1, defaults={"value": uuid.uuid4()})


class Migration(migrations.Migration):
    dependencies = [("feed", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
