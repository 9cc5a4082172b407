"""How the API knows who asks: the session of the console, with CSRF."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class StaffSession(SessionAuthentication):
    """Django's session; says 401 (not 403) to a person who is not signed in."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class StaffSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes it in the OpenAPI schema."""

    target_class = "dispatch.console.authentication.StaffSession"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
