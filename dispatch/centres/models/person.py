"""People of the staff side, where they work, and when the operator may look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from dispatch.centres.models.centre import Centre
from dispatch.centres.permissions import Role

#: The longest an operator may look into a centre's calls at one go: one long shift.
LONGEST_GRANT = timedelta(hours=12)


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

    Role = Role

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.DISPATCHER)

    class Meta:
        verbose_name = "staff member"
        verbose_name_plural = "staff"
        constraints = [models.UniqueConstraint(fields=["user", "centre"], name="one_role_a_centre")]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"


class Grant(models.Model):
    """The operator may see one centre's calls: for a reason, for a time, and in its log."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants"
    )
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="grants")
    reason = models.CharField(
        max_length=200, help_text="The centre's administrators and auditors read it in their log."
    )
    begins_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    #: Before its time, by the operator or by the centre.
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__lte=models.F("begins_at") + LONGEST_GRANT),
                name="grant_within_a_shift",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.centre}, until {self.ends_at:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def good(cls, now: datetime | None = None) -> models.Q:
        """Which grants hold now."""
        now = now or timezone.now()
        return models.Q(begins_at__lte=now, ends_at__gt=now, ended_at=None)
