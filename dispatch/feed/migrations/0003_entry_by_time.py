"""Old entries are found by their time (feed.prune)."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feed", "0002_epoch")]
    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["at"], name="feed_entry_by_time"),
        )
    ]
