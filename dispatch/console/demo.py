"""The demo centre and its people, for trying Sightline on one's own machine."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.management.base import CommandError

from dispatch.calls.models import MediaNode
from dispatch.centres import services
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, Membership

#: Part of the JSON → address, name, role.
PEOPLE = {
    "dispatcher": ("dispatcher@demo.example", "R. Okafor", Membership.Role.DISPATCHER),
    "administrator": ("admin@demo.example", "M. Lindqvist", Membership.Role.ADMINISTRATOR),
}


def require_development() -> None:
    """Raise CommandError where real callers could be: demo accounts have known addresses."""
    if not settings.DEVELOPMENT:
        raise CommandError("The demo centre exists in development only (DEVELOPMENT=true).")


def seed() -> dict[str, dict[str, str | None]]:
    """Make what is missing of the demo centre; who was made now comes with a password."""
    centre, _ = Centre.objects.get_or_create(
        slug="demo",
        defaults={
            "name": "Demo 911",
            "country": "US",
            "languages": ["en", "es", "ar"],
            "language": "en",
            "location": Point(-72.9279, 41.3083, srid=4326),  # New Haven, Connecticut
        },
    )
    seed_node()
    told: dict[str, dict[str, str | None]] = {}
    for part, (email, name, role) in PEOPLE.items():
        person, password = services.find_person(email), None
        if person is None:
            with scope(centre):
                person, password = services.create_person(email=email, name=name)
                services.employ(user=person, centre=centre, role=role)
        told[part] = {"email": email, "password": password}
    return told


def seed_node() -> MediaNode:
    """The media node of this machine, under the addresses it has now."""
    key = next(iter(settings.LIVEKIT_KEYS), None)
    if key is None:
        raise CommandError("LIVEKIT_KEYS is empty. Set it to key:secret of the LiveKit server.")
    wanted = {"url": settings.LIVEKIT_URL, "api_url": settings.LIVEKIT_API_URL, "api_key": key}
    node, fresh = MediaNode.objects.get_or_create(name="local", defaults=wanted)
    if not fresh and any(getattr(node, field) != value for field, value in wanted.items()):
        MediaNode.objects.filter(pk=node.pk).update(**wanted)
    return node


def renew_passwords() -> dict[str, dict[str, str | None]]:
    """New passwords for them all. Raises CommandError before they exist."""
    told: dict[str, dict[str, str | None]] = {}
    for part, (email, _, _) in PEOPLE.items():
        person = services.find_person(email)
        if person is None:
            raise CommandError("There is no demo centre yet. Run seed_demo first.")
        told[part] = {"email": email, "password": services.new_password(person)}
    return told


def as_line(told: dict[str, Any]) -> str:
    """The JSON that starts the demo's other parts, on one line."""
    return json.dumps(told)
