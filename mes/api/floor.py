"""The reason tree, counts by the hour, and controllers with their health."""

from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from rest_framework import serializers

from mes.api.filters import narrowed, within
from mes.api.resources import ListResource, Resource
from mes.downtime.models import Reason
from mes.plant.models import Line, WorkCenter
from mes.plc.models import Controller, ControllerHealth, TagHealth
from mes.tracking.models import CountHour


class ReasonShape(serializers.ModelSerializer[Reason]):
    """A reason; `parent` null: a category (or a reason without one)."""

    parent = serializers.SlugRelatedField[Reason](slug_field="code", read_only=True)  # type: ignore[assignment]

    class Meta:
        model = Reason
        fields = ("code", "name", "parent", "klass", "semi_e10", "plc_code", "position", "archived")


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
