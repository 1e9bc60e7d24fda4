"""Every error as {"code", "message", "fields"}: what went wrong, in a sentence, and which fields it is about."""

from typing import Any

from django.core.exceptions import PermissionDenied as DjangoDenied
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from psycopg_pool import PoolTimeout
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from mes.plant.changes import ShiftLocked

RETRY_S = "5"


class Problem(APIException):
    """An error with a code of its own and, where it concerns some, fields."""

    def __init__(self, message: str, *, fields: dict[str, str] | None = None, code: str | None = None) -> None:
        super().__init__(message, code)
        self.code = code or self.default_code
        self.fields = fields or {}


class NotFound(Problem):
    """It does not exist, or lies outside the caller's lines: which of the two is not told."""

    status_code = status.HTTP_404_NOT_FOUND
    default_code = "not_found"


class BadRequest(Problem):
    """The request cannot be read."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid"


class Conflict(Problem):
    """It was read, but what is stored says otherwise."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class TooLarge(Problem):
    """The body is over the limit."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Unprocessable(Problem):
    """It was read, but does not make sense; nothing was stored."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unprocessable"


def as_problem(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception in a view; None for what nobody foresaw, which Django then reports as 500."""
    if isinstance(exc, RequestDataTooBig):
        exc = TooLarge("The request body is too large: send it in parts.")
    if isinstance(exc, ShiftLocked):
        exc = Conflict(str(exc), code="locked")
    if isinstance(exc, OperationalError | InterfaceError | PoolTimeout):
        set_rollback()
        said = {"code": "unavailable", "message": "The database is away: send this again in some seconds."}
        return Response(said | {"fields": {}}, status=503, headers={"Retry-After": RETRY_S})
    response = exception_handler(exc, context)
    if response is None:
        return None
    response.data = _problem(exc, response)
    return response


def _problem(exc: Exception, response: Response) -> dict[str, Any]:
    if isinstance(exc, Problem):
        return {"code": exc.code, "message": str(exc.detail), "fields": exc.fields}
    if isinstance(exc, ValidationError):
        fields = _flat(exc.detail)
        message = "; ".join(f"{name}: {text}" if name else text for name, text in fields.items())
        return {"code": "invalid", "message": message, "fields": {k: v for k, v in fields.items() if k}}
    if isinstance(exc, Http404):
        return {"code": "not_found", "message": "There is nothing of this code, or not on your lines.", "fields": {}}
    if isinstance(exc, DjangoDenied):
        return {"code": "permission_denied", "message": str(exc) or "You may not do this.", "fields": {}}
    code = exc.get_codes() if isinstance(exc, APIException) else "error"
    return {"code": code, "message": str(response.data.get("detail", exc)), "fields": {}}


def _flat(detail: Any, path: str = "") -> dict[str, str]:
    """Nested validation messages as {"field.sub": "sentence"}."""
    if isinstance(detail, dict):
        found: dict[str, str] = {}
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            found |= _flat(inner, f"{path}.{own}" if path and own else path or own)
        return found
    if isinstance(detail, list):
        if any(isinstance(inner, dict | list) for inner in detail):
            found = {}
            for index, inner in enumerate(detail):
                found |= _flat(inner, f"{path}[{index}]")
            return found
        return {path: " ".join(str(inner) for inner in detail)}
    return {path: str(detail)}
