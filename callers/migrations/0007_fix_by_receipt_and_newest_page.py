import django.contrib.postgres.indexes
import django.db.models.deletion
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
        # The indexes that Django makes for references are covered by the others.
        migrations.AlterField(
            model_name="fix",
            name="centre",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centres.centre",
            ),
        ),
        migrations.AlterField(
            model_name="fix",
            name="call",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fixes",
                to="calls.call",
            ),
        ),
        migrations.AlterField(
            model_name="fix",
            name="session",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fixes",
                to="callers.callersession",
            ),
        ),
        migrations.AddField(
            model_name="callersession",
            name="boot",
            field=models.CharField(blank=True, max_length=40),
        ),
    ]
