"""What every tenant table has: its centre, and a manager that refuses to work without a scope."""

from __future__ import annotations

from typing import Any, cast

from django.db import models
from django_scopes import ScopedManager

from dispatch.centres.models.centre import Centre


def scoped() -> Any:
    """A manager that sees one centre's rows inside `scope(centre)` and raises outside of it."""
    return ScopedManager(centre="centre")


class Tenant(models.Model):
    """Base of the rows that belong to one centre."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


def centre_in_scope() -> Centre:
    """The centre whose scope is open. Raises LookupError outside of one."""
    from django_scopes import get_scope

    found = get_scope().get("centre")
    if found is None:
        raise LookupError("no centre's scope is open")
    return cast(Centre, found)
