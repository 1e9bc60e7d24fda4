"""The digital thread as JSON: a node by kind and code, and that of an order."""

from datetime import UTC, datetime

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import ApiView
from mes.api.errors import NotFound
from mes.people.access import may
from mes.thread.find import AUDIT_KINDS, node_of

AFTER = OpenApiParameter("after", description="`next` of the page before: the story goes on from there.")


class ThreadView(ApiView):
    """`GET /thread/<kind>/<code>/`: what it is, its links up and down, what is missing, and a page of its story."""

    @extend_schema(parameters=[AFTER], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, kind: str, code: str) -> Response:
        """404 for what does not exist or is not on the caller's lines; edits and people only for who sees the audit."""
        after = request.query_params.get("after", "")[:100]
        node = node_of(kind, code, self.lines, now=datetime.now(UTC), after=after)
        if node is None:
            raise NotFound(f"There is no {kind} '{code}' on your lines.")
        audit = may(request.user, "see_audit")
        if kind in AUDIT_KINDS and not audit:
            raise PermissionDenied("Your role does not allow this (see audit): ask an admin.")
        found = node.plain()
        if not audit:
            found["links"] = [link for link in found["links"] if link["kind"] not in AUDIT_KINDS]
        return Response(found)


class OrderThreadView(ThreadView):
    """`GET /work-orders/<number>/thread/`: the thread of an order."""

    @extend_schema(parameters=[AFTER], responses=OpenApiTypes.OBJECT, operation_id="work_orders_thread")
    def get(self, request: Request, number: str) -> Response:  # type: ignore[override]
        """As `/thread/order/<number>/`."""
        return super().get(request, "order", number)
