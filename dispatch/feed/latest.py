"""Last values: not entries but versions, for what only ever matters as its newest state.

A room registers a provider for an audience (the part of a stream's name before the colon);
with each heartbeat a web process compares versions and pushes what is newer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypedDict

from django.db import transaction

from dispatch.feed import publish


class Latest(TypedDict):
    """The newest value under a key; a client applies it if `version` exceeds what it has."""

    key: str
    version: int
    body: dict[str, Any]


Provider: TypeAlias = Callable[[str], list[Latest]]

_providers: dict[str, list[Provider]] = {}


def register(audience: str, provider: Provider) -> None:
    """Add a provider: given a stream's name, all its last values."""
    if provider not in _providers.setdefault(audience, []):
        _providers[audience].append(provider)


def of(stream: str) -> list[Latest]:
    """All last values of a stream, read from the database."""
    audience = stream.partition(":")[0]
    return [value for provider in _providers.get(audience, []) for value in provider(stream)]


def push(stream: str, value: Latest) -> None:
    """Hint at a newer value once the surrounding transaction has committed."""
    transaction.on_commit(lambda: publish.latest(stream, [dict(value)]))
