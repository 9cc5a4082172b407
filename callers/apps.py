from __future__ import annotations

from django.apps import AppConfig


class CallersConfig(AppConfig):
    name = "callers"
    label = "callers"

    def ready(self) -> None:
        from callers import catalogue, invites, locations
        from dispatch.centres import languages
        from dispatch.feed import latest

        languages.complete(catalogue.languages())
        invites.register_work()
        latest.register("centre", locations.last_positions)
