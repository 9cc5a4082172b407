import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("callers", "0006_last_position_values"),
        ("calls", "0003_requests_and_watch"),
        ("centres", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="fix",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True,
                fields=["received_at"],
                name="fix_by_receipt",
                pages_per_range=32,
            ),
        ),
        migrations.AddField(
            model_name="callersession",
            name="boot",
            field=models.CharField(blank=True, max_length=40),
        ),
    ]
