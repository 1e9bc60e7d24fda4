"""Admin pages to look at reports, plans and forecasts; nobody changes them."""

from django.contrib import admin

from analytics.models import (
    Approver,
    Champion,
    Department,
    Forecast,
    ForecastOverride,
    Grain,
    HistoryHour,
    HistoryImport,
    Outcome,
    PhaseState,
    PlanSnapshot,
    ReadinessReport,
    Refit,
    Signal,
    SignalMark,
    SignOff,
)
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
    list_filter = (one_of("kind", *PlanSnapshot.Kind.values), "line")
    list_select_related = ("line",)
    search_fields = ("line__code",)
    ordering = ("-id",)


class LineRows(ReadOnlyAdmin):
    """Rows of a line, the newest first."""

    list_select_related = ("line",)
    search_fields = ("line__code",)
    ordering = ("-id",)


@admin.register(HistoryImport)
class HistoryImportAdmin(LineRows):
    """Files of hours from before Millwright saw the line."""

    list_filter = ("line",)
    list_display = ("line", "file_name", "rows", "by", "at")


@admin.register(HistoryHour)
class HistoryHourAdmin(LineRows):
    """Imported hours."""

    list_filter = ("line",)
    list_display = ("line", "starts_at", "planned_min", "good", "cov", "item")


@admin.register(Forecast)
class ForecastAdmin(LineRows):
    """Forecasts as they were issued."""

    list_display = ("line", "grain", "origin", "method", "level", "shown", "back_issued", "issued_at")
    list_filter = (one_of("grain", *Grain.values), "line")


@admin.register(ForecastOverride)
class ForecastOverrideAdmin(LineRows):
    """Figures of people beside forecasts."""

    list_display = ("line", "grain", "starts_at", "point", "value", "by", "at", "why")
    list_filter = (one_of("grain", *Grain.values), "line")


@admin.register(Outcome)
class OutcomeAdmin(LineRows):
    """What buckets came to."""

    list_display = ("line", "grain", "starts_at", "planned_min", "good", "cov")
    list_filter = (one_of("grain", *Grain.values), "line")


@admin.register(Champion)
class ChampionAdmin(LineRows):
    """Which method is shown, and who said so."""

    list_display = ("line", "grain", "method", "since", "until", "by")
    list_filter = (one_of("grain", *Grain.values), "line")


@admin.register(Refit)
class RefitAdmin(LineRows):
    """Nightly work on forecasts."""

    list_display = ("line", "day", "asked_by", "state", "done_share", "attempts", "finished_at", "cpu_s")
    list_filter = (one_of("state", *Refit.State.values), "line")


@admin.register(PhaseState)
class PhaseStateAdmin(LineRows):
    """Where lines stand and stood."""

    list_display = ("line", "phase", "before", "fell_from", "since", "until")
    list_filter = ("line",)


@admin.register(SignOff)
class SignOffAdmin(LineRows):
    """Words of departments on phases."""

    list_display = ("line", "phase", "department", "signed", "name", "at")
    list_filter = (one_of("department", *Department.values), "line")


@admin.register(Approver)
class ApproverAdmin(LineRows):
    """Who approves new champions."""

    list_display = ("line", "name", "since", "until", "by")
    list_filter = ("line",)


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    """What was seen at lines and machines."""

    list_display = ("line", "work_center", "kind", "began", "noticed_at", "ended")
    list_filter = (one_of("kind", *Signal.Kind.values), "line")
    list_select_related = ("line", "work_center")
    search_fields = ("line__code",)
    ordering = ("-id",)


@admin.register(SignalMark)
class SignalMarkAdmin(ReadOnlyAdmin):
    """Words of people on signals."""

    list_display = ("signal", "useful", "by", "at", "why")
    list_select_related = ("signal",)
    search_fields = ("by", "signal__line__code")
    ordering = ("-id",)
