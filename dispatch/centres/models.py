"""Centres and their staff."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
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


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person who signs in with an e-mail address."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an operator of this installation."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person on the staff side. What they may do where is in their memberships."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(
        "may open the admin", default=False, help_text="Set for administrators of a centre."
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one centre."""

    class Role(models.TextChoices):
        DISPATCHER = "dispatcher", "Dispatcher"
        ADMINISTRATOR = "administrator", "Centre administrator"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.DISPATCHER)

    class Meta:
        verbose_name = "staff member"
        verbose_name_plural = "staff"
        constraints = [models.UniqueConstraint(fields=["user", "centre"], name="one_role_a_centre")]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"
