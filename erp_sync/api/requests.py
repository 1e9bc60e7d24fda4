"""`PUT /erp/operations-requests/<system>/<key>/` and bulk `POST`: orders of an ERP that pushes, each reported."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from erp_sync.api.narrow import pushing, sees_all
from erp_sync.api.shapes import KeyedOrderShape, OrderShape, ReportShape, request_of
from erp_sync.inbound.apply import Outcome, request_apply
from erp_sync.inbound.mapped import Mappings, mapped
from erp_sync.messages import OperationsRequest
from erp_sync.models import ErpConnection, ErpLink
from mes.api.base import ApiView, lines_of
from mes.api.errors import BadRequest

MOST = 1000
STATUS = {"new": 201, "changed": 200, "unchanged": 200, "waiting": 202, "stale": 409, "refused": 422}


class RequestView(ApiView):
    """One order of an ERP."""

    write_scope = "erp"
    write_action = "set_up_erp"
    key_is_enough = True

    @extend_schema(request=OrderShape, responses={200: ReportShape, 201: ReportShape, 202: ReportShape})
    def put(self, request: Request, system: str, key: str) -> Response:
        """The order as the ERP has it now. Repeats change nothing; one that cannot be mapped is kept and waits."""
        now = datetime.now(UTC)
        connection = pushing(request, system)
        report = _one(request, connection, Mappings(connection, now), key, request.data, now)
        _heard(connection, now)
        return Response(report, status=report["status"])


class RequestsView(ApiView):
    """Many orders of an ERP."""

    write_scope = "erp"
    write_action = "set_up_erp"
    key_is_enough = True

    @extend_schema(
        request=inline_serializer(
            "OrdersOfAnErp", {"system": serializers.CharField(), "requests": KeyedOrderShape(many=True)}
        ),
        responses={207: inline_serializer("OrdersReport", {"results": ReportShape(many=True)})},
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000 orders, each applied by itself: one that is wrong leaves the others alone. 207 with a report."""
        now, body = datetime.now(UTC), request.data if isinstance(request.data, dict) else {}
        rows, system = body.get("requests"), body.get("system")
        if not isinstance(rows, list) or not isinstance(system, str):
            raise BadRequest("Send {'system': ..., 'requests': [...]}.", fields={"requests": "must be a list"})
        if len(rows) > MOST:
            raise BadRequest(f"{len(rows)} orders at once are too many: send at most {MOST}.")
        connection = pushing(request, system)
        mappings = Mappings(connection, now)
        results = []
        for row in rows:
            key = row.get("key") if isinstance(row, Mapping) else None
            if not isinstance(key, str) or not key:
                fields = {"key": "This field is required."}
                results.append(_report("", "refused", message="An order needs its key.", fields=fields))
            else:
                results.append(_one(request, connection, mappings, key, row, now))
        _heard(connection, now)
        return Response({"results": results}, status=207)


def _one(
    request: Request, connection: ErpConnection, mappings: Mappings, key: str, said: Any, now: datetime
) -> dict[str, Any]:
    """Reads, checks and applies one order; the report says what became of it."""
    if "\0" in key or len(key) > 120 or not key.isprintable():
        return _report(key[:120], "refused", message="A key is at most 120 printable characters.")
    shape = OrderShape(data=said)
    if not shape.is_valid():
        fields = {name: _words(errors) for name, errors in shape.errors.items()}
        return _report(key, "refused", message=f"Order {key[:60]} cannot be read.", fields=fields)
    found = request_of(key, dict(shape.validated_data))
    before = ErpLink.objects.filter(connection=connection, key=key).select_related("order__line").first()
    if before is not None and not _may(request, before):
        return _report(key, "refused", message=f"Order {key[:60]} is not on your lines.")
    line = mapped(found, mappings, default_line=str(connection.options.get("default_line", ""))).line
    if not _may_line(request, line.pk if line else None):
        return _report(key, "refused", message=f"Order {key[:60]} is not on your lines.")
    if before is not None and _older(found, before):
        return _report(key, "stale", before, message=f"Order {key[:60]} is stored as of a later time: this one is old.")
    outcome = request_apply(connection=connection, request=found, mappings=mappings, at=now)
    link = ErpLink.objects.filter(connection=connection, key=key).select_related("order").first()
    said_outcome = "waiting" if outcome is Outcome.FAILED or (link and link.order is None) else outcome.value
    return _report(key, said_outcome, link, message=link.said if link else "")


def _may(request: Request, link: ErpLink) -> bool:
    """Whether a narrowed key may touch the order: its line must be one of the key's."""
    return link.order is None or _may_line(request, link.order.line_id)


def _may_line(request: Request, line: int | None) -> bool:
    """A line of the caller; where there is none yet, only who sees all lines may put an order."""
    return sees_all(request) or (line is not None and lines_of(request).filter(pk=line).exists())


def _older(found: OperationsRequest, link: ErpLink) -> bool:
    stored = str(link.request.get("modified_at") or "")
    if not stored or not found.modified_at:
        return False
    return datetime.fromisoformat(found.modified_at) < datetime.fromisoformat(stored)


def _report(
    key: str, outcome: str, link: ErpLink | None = None, *, message: str = "", fields: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "key": key,
        "outcome": "refused" if outcome == "stale" else outcome,
        "status": STATUS[outcome],
        "order": link.order.number if link and link.order else None,
        "badge": link.badge if link else "",
        "message": message,
        "wrong": fields or {},
    }


def _words(errors: Any) -> str:
    """DRF's nested errors as one sentence."""
    if isinstance(errors, Mapping):
        return " ".join(f"{name}: {_words(inner)}" for name, inner in errors.items())
    if isinstance(errors, list):
        return " ".join(_words(inner) for inner in errors)
    return str(errors)


def _heard(connection: ErpConnection, now: datetime) -> None:
    ErpConnection.objects.filter(pk=connection.pk).update(last_pull_at=now)
