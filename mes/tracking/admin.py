"""Admin pages to look at what samples became."""

from django.contrib import admin

from mes.journal.admin import ReadOnlyAdmin, one_of
from mes.tracking.models import (
    CountFlag,
    CountHour,
    MachineCursor,
    ScrapDecision,
    SignalCursor,
    StateCorrection,
    StateInterval,
    StreamCursor,
)


@admin.register(StateInterval)
class StateIntervalAdmin(ReadOnlyAdmin):
    """What machines were doing."""

    list_display = ("work_center", "starts_at", "ends_at", "state", "kind", "raw_code", "why")
    list_filter = (
        one_of("kind", "run", "down", "waiting", "idle", "setup", "unknown"),
        "work_center__line",
        ("ends_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("work_center",)
    search_fields = ("work_center__code",)
    ordering = ("-id",)


@admin.register(CountHour)
class CountHourAdmin(ReadOnlyAdmin):
    """Pieces per machine and hour."""

    list_display = ("work_center", "hour", "shift", "order", "item", "good_sum", "scrap_sum", "rework_sum")
    list_filter = ("work_center__line", "item")
    list_select_related = ("work_center", "shift", "order", "item")
    search_fields = ("work_center__code", "order__number", "item__code")
    ordering = ("-id",)


@admin.register(CountFlag)
class CountFlagAdmin(ReadOnlyAdmin):
    """Counts that need a look: made in a gap, held back, or entered by hand."""

    list_display = ("work_center", "kind", "role", "quantity", "from_at", "to_at", "detail", "actor", "decision")
    list_filter = ("kind", "role", "decision", "work_center__line")
    list_select_related = ("work_center",)
    search_fields = ("work_center__code", "actor")
    ordering = ("-id",)


@admin.register(StateCorrection)
class StateCorrectionAdmin(ReadOnlyAdmin):
    """What people said a machine really did; made and withdrawn on its page of corrections."""

    list_display = ("work_center", "starts_at", "ends_at", "kind", "reason", "why", "actor", "withdrawn_at")
    list_filter = (one_of("kind", "run", "down", "waiting", "idle", "setup", "unknown"), "work_center__line")
    list_select_related = ("work_center", "reason")
    search_fields = ("work_center__code", "actor", "why")
    ordering = ("-id",)


@admin.register(ScrapDecision)
class ScrapDecisionAdmin(ReadOnlyAdmin):
    """What was decided where a reject counter and people both reported scrap."""

    list_display = ("work_center", "shift", "counted", "entered", "same", "actor", "at")
    list_filter = ("same", "work_center__line")
    list_select_related = ("work_center", "shift")
    search_fields = ("work_center__code", "actor")
    ordering = ("-id",)


@admin.register(MachineCursor)
class MachineCursorAdmin(ReadOnlyAdmin):
    """When each machine was last heard."""

    list_display = ("work_center", "heard_at", "silence_s")
    list_select_related = ("work_center",)
    search_fields = ("work_center__code",)
    ordering = ("work_center__code",)


@admin.register(SignalCursor)
class SignalCursorAdmin(ReadOnlyAdmin):
    """The last raw value of every signal."""

    list_display = ("work_center", "role", "raw", "text", "changed_at", "lost")
    list_filter = ("role", "lost", "work_center__line")
    list_select_related = ("work_center",)
    search_fields = ("work_center__code",)
    ordering = ("work_center__code", "role")


@admin.register(StreamCursor)
class StreamCursorAdmin(ReadOnlyAdmin):
    """How far each stream of samples is stored."""

    list_display = ("stream", "fence", "seq", "at")
    search_fields = ("stream",)
    ordering = ("stream",)
