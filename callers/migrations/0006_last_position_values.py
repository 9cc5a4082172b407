"""A last position holds its values, so that the track under it can be erased."""

import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.db import migrations, models

COPY = (
    # Deferred checks of the rows changed here would stand in the way of the next step.
    "SET CONSTRAINTS ALL IMMEDIATE;"
    " UPDATE callers_lastposition AS last SET point = fix.point, accuracy = fix.accuracy,"
    " altitude = fix.altitude, heading = fix.heading, speed = fix.speed, at = fix.at,"
    " received_at = fix.received_at, corrected = fix.corrected, source = fix.source,"
    " session_id = fix.session_id"
    " FROM callers_fix AS fix WHERE fix.id = last.fix_id"
)


def field(name, made):
    return migrations.AddField(model_name="lastposition", name=name, field=made)


def settled(name, made):
    return migrations.AlterField(model_name="lastposition", name=name, field=made)


def session(**options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        to="callers.callersession",
        **options,
    )


class Migration(migrations.Migration):

    dependencies = [
        ("callers", "0005_online_by"),
    ]

    operations = [
        field("point", django.contrib.gis.db.models.fields.PointField(srid=4326, null=True)),
        field("accuracy", models.FloatField(null=True)),
        field("altitude", models.FloatField(null=True)),
        field("heading", models.FloatField(null=True)),
        field("speed", models.FloatField(null=True)),
        field("at", models.DateTimeField(null=True)),
        field("received_at", models.DateTimeField(null=True)),
        field("corrected", models.BooleanField(default=False)),
        field("source", models.CharField(default="browser", max_length=12)),
        field("session", session(null=True)),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        settled("point", django.contrib.gis.db.models.fields.PointField(srid=4326)),
        settled("accuracy", models.FloatField()),
        settled("at", models.DateTimeField()),
        settled("received_at", models.DateTimeField()),
        settled("session", session()),
        migrations.RemoveField(model_name="lastposition", name="fix"),
    ]
