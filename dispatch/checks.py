"""Checks of the installation's settings: each says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from callers.sms.gateway import PROVIDERS

#: LiveKit signs with HMAC-SHA-256: a shorter secret is the weakest part of it (RFC 7518, 3.2).
SECRET_LENGTH = 32
#: As Django's own check --deploy asks of SECRET_KEY.
KEY_LENGTH, KEY_VARIETY = 50, 5


@register()
def livekit_keys(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Media nodes need keys, and keys that cannot be guessed."""
    keys: dict[str, str] = settings.LIVEKIT_KEYS
    if not keys:
        return [
            Error(
                "LIVEKIT_KEYS is empty: no caller's video can be shown.",
                hint="Set LIVEKIT_KEYS=key:secret, as in the LiveKit server's own `keys`.",
                id="sightline.E001",
            )
        ]
    return [
        Error(
            f"The secret of LiveKit key “{key}” is shorter than {SECRET_LENGTH} characters.",
            hint="Make one with `openssl rand -hex 32`; set it here and in the LiveKit server.",
            id="sightline.E002",
        )
        for key, secret in keys.items()
        if len(secret) < SECRET_LENGTH
    ]


@register()
def text_provider(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Texts must reach people."""
    name = settings.SMS_PROVIDER
    if name not in PROVIDERS:
        return [
            Error(
                f"SMS_PROVIDER names “{name}”, which does not exist.",
                hint=f"Use one of: {', '.join(sorted(PROVIDERS))}.",
                id="sightline.E003",
            )
        ]
    if settings.DEVELOPMENT:
        return []
    if name == "demo":
        return [
            Error(
                "SMS_PROVIDER is “demo”: texts would go to a page instead of to callers.",
                hint="Set SMS_PROVIDER to a provider that sends, or DEVELOPMENT=true to try.",
                id="sightline.E004",
            )
        ]
    if name == "console":
        return [
            checks.Info(
                "SMS_PROVIDER is “console”: texts are printed on a terminal, not sent.",
                hint="Set SMS_PROVIDER to a provider that sends.",
                id="sightline.I001",
            )
        ]
    return []


@register()
def secret_key(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Sessions are as safe as the key they are signed with."""
    key = settings.SECRET_KEY
    weak = len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY or "insecure" in key
    if settings.DEVELOPMENT or not weak:
        return []
    return [
        Error(
            "SECRET_KEY is short or predictable: staff sessions could be forged.",
            hint="Make one with `openssl rand -base64 48` and keep it out of the repository.",
            id="sightline.E005",
        )
    ]


@register()
def public_origin(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Phones open the camera on https only."""
    if settings.DEVELOPMENT or settings.PUBLIC_ORIGIN.startswith("https://"):
        return []
    return [
        Error(
            f"PUBLIC_ORIGIN is {settings.PUBLIC_ORIGIN}: phones give camera, microphone and "
            "position to https pages only.",
            hint="Put a TLS proxy in front and set PUBLIC_ORIGIN=https://….",
            id="sightline.E006",
        )
    ]
