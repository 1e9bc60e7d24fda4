"""Admin pages of the plant: places, shift patterns, holidays; shifts to look at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from mes.journal.admin import JournaledAdmin, JournaledInline, ReadOnlyAdmin
from mes.plant.models import (
    Area,
    BreakRule,
    Holiday,
    Line,
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
    """Machines. Shifts belong to the line, so a machine has no pattern of its own here."""

    list_display = ("code", "name", "line", "position", "is_exit", "micro_stop_s", "archived")
    list_filter = ("archived", "is_exit", "line__area", "line")
    list_select_related = ("line",)
    search_fields = ("code", "name", "line__code")
    ordering = ("line__position", "line__code", "position", "code")
    exclude = ("shift_pattern",)


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


@admin.register(ShiftRule)
class ShiftRuleAdmin(JournaledAdmin):
    """Shifts of the patterns with their breaks."""

    form = ShiftRuleForm
    list_display = ("name", "pattern", "weekdays", "starts", "ends")
    list_filter = ("pattern",)
    list_select_related = ("pattern",)
    search_fields = ("name", "pattern__code")
    inlines = (BreakRuleInline,)

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

    list_display = ("name", "line", "production_date", "starts_at", "ends_at")
    list_filter = ("production_date", "line")
    list_select_related = ("line",)
    search_fields = ("name", "line__code")
    ordering = ("-starts_at",)
    inlines = (ShiftBreakInline,)
