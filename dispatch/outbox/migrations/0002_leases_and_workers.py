from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("started_at", models.DateTimeField()),
                ("looked_at", models.DateTimeField()),
                ("heard_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField("item", "claim", models.UUIDField(null=True)),
        migrations.AddField("item", "claimed_by", models.UUIDField(null=True)),
        migrations.AddField("item", "lease_until", models.DateTimeField(null=True)),
        migrations.AddField("item", "called_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "item",
            "state",
            models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("claimed", "Claimed"),
                    ("calling", "Calling"),
                    ("done", "Done"),
                    ("unknown", "Unknown"),
                    ("failed", "Failed"),
                ],
                default="pending",
                max_length=8,
            ),
        ),
        # Claimed by a worker of the release before: it may have called already.
        migrations.RunSQL(
            "UPDATE outbox_item SET state = 'calling', lease_until = now() + interval '30 s'"
            " WHERE state = 'claimed'",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveIndex("item", "outbox_item_open"),
        migrations.AddIndex(
            "item",
            models.Index(
                condition=models.Q(("state__in", ["pending", "claimed", "calling"])),
                fields=["due_at"],
                name="outbox_item_unended",
            ),
        ),
        migrations.AddIndex(
            "item",
            models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["ended_at"],
                name="outbox_item_ended",
            ),
        ),
    ]
