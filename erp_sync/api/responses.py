"""`GET /erp/operations-responses/` and its `ack`: an ERP that pushes fetches its confirmations."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from erp_sync.api.narrow import named, on_lines, pushing
from erp_sync.models import ErpConnection, ErpLink, OutboxMessage
from mes.api.base import ApiView, actor_of
from mes.api.errors import BadRequest, Conflict, NotFound
from mes.journal.write import record

PAGE = 100
Status = OutboxMessage.Status


class ResponsesView(ApiView):
    """Confirmations that wait for an ERP."""

    read_action = "see_erp"

    @extend_schema(
        parameters=[
            OpenApiParameter("system", description="Code of the connection.", required=True),
            OpenApiParameter("cursor", description="From the answer before; empty: from the oldest that waits."),
        ],
        responses=inline_serializer(
            "Responses",
            {"results": serializers.ListField(child=serializers.DictField()), "cursor": serializers.CharField()},
        ),
    )
    def get(self, request: Request) -> Response:
        """What is not acknowledged, the oldest first, at most 100. Read again, it comes again until it is acknowledged.

        `cumulative` is what counts; of one order only the first that is not acknowledged is given.
        """
        connection = named(request, request.query_params.get("system", ""))
        after = request.query_params.get("cursor", "") or "0"
        if not after.isascii() or not after.isdecimal() or len(after) > 18:
            raise BadRequest("The cursor is not one of ours.", fields={"cursor": "unknown"})
        rows = OutboxMessage.objects.filter(link__connection=connection, status=Status.PENDING, pk__gt=int(after))
        rows = on_lines(rows, request, "link__order").select_related("link").order_by("pk")
        found: list[OutboxMessage] = []
        orders: set[int] = set(_settling(connection))
        for row in rows[: 5 * PAGE]:
            if row.link_id not in orders and len(found) < PAGE:
                found.append(row)
                orders.add(row.link_id)
        results = [row.payload | {"version": row.link.version} for row in found]
        return Response({"results": results, "cursor": str(found[-1].pk) if found else after})


class AckView(ApiView):
    """An ERP says that it has a confirmation."""

    write_scope = "erp"
    write_action = "set_up_erp"
    key_is_enough = True

    @extend_schema(
        request=inline_serializer(
            "Ack",
            {
                "document": serializers.CharField(required=False, help_text="What the ERP calls its booking."),
                "refused": serializers.CharField(required=False, help_text="Why it was not booked: a planner sees it."),
            },
        ),
        responses=inline_serializer("Acked", {"event_id": serializers.UUIDField(), "status": serializers.CharField()}),
    )
    def post(self, request: Request, event_id: UUID) -> Response:
        """It arrived (or was refused, with the ERP's words). Said again it changes nothing."""
        now, body = datetime.now(UTC), request.data if isinstance(request.data, dict) else {}
        document, refused = (_text(body, name) for name in ("document", "refused"))
        with transaction.atomic():
            rows = OutboxMessage.objects.select_related("link__connection").select_for_update(of=("self",))
            found = on_lines(rows, request, "link__order").filter(event_id=event_id).first()
            if found is None:
                raise NotFound(f"There is no message {event_id} of your lines.")
            pushing(request, found.link.connection.code)
            done = Status.DEAD if refused else Status.SENT
            if found.status == done:
                return Response({"event_id": event_id, "status": found.status})
            if found.status not in (Status.PENDING, Status.DEAD):
                raise Conflict(f"The message is '{found.get_status_display()}': it waits for nobody.")
            _settle(found, done, document, refused, now)
            data = {"after": done.value, "document": document, "why": refused, "sequence": found.sequence}
            record(actor=actor_of(request), at=now, action="erp_ack", kind="erp-message", code=str(event_id), data=data)
        return Response({"event_id": event_id, "status": found.status})


def _settle(message: OutboxMessage, status: str, document: str, refused: str, now: datetime) -> None:
    message.status, message.erp_document = status, document[:120]
    if status == Status.SENT:
        message.sent_at, message.fault, message.last_error, message.erp_said = now, "", "", ""
        ErpLink.objects.filter(pk=message.link_id).update(confirmed=message.payload["cumulative"])
        ErpConnection.objects.filter(pk=message.link.connection_id).update(last_push_at=now)
    else:
        message.fault, message.erp_said = OutboxMessage.Fault.REJECTED, refused[:1000]
        message.last_error = "The ERP refused it."
    message.save(update_fields=["status", "erp_document", "sent_at", "fault", "last_error", "erp_said"])


def _settling(connection: ErpConnection) -> list[int]:
    """Orders with a message that waits for a planner: later ones wait behind it."""
    rows = OutboxMessage.objects.filter(link__connection=connection, status__in=(Status.DEAD, Status.PARKED))
    return list(rows.values_list("link_id", flat=True))


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or "\0" in value:
        raise BadRequest(f"'{name}' must be text.", fields={name: "must be text"})
    return value.strip()
