from __future__ import annotations

from django.apps import AppConfig


class CentresConfig(AppConfig):
    name = "dispatch.centres"
    label = "centres"

    def ready(self) -> None:
        from dispatch.centres import log

        log.register()
