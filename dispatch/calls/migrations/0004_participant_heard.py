"""A page that died is not present, though LiveKit lists it for a while."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calls", "0003_requests_and_watch")]
    operations = [
        migrations.AddField(
            model_name="participant",
            name="heard",
            # By the database too: a process of the release before inserts without it.
            field=models.BooleanField(default=True, db_default=True),
        ),
    ]
