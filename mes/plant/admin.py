"""Admin pages of the plant: places, shift patterns with crews, holidays, exceptions; shifts and words to look at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from mes.journal.admin import JournaledAdmin, JournaledInline, ReadOnlyAdmin
from mes.plant.models import (
    Area,
    BreakRule,
    CycleRule,
    Holiday,
    Line,
    OtherDay,
    Override,
    PlannedMaintenance,
    Shift,
    ShiftBreak,
    ShiftPattern,
    ShiftRule,
    Site,
    WorkCenter,
)

WEEKDAYS = ((0, "Mon"), (1, "Tue"), (2, "Wed"), (3, "Thu"), (4, "Fri"), (5, "Sat"), (6, "Sun"))
SHIFTS_FOLLOW = "Shifts that have not begun follow within the hour; those that have begun stay as they are."


class HolidayInline(JournaledInline):
    """Holidays of a site."""

    model = Holiday


@admin.register(Site)
class SiteAdmin(JournaledAdmin):
    """Sites with their holidays."""

    list_display = ("code", "name", "time_zone", "shift_pattern", "production_day")
    list_filter = ("time_zone",)
    list_select_related = ("shift_pattern",)
    search_fields = ("code", "name")
    inlines = (HolidayInline,)


@admin.register(Area)
class AreaAdmin(JournaledAdmin):
    """Areas."""

    list_display = ("code", "name", "site", "shift_pattern")
    list_filter = ("site",)
    list_select_related = ("site", "shift_pattern")
    search_fields = ("code", "name")


@admin.register(Line)
class LineAdmin(JournaledAdmin):
    """Lines with the number of their machines."""

    list_display = ("code", "name", "area", "flow", "orders_run_on", "shift_pattern", "machines")
    list_filter = ("area__site", "area", "flow")
    list_select_related = ("area", "shift_pattern")
    search_fields = ("code", "name")
    ordering = ("position", "code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Line]:
        """Counts the machines in the same query."""
        return super().get_queryset(request).annotate(machine_count=Count("work_centers"))

    @admin.display(ordering="machine_count")
    def machines(self, line: Any) -> int:
        """How many machines stand in the line."""
        return int(line.machine_count)


@admin.register(WorkCenter)
class WorkCenterAdmin(JournaledAdmin):
    """Machines. One with a shift pattern leaves its line's shifts when the running one is over."""

    list_display = ("code", "name", "line", "position", "is_exit", "micro_stop_s", "shift_pattern", "archived")
    list_filter = ("archived", "is_exit", "line__area", "line")
    list_select_related = ("line", "shift_pattern")
    search_fields = ("code", "name", "line__code")
    ordering = ("line__position", "line__code", "position", "code")


class ShiftRuleInline(admin.TabularInline):
    """The shifts of a pattern, with a link to the breaks of each."""

    model = ShiftRule
    extra = 0
    fields = ("name", "days", "starts", "ends")
    readonly_fields = fields
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Shifts are added on their own page, where their breaks are."""
        return False


@admin.register(ShiftPattern)
class ShiftPatternAdmin(JournaledAdmin):
    """Shift patterns."""

    list_display = ("code", "name", "shift_count")
    search_fields = ("code", "name")
    inlines = (ShiftRuleInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShiftPattern]:
        """Counts the shifts in the same query."""
        return super().get_queryset(request).annotate(rule_count=Count("rules"))

    @admin.display(description="shifts", ordering="rule_count")
    def shift_count(self, pattern: Any) -> int:
        """How many shifts the pattern has."""
        return int(pattern.rule_count)


class ShiftRuleForm(forms.ModelForm):
    """Weekdays as seven boxes instead of a list of numbers."""

    days = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple, help_text="The days on which it starts."
    )

    class Meta:
        model = ShiftRule
        fields = ("pattern", "name", "days", "starts", "ends")


class BreakRuleInline(JournaledInline):
    """Breaks of a shift."""

    model = BreakRule


class CycleRuleInline(JournaledInline):
    """Crews that take turns on a shift."""

    model = CycleRule


@admin.register(ShiftRule)
class ShiftRuleAdmin(JournaledAdmin):
    """Shifts of the patterns with their breaks and crews."""

    form = ShiftRuleForm
    list_display = ("name", "pattern", "weekdays", "starts", "ends")
    list_filter = ("pattern",)
    list_select_related = ("pattern",)
    search_fields = ("name", "pattern__code")
    inlines = (BreakRuleInline, CycleRuleInline)

    @admin.display(description="days")
    def weekdays(self, rule: ShiftRule) -> str:
        """The days by name."""
        return " ".join(dict(WEEKDAYS)[day] for day in sorted(rule.days))

    def record_code(self, obj: Any) -> str:
        """A shift's name is unique only in its pattern."""
        return f"{obj.pattern.code} {obj.name}"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Says when the change takes effect."""
        super().save_related(request, form, formsets, change)
        self.hint(request, SHIFTS_FOLLOW)


@admin.register(Holiday)
class HolidayAdmin(JournaledAdmin):
    """Holidays of all sites."""

    list_display = ("date", "name", "site")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("name", "site__code")
    ordering = ("-date",)

    def record_code(self, obj: Any) -> str:
        """A date is unique only at its site."""
        return f"{obj.site.code} {obj.date}"


class OtherDayForm(forms.ModelForm):
    """An exception of exactly one place, with shifts its pattern has."""

    class Meta:
        model = OtherDay
        fields = ("date", "name", "pattern", "shifts", *OtherDay.LEVELS)

    def clean(self) -> dict[str, Any]:
        """Refuses none or several places, and shifts that do not exist."""
        data: dict[str, Any] = super().clean() or {}
        if sum(data.get(level) is not None for level in OtherDay.LEVELS) != 1:
            raise forms.ValidationError("Choose exactly one place: a site, an area, a line or a work center.")
        pattern, names = data.get("pattern"), set(data.get("shifts") or ())
        known = set(pattern.rules.values_list("name", flat=True)) if pattern else set()
        if not names <= known:
            said = ", ".join(sorted(known)) or "none, without a pattern"
            raise forms.ValidationError(f"The pattern has no shift {', '.join(sorted(names - known))}. It has {said}.")
        return data


@admin.register(OtherDay)
class OtherDayAdmin(JournaledAdmin):
    """Exceptions: dates with other shifts, or none."""

    form = OtherDayForm
    list_display = ("date", "name", "pattern", "site", "area", "line", "work_center")
    list_filter = ("date",)
    list_select_related = ("pattern", *OtherDay.LEVELS)
    search_fields = ("name", "line__code", "work_center__code")
    ordering = ("-date",)

    def record_code(self, obj: Any) -> str:
        """A date is unique only at its place."""
        return f"{obj.place.code} {obj.date}"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Says when the change takes effect."""
        super().save_related(request, form, formsets, change)
        self.hint(request, SHIFTS_FOLLOW)


@admin.register(PlannedMaintenance)
class PlannedMaintenanceAdmin(ReadOnlyAdmin):
    """Planned maintenance; it is planned on the calendar page, which looks at closed shifts."""

    list_display = ("name", "starts_at", "ends_at", "works_on", "site", "area", "line", "work_center")
    list_filter = ("starts_at",)
    list_select_related = PlannedMaintenance.LEVELS
    search_fields = ("name", "line__code", "work_center__code")
    ordering = ("-starts_at",)


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    """What the floor said: overtime until, not scheduled until; it is said and taken back on a machine's page."""

    list_display = ("line", "work_center", "scheduled", "starts_at", "ends_at", "said_by", "withdrawn_by")
    list_filter = ("scheduled", "said_at")
    list_select_related = ("line", "work_center")
    search_fields = ("line__code", "work_center__code", "said_by", "why")
    ordering = ("-said_at",)


class ShiftBreakInline(admin.TabularInline):
    """Breaks of a shift that took place."""

    model = ShiftBreak
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Made from the pattern."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Made from the pattern."""
        return False


@admin.register(Shift)
class ShiftAdmin(ReadOnlyAdmin):
    """Shifts as they take place, made from the patterns."""

    list_display = ("name", "crew", "line", "work_center", "production_date", "starts_at", "ends_at", "overtime")
    list_filter = ("production_date", "overtime", "line")
    list_select_related = ("line", "work_center")
    search_fields = ("name", "line__code")
    ordering = ("-starts_at",)
    inlines = (ShiftBreakInline,)
