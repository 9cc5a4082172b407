"""The newest texts tell whether the provider works: they are looked for every second."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callers", "0007_fix_by_receipt_and_newest_page")]
    operations = [
        migrations.AddIndex(
            model_name="textmessage",
            index=models.Index(fields=["-queued_at"], name="text_by_time"),
        ),
    ]
