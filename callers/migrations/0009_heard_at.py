from django.db import migrations, models


class Migration(migrations.Migration):
    """When a session's socket was last found alive. Nothing older reads or writes it."""

    dependencies = [("callers", "0008_texts_by_time")]

    operations = [
        migrations.AddField("callersession", "heard_at", models.DateTimeField(null=True)),
    ]
