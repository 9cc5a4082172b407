"""Domain errors: a stable code, an HTTP status, and a sentence a person can act on."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """Something a person asked for cannot be done.

    `code` is stable and for programs, `status` is the HTTP status, `message` is one plain
    sentence with the next step, `field` names the input it belongs to, and `extra` is
    merged into the response body.
    """

    code = "refused"
    status = 400

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        field: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.field = field
        self.extra = extra or {}

    def as_body(self) -> dict[str, Any]:
        """The JSON body of the response."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field:
            body["field"] = self.field
        return {**body, **self.extra}


class NotFound(DomainError):
    """The thing does not exist, or belongs to someone else: the answer is the same."""

    code, status = "not_found", 404

    def __init__(self, message: str = "This does not exist, or is not yours.") -> None:
        super().__init__(message)


class Conflict(DomainError):
    """The thing exists but its state does not allow this."""

    code, status = "conflict", 409


class Throttled(DomainError):
    """Too much, too quickly."""

    code, status = "throttled", 429


class Unavailable(DomainError):
    """A part that is needed for this does not answer; the rest goes on."""

    code, status = "unavailable", 503
