from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("callers", "0004_conditions_and_presence"),
    ]

    operations = [
        migrations.RenameField(
            model_name="callersession",
            old_name="online_boot",
            new_name="online_by",
        ),
    ]
