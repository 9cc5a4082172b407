from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """The wiring above all rooms."""

    name = "dispatch"
    label = "dispatch"

    def ready(self) -> None:
        import_module("dispatch.checks")
