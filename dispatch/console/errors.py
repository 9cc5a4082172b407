"""One handler turns every error of the API into {code, message, field?}."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from dispatch.errors import DomainError, NotFound


def handle(problem: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler."""
    if isinstance(problem, DomainError):
        return Response(problem.as_body(), status=problem.status)
    if isinstance(problem, Http404):
        return Response(NotFound().as_body(), status=404)
    if isinstance(problem, exceptions.ValidationError):
        return Response(_invalid(problem.detail), status=400)
    if isinstance(problem, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        said = DomainError("Your session is over. Sign in again.", code="signed_out", status=401)
        return Response(said.as_body(), status=said.status)
    answer = exception_handler(problem, context)
    if answer is not None and isinstance(problem, exceptions.APIException):
        answer.data = {"code": problem.default_code, "message": str(problem.detail)}
    return answer


def _invalid(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict) and detail:
        field, found = next(iter(detail.items()))
        first = found[0] if isinstance(found, list) and found else found
        return {"code": "invalid", "message": str(first), "field": str(field)}
    first = detail[0] if isinstance(detail, list) and detail else detail
    return {"code": "invalid", "message": str(first)}
