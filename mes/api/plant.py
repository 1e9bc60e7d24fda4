"""Sites, areas, lines, work centers, shifts: the parts of the plant on the caller's lines."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from mes.api.filters import line_named, narrowed, within
from mes.api.resources import ListResource, Resource
from mes.plant.models import Area, Line, Shift, ShiftBreak, Site, WorkCenter


class SiteShape(serializers.ModelSerializer[Site]):
    """A site."""

    class Meta:
        model = Site
        fields = ("code", "name", "isa95_level", "time_zone", "production_day")


class AreaShape(serializers.ModelSerializer[Area]):
    """An area and its site."""

    site = serializers.SlugRelatedField[Site](slug_field="code", read_only=True)

    class Meta:
        model = Area
        fields = ("code", "name", "isa95_level", "site")


class LineShape(serializers.ModelSerializer[Line]):
    """A line: ISA-95 calls it a work center."""

    area = serializers.SlugRelatedField[Area](slug_field="code", read_only=True)

    class Meta:
        model = Line
        fields = ("code", "name", "isa95_level", "area", "flow", "orders_run_on", "position")


class WorkCenterShape(serializers.ModelSerializer[WorkCenter]):
    """A machine: ISA-95 calls it a work unit."""

    line = serializers.SlugRelatedField[Line](slug_field="code", read_only=True)

    class Meta:
        model = WorkCenter
        fields = ("code", "name", "isa95_level", "line", "position", "is_exit", "micro_stop_s", "target_oee")


class BreakShape(serializers.ModelSerializer[ShiftBreak]):
    """A planned break."""

    class Meta:
        model = ShiftBreak
        fields = ("name", "starts_at", "ends_at")


class ShiftShape(serializers.ModelSerializer[Shift]):
    """A shift of a line, or of one machine that has its own: from, to (UTC, half-open) and the day it counts for."""

    line = serializers.SlugRelatedField[Line](slug_field="code", read_only=True)
    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    breaks = BreakShape(many=True, read_only=True)

    class Meta:
        model = Shift
        fields = (
            "line",
            "work_center",
            "name",
            "crew",
            "overtime",
            "production_date",
            "starts_at",
            "ends_at",
            "breaks",
        )


class Sites(Resource):
    """Sites with at least one of the caller's lines."""

    serializer_class = SiteShape
    queryset = Site.objects.all()

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller."""
        return Site.objects.filter(areas__lines__in=self.lines).distinct()


class Areas(Resource):
    """Areas with at least one of the caller's lines."""

    serializer_class = AreaShape
    queryset = Area.objects.all()

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller."""
        return Area.objects.filter(lines__in=self.lines).distinct().select_related("site")


class Lines(Resource):
    """The caller's lines."""

    serializer_class = LineShape
    queryset = Line.objects.all()

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller."""
        return self.lines.select_related("area")


class WorkCenters(Resource):
    """Machines on the caller's lines; `?line=`."""

    serializer_class = WorkCenterShape
    queryset = WorkCenter.objects.all()

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = self.work_centers.select_related("line")
        code = self.request.query_params.get("line")
        return query.filter(line=line_named(self.request, code)) if code else query


class Shifts(ListResource):
    """Shifts that touch [from, to); `?line=`."""

    serializer_class = ShiftShape
    queryset = Shift.objects.all()
    ordering = "starts_at"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = narrowed(
            Shift.objects.select_related("line", "work_center").prefetch_related("breaks"), self.request, line="line"
        )
        return within(query, self.request, start="starts_at", end="ends_at")
