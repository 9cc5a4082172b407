"""The newest texts tell whether the provider works: they are looked for every second."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callers", "0005_online_by")]
    operations = [
        migrations.AddIndex(
            model_name="textmessage",
            index=models.Index(fields=["-queued_at"], name="text_by_time"),
        ),
    ]
