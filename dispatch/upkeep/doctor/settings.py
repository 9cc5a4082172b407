"""What can be told from the settings alone: Django's system checks, and the text provider."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module

from django.conf import settings as configured
from django.core.checks import ERROR, WARNING, CheckMessage, run_checks

from callers.sms.gateway import PROVIDERS
from dispatch.upkeep.doctor.examine import Seen
from dispatch.upkeep.doctor.result import Result, failed, ok, warning

#: Checks that are about the text provider: told as that part, not as settings.
ABOUT_TEXTS = {"sightline.E003", "sightline.E004", "sightline.I001"}
#: LIVEKIT_KEYS is empty.
NO_KEYS = "sightline.E001"


class SystemChecks:
    """Django's checks, run once for both parts that are told from them."""

    def settings(self, _: Seen) -> Result:
        """Whether the system checks find nothing wrong."""
        found = [message for message in self._messages if message.id not in ABOUT_TEXTS]
        serious = [message for message in found if message.level >= ERROR]
        light = [message for message in found if WARNING <= message.level < ERROR]
        facts = {"ids": [message.id for message in serious + light]}
        if serious:
            return failed("settings", _said(serious), _hint(serious), **facts)
        if light:
            return warning("settings", _said(light), _hint(light), **facts)
        return ok("settings", "The settings hold no mistake that can be seen from here.")

    def texts(self, _: Seen) -> Result:
        """Whether the text provider exists, can be loaded, and sends to people."""
        name = configured.SMS_PROVIDER
        found = [message for message in self._messages if message.id in ABOUT_TEXTS]
        if any(message.level >= ERROR for message in found):
            return failed("texts", _said(found), _hint(found), provider=name)
        module, cls = PROVIDERS[name].split(":")
        try:
            getattr(import_module(module), cls)()
        except Exception as problem:  # noqa: BLE001 - a provider that does not load is the result
            what = f"The text provider “{name}” cannot be loaded ({type(problem).__name__})."
            return failed("texts", what, "See its settings.", provider=name)
        if found:
            return warning("texts", _said(found), _hint(found), provider=name)
        if name in ("demo", "console"):
            what = f"The provider “{name}” is for trying: it sends to nobody."
        else:
            what = f"The provider “{name}” is configured; no text was sent."
        return ok("texts", what, provider=name)

    @cached_property
    def _messages(self) -> list[CheckMessage]:
        found = run_checks(include_deployment_checks=not configured.DEVELOPMENT)
        return [message for message in found if not message.is_silenced()]


def _said(messages: list[CheckMessage]) -> str:
    more = f" And {len(messages) - 1} more: manage.py check." if len(messages) > 1 else ""
    return f"{messages[0].msg}{more}"


def _hint(messages: list[CheckMessage]) -> str:
    return messages[0].hint or "Correct it; manage.py check --deploy tells all."
