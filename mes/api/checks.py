"""Quality checks: what gauges and laboratories measured comes in, what was found and judged goes out."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import actor_of, lines_of
from mes.api.errors import NotFound, Unprocessable
from mes.api.filters import instant_from, narrowed, within
from mes.api.idempotency import once
from mes.api.production import KEY_HEADER
from mes.api.resources import ListResource
from mes.plant.models import WorkCenter
from mes.production.models import Item, WorkOrder
from mes.quality.checks import CheckRefused, check_record
from mes.quality.judging import Reading
from mes.quality.models import MOST_PIECES, Characteristic, Check
from mes.quality.typed import MOST_DEFECTS


class CheckShape(serializers.ModelSerializer[Check]):
    """A check as it was made and judged then."""

    characteristic = serializers.SlugRelatedField[Characteristic](slug_field="code", read_only=True)
    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    order = serializers.SlugRelatedField[WorkOrder](slug_field="number", read_only=True)
    item = serializers.SlugRelatedField[Item](slug_field="code", read_only=True)
    bad = serializers.IntegerField(source="found", help_text="Bad pieces or defects; null where values were measured.")
    pieces = serializers.IntegerField(source="size", help_text="Pieces looked at.")

    class Meta:
        model = Check
        fields: tuple[str, ...] = (
            *("key", "characteristic", "work_center", "order", "item", "at", "values", "bad", "pieces", "verdict"),
            *("signals", "lsl", "usl", "note", "actor", "recorded_at", "withdrawn_at", "to_sign"),
        )


class RecordedShape(CheckShape):
    """The answer to a new check."""

    hold = serializers.CharField(help_text="The hold this check opened or extended; null: none.")

    class Meta(CheckShape.Meta):
        fields = (*CheckShape.Meta.fields, "hold")


class NewCheck(serializers.Serializer[Any]):
    """Measured `values`, or `bad` pieces (or defects) in `pieces`. Neither, with a `note`: it could not be made."""

    characteristic = serializers.CharField(max_length=60)
    values = serializers.ListField(
        child=serializers.DecimalField(max_digits=18, decimal_places=6), max_length=MOST_PIECES, required=False
    )
    bad = serializers.IntegerField(
        min_value=0, max_value=MOST_DEFECTS, required=False, allow_null=True, default=None,
        help_text="Bad pieces, or defects where the characteristic counts defects.",
    )  # fmt: skip
    pieces = serializers.IntegerField(
        min_value=1, max_value=MOST_PIECES, required=False, allow_null=True, default=None,
        help_text="Pieces looked at for `bad`; as planned where it is left out.",
    )  # fmt: skip
    at = serializers.CharField(max_length=40, required=False, help_text="ISO 8601 with offset; now where left out.")
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class Checks(ListResource):
    """Checks within [from, to), also those taken back; `?line=`, `?work_center=`, `?characteristic=`."""

    serializer_class = CheckShape
    queryset = Check.objects.all()
    ordering = "at"
    read_action = "see_quality"
    write_scope = "observations"
    write_action = "record_check"
    key_is_enough = True

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        rows = Check.objects.select_related("characteristic", "work_center", "order", "item")
        query = narrowed(rows, self.request, line="work_center__line", work_center="work_center")
        code = self.request.query_params.get("characteristic")
        if code:
            query = query.filter(characteristic=_characteristic(self.request, code))
        return within(query, self.request, start="at")

    @extend_schema(request=NewCheck, responses={201: RecordedShape}, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """Stores a check and judges it at once: 201 with verdict, signals and the hold it opened, if any."""
        now = datetime.now(UTC)
        shape = NewCheck(data=request.data)
        shape.is_valid(raise_exception=True)
        return once(request, now, lambda: self._create(request, shape.validated_data, now))

    def _create(self, request: Request, fields: dict[str, Any], now: datetime) -> Response:
        plan = _characteristic(request, fields["characteristic"])
        taken_at = instant_from(fields["at"], "at") if fields.get("at") else now
        try:
            done = check_record(
                characteristic=plan,
                reading=_reading(plan, fields),
                taken_at=taken_at,
                actor=actor_of(request),
                at=now,
                key=_key(request),
                note=fields["note"],
            )
        except CheckRefused as refused:
            raise Unprocessable(str(refused)) from refused
        answer = {"hold": str(done.hold) if done.hold else None}
        return Response(CheckShape(done.check).data | answer, status=201)


def _reading(plan: Characteristic, fields: dict[str, Any]) -> Reading:
    values: list[Decimal] = fields.get("values") or []
    if fields["bad"] is None:
        return Reading(values=tuple(values))
    return Reading(values=tuple(values), found=fields["bad"], size=fields["pieces"] or plan.subgroup_size)


def _characteristic(request: Request, code: str) -> Characteristic:
    plans = Characteristic.objects.filter(work_center__line__in=lines_of(request), work_center__archived=False)
    plan = plans.select_related("work_center").filter(code=code).first() if "\0" not in code else None
    if plan is None:
        said = f"There is no characteristic '{code[:60]}', or it is not on your lines."
        raise NotFound(said, fields={"characteristic": "unknown characteristic"})
    return plan


def _key(request: Request) -> UUID:
    """Derived from the caller's Idempotency-Key, so that a repeat after its answer was forgotten is still one check."""
    sent = request.headers.get("Idempotency-Key", "")
    return uuid5(NAMESPACE_URL, f"checks:{request.user.pk}:{sent}") if sent else uuid4()
