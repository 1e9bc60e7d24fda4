"""What every view of the API shares: scopes of keys, the caller's lines, body limit, documented errors."""

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from mes.api.errors import TooLarge
from mes.people.access import lines_for, may
from mes.people.keys import lines_for_key
from mes.people.models import ApiKey
from mes.plant.models import Line, WorkCenter

SAFE = ("GET", "HEAD", "OPTIONS")
PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "No valid key or session.",
    "403": "The key lacks the scope, or the person's role does not allow it.",
    "404": "There is nothing of this code, or not on your lines.",
    "409": "What is stored says otherwise.",
    "413": "The body is too large.",
    "422": "It was read, but does not make sense; nothing was stored.",
    "503": "The database is away: send it again.",
}


class Allowed(BasePermission):
    """Keys need the view's scope; the person (or the key's owner) needs the view's action where it names one."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether scope and role allow the call; the message says which of them does not."""
        if not isinstance(view, ApiView):
            raise TypeError(f"{type(view).__name__} must be an ApiView to have scopes.")
        reading = request.method in SAFE
        scope = "read" if reading else view.write_scope
        if isinstance(request.auth, ApiKey) and scope not in request.auth.scopes:
            self.message = f"This API key lacks the scope '{scope}': ask an admin for a key that has it."
            return False
        action = view.read_action if reading else view.write_action
        by_key = isinstance(request.auth, ApiKey) and not reading and view.key_is_enough
        if action and not by_key and not may(request.user, action):
            self.message = f"Your role does not allow this ({action.replace('_', ' ')}): ask an admin."
            return False
        return True


class ProblemSchema(AutoSchema):
    """Adds the errors every operation can answer to the OpenAPI document."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation with its error responses."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            schema = {
                "type": "object",
                "required": ["code", "message", "fields"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "fields": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            }
            for status, text in PROBLEMS.items():
                content = {"application/json": {"schema": schema}}
                operation["responses"].setdefault(status, {"description": text, "content": content})
        return operation


class ApiView(APIView):
    """Base of all views. `read_action` and `write_action` are keys of `mes.people.access.ROLES_OF`."""

    permission_classes: ClassVar[list[type[BasePermission]]] = [IsAuthenticated, Allowed]  # type: ignore[misc]
    schema = ProblemSchema()
    read_action: str = "see_floor"
    write_action: str = ""
    write_scope: str = "orders"
    key_is_enough = False  # True: the scope alone decides for keys

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Reads the body within Django's limit: DRF's own parser reads a stream of any length."""
        if request.method not in SAFE:
            length = request.META.get("CONTENT_LENGTH") or "0"
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            if length.isdigit() and int(length) > limit:
                self._too_large = f"The request body is larger than {limit} bytes: send it in parts."
            else:
                request.body  # noqa: B018  (kept by Django, read again by the parser)
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Identity and rights first, then the size of the body."""
        super().initial(request, *args, **kwargs)
        said = getattr(self, "_too_large", None)
        if said:
            raise TooLarge(said)

    @property
    def lines(self) -> QuerySet[Line]:
        """The lines the caller may see."""
        return lines_of(self.request)

    @property
    def work_centers(self) -> QuerySet[WorkCenter]:
        """The machines on the caller's lines."""
        return WorkCenter.objects.filter(line__in=self.lines, archived=False)


def lines_of(request: Request) -> QuerySet[Line]:
    """The lines of the key, else of the person."""
    return lines_for_key(request.auth) if isinstance(request.auth, ApiKey) else lines_for(request.user)


def actor_of(request: Request) -> str:
    """The name that the journal keeps: api:<key>, or the person's."""
    return f"api:{request.auth.name}" if isinstance(request.auth, ApiKey) else request.user.get_username()
