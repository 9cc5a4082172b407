from __future__ import annotations

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    name = "dispatch.upkeep"
    label = "upkeep"

    def ready(self) -> None:
        from dispatch.feed import latest
        from dispatch.upkeep import parts

        latest.register("centre", parts.latest_health)
