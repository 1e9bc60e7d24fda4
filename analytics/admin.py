"""Admin pages to look at reports and archived plans; nobody changes them."""

from django.contrib import admin

from analytics.models import PlanSnapshot, ReadinessReport
from mes.journal.admin import ReadOnlyAdmin, one_of


@admin.register(ReadinessReport)
class ReadinessReportAdmin(ReadOnlyAdmin):
    """Readiness of lines, as it was computed."""

    list_display = ("line", "day", "computed_at", "asked_by", "r", "phase")
    list_filter = ("line",)
    list_select_related = ("line",)
    search_fields = ("line__code", "asked_by")
    ordering = ("-id",)


@admin.register(PlanSnapshot)
class PlanSnapshotAdmin(ReadOnlyAdmin):
    """Plans of lines, as they stood."""

    list_display = ("line", "taken_at", "kind", "day")
    list_filter = (one_of("kind", "daily", "change"), "line")
    list_select_related = ("line",)
    search_fields = ("line__code",)
    ordering = ("-id",)
