"""The ASGI application: HTTP to Django, sockets to the console and caller feeds."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")

# Before anything that needs models.
http = get_asgi_application()

from callers.consumers import CallerSocket  # noqa: E402
from dispatch.console.consumers import ConsoleSocket  # noqa: E402
from dispatch.limits import BodyLimit  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http),
        "websocket": AllowedHostsOriginValidator(
            URLRouter(
                [
                    path("ws/console/", ConsoleSocket.as_asgi()),
                    path("s/<uuid:session_id>/ws", CallerSocket.as_asgi()),
                ]
            )
        ),
    }
)
