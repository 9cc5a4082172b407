from __future__ import annotations

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "dispatch.calls"
    label = "calls"

    def ready(self) -> None:
        from dispatch.calls import nodes, requests, rooms, seats

        rooms.register()
        seats.register()
        requests.register()
        nodes.register()
