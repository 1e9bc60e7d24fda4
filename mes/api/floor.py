"""Stops with their reasons, counts by the hour, and controllers with their health."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import actor_of
from mes.api.errors import Conflict, NotFound, Unprocessable
from mes.api.filters import narrowed, within
from mes.api.idempotency import once
from mes.api.production import KEY_HEADER
from mes.api.resources import ListResource, Resource
from mes.downtime.actions import StopChanged, StopRefused, stop_explain
from mes.downtime.models import Reason, Stop
from mes.downtime.queries import stop_by_ref, stop_ref
from mes.plant.models import Line, WorkCenter
from mes.plc.models import Controller, ControllerHealth, TagHealth
from mes.tracking.models import CountHour


class ReasonShape(serializers.ModelSerializer[Reason]):
    """A reason; `parent` null: a category (or a reason without one)."""

    parent = serializers.SlugRelatedField[Reason](slug_field="code", read_only=True)  # type: ignore[assignment]

    class Meta:
        model = Reason
        fields = ("code", "name", "parent", "klass", "semi_e10", "plc_code", "position", "archived")


class StopShape(serializers.ModelSerializer[Stop]):
    """A stop; `ref` names it, `ends_at` null: still. `version` must come back with a change."""

    ref = serializers.SerializerMethodField()
    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    reason = serializers.SlugRelatedField[Reason](slug_field="code", read_only=True)

    class Meta:
        model = Stop
        fields = (
            *("ref", "work_center", "starts_at", "ends_at", "state", "kind", "plc_code"),
            *("reason", "note", "explained_by", "explained_at", "source", "version"),
        )

    def get_ref(self, stop: Stop) -> str:
        """Machine and start, e.g. FILL-1@2026-03-02T06:00:00.000000Z."""
        return stop_ref(stop)


class Explanation(serializers.Serializer[Any]):
    """A reason for a stop; `version` is the stop's as it was read."""

    reason = serializers.CharField(max_length=40)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    version = serializers.IntegerField(min_value=1)


class CountShape(serializers.ModelSerializer[CountHour]):
    """Pieces of an hour, shift, order and item; `minutes` holds the sixty minutes of the UTC hour."""

    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    shift = serializers.SerializerMethodField()
    order = serializers.SerializerMethodField()
    item = serializers.SerializerMethodField()
    good = serializers.IntegerField(source="good_sum")
    scrap = serializers.IntegerField(source="scrap_sum")
    rework = serializers.IntegerField(source="rework_sum")
    minutes = serializers.SerializerMethodField()

    class Meta:
        model = CountHour
        fields = ("work_center", "hour", "shift", "order", "item", "good", "scrap", "rework", "minutes")

    def get_shift(self, row: CountHour) -> str | None:
        """Name of the shift."""
        return row.shift.name if row.shift else None

    def get_order(self, row: CountHour) -> str | None:
        """Number of the order."""
        return row.order.number if row.order else None

    def get_item(self, row: CountHour) -> str | None:
        """Code of the item."""
        return row.item.code if row.item else None

    def get_minutes(self, row: CountHour) -> dict[str, list[int]]:
        """Sixty figures each."""
        return {"good": row.good, "scrap": row.scrap, "rework": row.rework}


class TagHealthShape(serializers.ModelSerializer[TagHealth]):
    """A tag that could not be read."""

    class Meta:
        model = TagHealth
        fields = ("tag", "quality", "error", "since")


class HealthShape(serializers.ModelSerializer[ControllerHealth]):
    """How the line to a controller stands."""

    class Meta:
        model = ControllerHealth
        fields = ("comm", "since", "last_good_at", "error", "keyswitch", "program_changed_at", "polls", "missed")


class ControllerShape(serializers.ModelSerializer[Controller]):
    """A controller, how it is, and its tags that are not good."""

    site = serializers.SerializerMethodField()
    health = HealthShape(read_only=True, allow_null=True, default=None)
    bad_tags = TagHealthShape(many=True, read_only=True)

    class Meta:
        model = Controller
        fields = (
            *("code", "name", "site", "kind", "address", "period_s", "timeout_s", "enabled"),
            *("health", "bad_tags"),
        )

    def get_site(self, controller: Controller) -> str:
        """Code of the site."""
        return controller.site.code


class Reasons(Resource):
    """The reason tree."""

    serializer_class = ReasonShape
    queryset = Reason.objects.select_related("parent")


class Stops(Resource):
    """Stops that touch [from, to), the latest first; `?line=`, `?work_center=`."""

    serializer_class = StopShape
    queryset = Stop.objects.all()
    lookup_field = "ref"
    ordering = "-starts_at"
    write_action = "explain_stop"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = Stop.objects.select_related("work_center", "reason")
        query = narrowed(query, self.request, line="work_center__line", work_center="work_center")
        return within(query, self.request, start="starts_at", end="ends_at")

    def get_object(self) -> Stop:
        """The stop that `ref` names; 404 where there is none on the caller's lines."""
        stop = stop_by_ref(self.kwargs["ref"], self.work_centers)
        if stop is None:
            raise NotFound("There is no such stop, or it is not on your lines.")
        return stop

    @extend_schema(request=Explanation, responses=StopShape, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def explain(self, request: Request, ref: str) -> Response:
        """Gives the stop its reason. 409 where somebody changed it since; nothing of yours is saved then."""
        now = datetime.now(UTC)
        shape = Explanation(data=request.data)
        shape.is_valid(raise_exception=True)
        return once(request, now, lambda: self._explain(request, self.get_object(), shape.validated_data, now))

    def _explain(self, request: Request, stop: Stop, fields: dict[str, Any], now: datetime) -> Response:
        reason = Reason.objects.filter(code=fields["reason"]).first()
        if reason is None:
            said = f"There is no reason '{fields['reason']}': see /api/v1/reasons/."
            raise Unprocessable(said, fields={"reason": said})
        try:
            changed = stop_explain(
                stop_id=stop.pk,
                reason=reason,
                note=fields["note"],
                actor=actor_of(request),
                at=now,
                version=fields["version"],
            )
        except StopChanged as other:
            raise Conflict(str(other), fields={"version": str(other.stop.version)}) from other
        except StopRefused as refused:
            raise Unprocessable(str(refused), fields={"reason": str(refused)}) from refused
        return Response(StopShape(changed).data)


class Counts(ListResource):
    """Counts by the hour within [from, to); `?line=`, `?work_center=`."""

    serializer_class = CountShape
    queryset = CountHour.objects.all()
    ordering = "hour"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = CountHour.objects.select_related("work_center", "shift", "order", "item")
        query = narrowed(query, self.request, line="work_center__line", work_center="work_center")
        return within(query, self.request, start="hour")


class Controllers(Resource):
    """Controllers that tell about machines on the caller's lines; for those who see every line also unbound ones."""

    serializer_class = ControllerShape
    queryset = Controller.objects.all()
    read_action = "see_controllers"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller."""
        mine = Q(bindings__work_center__line__in=self.lines)
        if self.lines.count() == Line.objects.count():
            mine |= Q(bindings=None)
        tags = Prefetch("bad_tags", TagHealth.objects.order_by("tag"))
        codes = Controller.objects.filter(mine).values("pk")
        return Controller.objects.filter(pk__in=codes).select_related("health", "site").prefetch_related(tags)
