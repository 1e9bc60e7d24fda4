"""GET /costs/: what losses cost, for a machine, a line, an area or a site; the same bill as the page's."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.errors import BadRequest
from mes.api.kpi import KINDS, KpiView
from mes.losses.bill import costs_by_reason, costs_of
from mes.losses.delivery import delivery_of
from mes.losses.stop_minutes import TooMuch


class LossShape(serializers.Serializer[Any]):
    """A loss of a machine: seconds (time) or pieces (scrap), and its cost; null where a rate is missing."""

    work_center = serializers.CharField()
    kind = serializers.CharField(help_text="breakdowns, waiting, setup, minor_stops, reduced_speed or scrap.")
    item = serializers.CharField(allow_blank=True)
    lost_s = serializers.DecimalField(max_digits=20, decimal_places=3, allow_null=True)
    pieces = serializers.DecimalField(max_digits=20, decimal_places=3, allow_null=True)
    cost = serializers.DecimalField(max_digits=24, decimal_places=6, allow_null=True)


class CostsShape(serializers.Serializer[Any]):
    """The bill. `total` is null while a rate is missing; `known` is the part that has a price. Money as text."""

    total = serializers.CharField(allow_null=True)
    known = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)
    notes = serializers.ListField(child=serializers.CharField())
    losses = LossShape(many=True)
    reasons = serializers.ListField(child=serializers.DictField())
    delivery = serializers.DictField()


class CostsView(KpiView):
    """What losses cost in a stretch of time."""

    read_action = "see_costs"

    @extend_schema(
        responses=CostsShape,
        parameters=[
            *[OpenApiParameter(kind, description="Exactly one of the four.") for kind in KINDS],
            OpenApiParameter("from", description="Begin, ISO 8601 with offset."),
            OpenApiParameter("to", description="End, ISO 8601 with offset; later than now means until now."),
        ],
    )
    def get(self, request: Request) -> Response:
        """The bill by machine and kind, what stops cost by reason, and delivery on time."""
        now, window, place = datetime.now(UTC), self._window(request), self._place(request)
        places = list(place.work_centers)
        found = costs_of(places, *window, now=now)
        try:
            reasons = costs_by_reason(places, *window, now=now)
        except TooMuch as wrong:
            raise BadRequest(str(wrong), fields={"from": "too long ago"}) from wrong
        delivery = delivery_of([line for line, _machines in place.lines], *window, now=now)
        total = found.bill.total
        return Response(
            {
                place.kind: place.code,
                "total": None if total is None else _text(total),
                "known": _text(found.bill.known),
                "currency": found.currency,
                "notes": list(found.notes),
                "losses": [
                    {
                        "work_center": lost.machine,
                        "kind": lost.kind,
                        "item": lost.of,
                        "lost_s": None if lost.kind == "scrap" else _text(lost.amount / 1000),
                        "pieces": _text(lost.amount) if lost.kind == "scrap" else None,
                        "cost": None if lost.cost is None else _text(lost.cost),
                    }
                    for lost in found.bill.losses
                ],
                "reasons": [
                    {
                        "reason": row.reason,
                        "name": row.name,
                        "lost_s": row.lost_ms / 1000,
                        "stops": row.stops,
                        "cost": None if row.cost is None else _text(row.cost),
                    }
                    for row in reasons
                ],
                "delivery": {"due": delivery.due, "on_time": delivery.on_time, "on_time_in_full": delivery.in_full},
            }
        )


def _text(amount: Any) -> str:
    return f"{amount:.2f}"
