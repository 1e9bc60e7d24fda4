"""Admin pages of boards: to look at, for plans, words and signatures are made on the board."""

from django.contrib import admin

from mes.hourly.models import HourNote, HourPlan, HoursSigned
from mes.journal.admin import ReadOnlyAdmin


@admin.register(HourPlan)
class HourPlanAdmin(ReadOnlyAdmin):
    """Versions of plans."""

    list_display = ("line", "work_center", "shift", "version", "made_at", "made_by", "why")
    list_filter = ("line",)
    list_select_related = ("line", "work_center", "shift")
    search_fields = ("line__code", "work_center__code", "made_by")
    ordering = ("-id",)


@admin.register(HourNote)
class HourNoteAdmin(ReadOnlyAdmin):
    """What was said of hours."""

    list_display = ("starts_at", "line", "work_center", "comment", "countermeasure", "owner", "due", "done_at")
    list_filter = ("line", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("line", "work_center")
    search_fields = ("comment", "countermeasure", "owner", "line__code", "work_center__code")
    ordering = ("-id",)


@admin.register(HoursSigned)
class HoursSignedAdmin(ReadOnlyAdmin):
    """Signatures."""

    list_display = ("line", "work_center", "shift", "signed_at", "signed_by", "note")
    list_filter = ("line",)
    list_select_related = ("line", "work_center", "shift")
    search_fields = ("line__code", "work_center__code", "signed_by")
    ordering = ("-id",)
