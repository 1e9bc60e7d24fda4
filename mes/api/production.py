"""Items, work orders and runs; an order can be created."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import actor_of
from mes.api.errors import Conflict, Unprocessable
from mes.api.filters import line_named, narrowed, within
from mes.api.idempotency import once
from mes.api.order_steps import KEY_HEADER as KEY_HEADER
from mes.api.order_steps import OrderSteps
from mes.api.resources import ListResource, Resource
from mes.plant.models import CODE, Line, WorkCenter
from mes.production.models import IdealCycle, Item, Operation, OrderHold, Pool, Run, WorkOrder
from mes.production.order_new import order_create, order_receive
from mes.production.refusals import OrderRefused


class IdealCycleShape(serializers.ModelSerializer[IdealCycle]):
    """The shortest time per piece on a machine."""

    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)

    class Meta:
        model = IdealCycle
        fields = ("work_center", "ideal_cycle_s", "valid_from", "valid_to")


class ItemShape(serializers.ModelSerializer[Item]):
    """An item with its ideal cycles."""

    ideal_cycles = IdealCycleShape(many=True, read_only=True)

    class Meta:
        model = Item
        fields = ("code", "name", "unit", "ideal_cycles")


class OperationShape(serializers.ModelSerializer[Operation]):
    """One step of an order; it runs on a machine or on any machine of a pool."""

    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)

    class Meta:
        model = Operation
        fields = (
            *("sequence", "name", "work_center", "pool", "ideal_cycle_s", "setup_min", "count_source", "done_at"),
        )


class WorkOrderShape(serializers.ModelSerializer[WorkOrder]):
    """A work order."""

    item = serializers.SlugRelatedField[Item](slug_field="code", read_only=True)
    line = serializers.SlugRelatedField[Line](slug_field="code", read_only=True)
    dispatched_to = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    on_hold = serializers.BooleanField(read_only=True, help_text="While true it is neither started nor completed.")
    operations = OperationShape(many=True, read_only=True)

    class Meta:
        model = WorkOrder
        fields = (
            *("number", "kind", "item", "line", "quantity", "due_at", "priority", "status", "pause_reason"),
            *("pause_note", "short_reason", "short_note", "on_hold", "over_percent", "under_percent", "dispatched_to"),
            *("started_at", "completed_at", "source", "version", "operations"),
        )


class NewOrder(serializers.Serializer[Any]):
    """What a new order needs. `due_at` with offset; a smaller priority comes first."""

    number = serializers.CharField(max_length=60, validators=[CODE])
    item = serializers.CharField(max_length=60)
    line = serializers.CharField(max_length=40)
    quantity = serializers.DecimalField(max_digits=14, decimal_places=3, coerce_to_string=True)
    due_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    priority = serializers.IntegerField(required=False, min_value=0, max_value=32_767, default=50)
    kind = serializers.ChoiceField(
        choices=WorkOrder.Kind.choices, required=False, default="production", help_text="Only production enters KPIs."
    )
    over_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, required=False, allow_null=True, default=None, min_value=Decimal(0)
    )
    under_percent = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        required=False,
        allow_null=True,
        default=None,
        min_value=Decimal(0),
        max_value=Decimal(100),
    )
    status = serializers.ChoiceField(
        choices=["received", "released"],
        required=False,
        default="released",
        help_text="received: it waits until somebody releases it.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses fields nobody knows: a misspelled due date must not vanish."""
        for name in sorted(set(self.initial_data) - set(self.fields)):
            raise serializers.ValidationError({name: "This field is not known: see /api/v1/docs/."})
        due = self.initial_data.get("due_at")
        if isinstance(due, str) and attrs["due_at"] is not None and datetime.fromisoformat(due).tzinfo is None:
            raise serializers.ValidationError({"due_at": "The time has no offset: add Z or an offset like +01:00."})
        return attrs


class RunShape(serializers.ModelSerializer[Run]):
    """A machine making an order; `ends_at` null: still."""

    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    order = serializers.SlugRelatedField[WorkOrder](slug_field="number", read_only=True)
    item = serializers.SlugRelatedField[Item](slug_field="code", read_only=True)

    class Meta:
        model = Run
        fields = ("work_center", "order", "item", "starts_at", "ends_at", "started_by", "ended_by")


def whole_orders() -> QuerySet[WorkOrder]:
    """Orders with all the API tells of them, in two queries."""
    holds = OrderHold.objects.filter(order=OuterRef("pk"), released_at=None)
    steps = Operation.objects.select_related("work_center", "pool").order_by("sequence")
    found = WorkOrder.objects.select_related("item", "line", "dispatched_to").annotate(on_hold=Exists(holds))
    return found.prefetch_related(Prefetch("operations", steps))


class Items(Resource):
    """Items; the ideal cycles of the caller's machines."""

    serializer_class = ItemShape
    queryset = Item.objects.all()

    def get_queryset(self) -> QuerySet[Any]:
        """All items, with cycles in two further queries."""
        cycles = IdealCycle.objects.filter(work_center__in=self.work_centers).select_related("work_center")
        return Item.objects.prefetch_related(Prefetch("ideal_cycles", cycles))


class WorkOrders(OrderSteps, Resource):
    """Work orders of the caller's lines; `?line=`, `?status=`. POST creates one."""

    serializer_class = WorkOrderShape
    queryset = WorkOrder.objects.all()
    lookup_field = "number"
    ordering = "number"
    write_action = "edit_orders"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = narrowed(whole_orders(), self.request, line="line")
        status = self.request.query_params.get("status")
        return query.filter(status=status) if status else query

    @extend_schema(request=NewOrder, responses={201: WorkOrderShape}, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """A new order, released. The same order said again answers 201 with what is stored; another one 409."""
        now = datetime.now(UTC)
        shape = NewOrder(data=request.data)
        shape.is_valid(raise_exception=True)
        return once(request, now, lambda: self._create(request, shape.validated_data, now))

    def _create(self, request: Request, fields: dict[str, Any], now: datetime) -> Response:
        line = line_named(request, fields["line"])
        item = Item.objects.filter(code=fields["item"]).first()
        if item is None:
            said = f"There is no item '{fields['item']}': add it to the plant file or in the admin first."
            raise Unprocessable(said, fields={"item": said})
        if fields["quantity"] <= 0:
            raise Unprocessable("The quantity must be above 0.", fields={"quantity": "must be above 0"})
        try:
            order = (order_receive if fields["status"] == "received" else order_create)(
                number=fields["number"],
                item=item,
                line=line,
                quantity=fields["quantity"],
                due_at=fields["due_at"],
                priority=fields["priority"],
                source="api",
                kind=fields["kind"],
                over_percent=fields["over_percent"],
                under_percent=fields["under_percent"],
                actor=actor_of(request),
                at=now,
            )
        except OrderRefused as refused:
            field = {refused.field: str(refused)} if refused.field else {}
            raise Conflict(str(refused), fields=field) from refused
        return Response(WorkOrderShape(whole_orders().get(pk=order.pk)).data, status=201)


class Runs(ListResource):
    """Runs that touch [from, to); `?line=`, `?work_center=`."""

    serializer_class = RunShape
    queryset = Run.objects.all()
    ordering = "-starts_at"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = Run.objects.select_related("work_center", "order", "item")
        query = narrowed(query, self.request, line="work_center__line", work_center="work_center")
        return within(query, self.request, start="starts_at", end="ends_at")
