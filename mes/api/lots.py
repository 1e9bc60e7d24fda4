"""Lots, and what they were made of and went into, for the caller's lines."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.errors import BadRequest, Conflict, NotFound
from mes.api.resources import Resource
from mes.materials.family import Family, by_item, collector_paused, family_of, lots_visible
from mes.materials.genealogy import Direction, Member, amounts_from
from mes.materials.models import Lot
from mes.people.access import may
from mes.production.models import Item

ITEM = OpenApiParameter("item", description="Code of the item; needed where two items have a lot of this number.")


class LotShape(serializers.ModelSerializer[Lot]):
    """A lot. `quantity` is all there ever was; `on_hand` is what is left after `consumed` and `shipped`."""

    item = serializers.SlugRelatedField[Item](slug_field="code", read_only=True)
    on_hand = serializers.DecimalField(max_digits=14, decimal_places=3, read_only=True)
    line = serializers.SerializerMethodField(help_text="That made it; null: received, or not one of yours.")
    order = serializers.SerializerMethodField(help_text="That made it; null: none, or not on your lines.")

    class Meta:
        model = Lot
        fields = (
            *("number", "item", "quantity", "unit", "on_hand", "consumed", "shipped", "status", "is_serial"),
            *("line", "order", "supplier", "supplier_lot", "expires_on", "sscc", "at"),
        )

    def get_line(self, lot: Lot) -> str | None:
        """Code of the line that made it, if it is one of the caller's."""
        return lot.line.code if lot.line is not None and lot.line_id in self.context["lines"] else None

    def get_order(self, lot: Lot) -> str | None:
        """Number of the order that made it, if it is on the caller's lines."""
        return lot.order.number if lot.order is not None and lot.order.line_id in self.context["lines"] else None


class MemberShape(serializers.Serializer[Any]):
    """A lot of a genealogy; `distance`: links to it by the shortest way."""

    number = serializers.CharField()
    item = serializers.CharField()
    distance = serializers.IntegerField()
    unit = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=14, decimal_places=3)
    on_hand = serializers.DecimalField(max_digits=14, decimal_places=3)
    consumed = serializers.DecimalField(max_digits=14, decimal_places=3)
    shipped = serializers.DecimalField(max_digits=14, decimal_places=3)
    status = serializers.CharField()
    order = serializers.CharField(allow_null=True)
    expires_on = serializers.DateField(allow_null=True)


class LinkShape(serializers.Serializer[Any]):
    """So much of a lot went into a lot, or into an order: then it may be in any lot of that order."""

    number = serializers.CharField()
    item = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=14, decimal_places=3)
    into = serializers.CharField(allow_null=True)
    into_item = serializers.CharField(allow_null=True)
    into_order = serializers.CharField(allow_null=True)


class PlacedShape(serializers.Serializer[Any]):
    """Quantities of one item; on hand, consumed and shipped make up all of it."""

    item = serializers.CharField()
    unit = serializers.CharField()
    lots = serializers.IntegerField()
    quantity = serializers.DecimalField(max_digits=20, decimal_places=3)
    on_hand = serializers.DecimalField(max_digits=20, decimal_places=3)
    consumed = serializers.DecimalField(max_digits=20, decimal_places=3)
    shipped = serializers.DecimalField(max_digits=20, decimal_places=3)


class GenealogyShape(serializers.Serializer[Any]):
    """`hidden`: lots on lines the caller cannot see; null where the caller is not told."""

    number = serializers.CharField()
    item = serializers.CharField()
    direction = serializers.ChoiceField(choices=[each.value for each in Direction])
    hidden = serializers.IntegerField(allow_null=True)
    items = PlacedShape(many=True)
    orders = serializers.ListField(child=serializers.CharField())
    lots = MemberShape(many=True)
    links = LinkShape(many=True, required=False)


class Lots(Resource):
    """Lots the caller may see; `?item=`, `?status=`, `?order=`."""

    serializer_class = LotShape
    queryset = Lot.objects.all()
    lookup_field = "number"
    ordering = "-id"
    read_action = "see_lots"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        found = lots_visible(self.lines).select_related("item", "line", "order")
        for name, lookup in (("item", "item__code"), ("status", "status"), ("order", "order__number")):
            text = self.request.query_params.get(name, "")
            if "\0" in text:
                return found.none()
            if text:
                found = found.filter(**{lookup: text})
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        """With the ids of the caller's lines: other lines are not named."""
        return {**super().get_serializer_context(), "lines": set(self.lines.values_list("pk", flat=True))}

    def get_object(self) -> Lot:
        """The lot of that number; 409 where two items have one and the query does not say which."""
        number = self.kwargs["number"]
        found = list(self.get_queryset().filter(number=number)[:2]) if "\0" not in number else []
        if not found:
            raise NotFound(f"There is no lot '{number[:60]}', or it is not on your lines.")
        if len(found) > 1:
            said = f"There are lots {number} of {found[0].item.code} and {found[1].item.code}: add ?item= to say which."
            raise Conflict(said, fields={"item": said})
        lot: Lot = found[0]
        return lot

    @extend_schema(responses=LotShape, parameters=[ITEM])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One lot by its number."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(
        responses=GenealogyShape,
        parameters=[
            ITEM,
            OpenApiParameter("direction", enum=[each.value for each in Direction], default="down"),
            OpenApiParameter("links", bool, default=False, description="With what went where, and how much."),
        ],
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def genealogy(self, request: Request, number: str) -> Response:
        """What the lot was made of (up) or what was made of it (down), at any depth."""
        text = request.query_params.get("direction", Direction.DOWN.value)
        if text not in list(Direction):
            said = "The direction is 'up' (what it was made of) or 'down' (what was made of it)."
            raise BadRequest(said, fields={"direction": said})
        lot = self.get_object()
        with collector_paused():
            family = family_of(lot, Direction(text), self.lines, count_hidden=may(request.user, "see_recall"))
            answer = _plain(lot, text, family)
            if request.query_params.get("links") == "true":
                answer["links"] = _links(family)
        return Response(answer)


def _plain(lot: Lot, direction: str, family: Family) -> dict[str, Any]:
    of = {one.pk: one for one, _distance in family.lots}
    orders = {pk: order.number for pk, order in family.orders.items()}
    return {
        "number": lot.number,
        "item": lot.item.code,
        "direction": direction,
        "hidden": family.hidden,
        "items": [
            {
                "item": one.item,
                "unit": one.unit,
                "lots": one.lots,
                "quantity": str(one.quantity),
                "on_hand": str(one.on_hand),
                "consumed": str(one.consumed),
                "shipped": str(one.shipped),
            }
            for one in by_item(of.values())
        ],
        "orders": sorted(orders.values()),
        "lots": [_member(one, distance, orders) for one, distance in family.lots],
    }


def _links(family: Family) -> list[dict[str, Any]]:
    of = {one.pk: one for one, _distance in family.lots}
    orders = {pk: order.number for pk, order in family.orders.items()}
    amounts = amounts_from(of)
    return [
        {
            "number": of[lot].number,
            "item": of[lot].item,
            "quantity": str(amounts[lot, into, order]),
            "into": of[into].number if into in of else None,
            "into_item": of[into].item if into in of else None,
            "into_order": orders.get(order) if order is not None else None,
        }
        for lot, into, order in dict.fromkeys(link[:3] for link in family.links)
    ]


def _member(one: Member, distance: int, orders: dict[int, str]) -> dict[str, Any]:
    return {
        "number": one.number,
        "item": one.item,
        "distance": distance,
        "unit": one.unit,
        "quantity": str(one.quantity),
        "on_hand": str(one.on_hand),
        "consumed": str(one.consumed),
        "shipped": str(one.shipped),
        "status": one.status,
        "order": orders.get(one.order) if one.order is not None else None,
        "expires_on": one.expires_on.isoformat() if one.expires_on else None,
    }
