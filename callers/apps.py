from __future__ import annotations

from django.apps import AppConfig


class CallersConfig(AppConfig):
    name = "callers"
    label = "callers"

    def ready(self) -> None:
        from callers import invites, locations
        from dispatch.feed import latest

        invites.register_work()
        latest.register("centre", locations.last_positions)
