"""A dispatch centre."""

from __future__ import annotations

from django.contrib.gis.db import models as gis
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

#: Words that stand first in a path of ours, so no centre can be called by them.
RESERVED_SLUGS = frozenset(
    {
        "account",
        "accounts",
        "admin",
        "api",
        "console",
        "demo",
        "docs",
        "health",
        "help",
        "lk",
        "map",
        "media",
        "metrics",
        "s",
        "start",
        "static",
        "ws",
    }
)


def refuse_reserved(slug: str) -> None:
    """Raise ValidationError for a slug that would hide one of our own paths."""
    if slug in RESERVED_SLUGS:
        raise ValidationError(f"“{slug}” is used by the system itself. Choose another short name.")


class Centre(models.Model):
    """A dispatch centre: the tenant. Its id is the wall number of everything that is its own."""

    slug = models.CharField(
        "short name",
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9-]{1,19}$"), refuse_reserved],
        help_text="Part of the link in every text: letters, digits and hyphens.",
    )
    name = models.CharField(max_length=60, help_text="What callers read: “<name> can see you”.")
    country = models.CharField(
        max_length=2,
        default="US",
        validators=[RegexValidator(r"^[A-Z]{2}$")],
        help_text="Two letters. Numbers typed without a country code are read as this country's.",
    )
    languages = models.JSONField(
        default=list, blank=True, help_text='Languages offered for the text, such as ["en", "es"].'
    )
    language = models.CharField(
        max_length=12, default="en", help_text="Language of texts and the caller page by default."
    )
    location = gis.PointField(null=True, blank=True, help_text="Where the console's map starts.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        """Name of the feed of this centre's consoles."""
        return f"centre:{self.pk}"
