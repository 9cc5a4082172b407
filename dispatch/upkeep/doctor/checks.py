"""Which part is looked at how, and what it stands on."""

from __future__ import annotations

from dispatch.upkeep.doctor import (
    broker,
    certificates,
    database,
    media,
    place,
    web,
)
from dispatch.upkeep.doctor.examine import Check
from dispatch.upkeep.doctor.settings import SystemChecks


def every(*, call: bool) -> list[Check]:
    """All checks; without `call` no synthetic caller joins the media nodes."""
    system = SystemChecks()
    return [
        Check("settings", system.settings),
        Check("database", database.database),
        Check("postgis", database.postgis, needs=("database",)),
        # Without PostGIS nothing could have been migrated; one cause, one blame.
        Check("migrations", database.migrations, needs=("postgis",)),
        Check("redis", broker.redis_server),
        Check("worker", broker.worker, needs=("redis",), after=("database",)),
        Check("beat", broker.beat, needs=("redis",)),
        # The list of nodes is a table; it can be read where some migration is missing.
        Check("media", media.look(call=call), needs=("database",), limit_s=media.LIMIT_S),
        Check("texts", system.texts, after=("settings",)),  # the same checks
        Check("web", web.web, after=("database", "redis")),
        Check("static", web.static),
        Check("certificates", certificates.certificates, after=("database",)),
        # It reads the clocks that the others saw in passing.
        Check("clock", place.clock, after=("database", "redis", "worker", "media", "web")),
        Check("disk", place.disk),
    ]
