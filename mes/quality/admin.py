"""Admin pages of check plans; checks, limits and holds to look at, for they are made and decided on their pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from mes.journal.admin import JournaledAdmin, JournaledInline, ReadOnlyAdmin
from mes.quality.models import (
    Characteristic,
    Check,
    ControlLimits,
    CorrectiveAction,
    Hold,
    Nonconformance,
    Trigger,
)
from mes.quality.spc.false_alarms import rules_arl
from mes.quality.spc.run_rules import RULES


class CharacteristicForm(forms.ModelForm):
    """Says beside the run rules what each looks for and how often the chosen ones cry wolf."""

    class Meta:
        model = Characteristic
        fields = "__all__"  # noqa: DJ007

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = [code for code in (self.instance.rules or []) if code in RULES]
        arl = rules_arl(chosen)
        said = f" These: a false alarm every {arl:.0f} points." if arl is not None else ""
        if "rules" in self.fields:
            self.fields["rules"].help_text += said + " " + "; ".join(f"{r.code} {r.text}" for r in RULES.values()) + "."


class TriggerInline(JournaledInline):
    """When it is to be checked."""

    model = Trigger


@admin.register(Characteristic)
class CharacteristicAdmin(JournaledAdmin):
    """What is checked and when."""

    form = CharacteristicForm
    inlines = (TriggerInline,)
    list_display = ("code", "name", "work_center", "item", "kind", "lsl", "usl", "unit", "chart", "archived")
    list_filter = ("archived", "kind", "work_center__line")
    list_select_related = ("work_center", "item")
    search_fields = ("code", "name", "work_center__code", "item__code")
    ordering = ("work_center__code", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The machine and the kind stay once there are checks: they were made there and so."""
        return ("work_center", "kind") if obj is not None and obj.checks.exists() else ()


@admin.register(Check)
class CheckAdmin(ReadOnlyAdmin):
    """Checks as they were made."""

    list_display = ("characteristic", "at", "work_center", "order", "verdict", "values", "found", "size", "actor")
    list_filter = ("verdict", "work_center__line", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("characteristic", "work_center", "order")
    search_fields = ("characteristic__code", "work_center__code", "actor")
    ordering = ("-id",)


@admin.register(ControlLimits)
class ControlLimitsAdmin(ReadOnlyAdmin):
    """Frozen limits; they are set on the page of the chart."""

    list_display = ("characteristic", "version", "center", "sigma", "samples", "provisional", "since", "actor", "why")
    list_select_related = ("characteristic",)
    search_fields = ("characteristic__code",)
    ordering = ("-id",)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """What was put on hold."""

    list_display = ("__str__", "characteristic", "work_center", "order", "starts_at", "ends_at", "released_at")
    list_filter = (("released_at", admin.EmptyFieldListFilter), "work_center__line")
    list_select_related = ("characteristic", "work_center", "order")
    search_fields = ("characteristic__code", "work_center__code", "order__number")
    ordering = ("-id",)


@admin.register(Nonconformance)
class NonconformanceAdmin(ReadOnlyAdmin):
    """What was found and decided."""

    list_display = ("__str__", "line", "order", "status", "finding", "quantity", "disposition", "raised_by")
    list_filter = ("status", "disposition")
    list_select_related = ("line", "order")
    search_fields = ("finding", "order__number")
    ordering = ("-id",)


@admin.register(CorrectiveAction)
class CorrectiveActionAdmin(ReadOnlyAdmin):
    """What is done so that it does not happen again."""

    list_display = ("text", "nonconformance", "owner", "due", "done_by", "done_at", "verified_by", "verified_at")
    list_filter = (("verified_at", admin.EmptyFieldListFilter),)
    list_select_related = ("nonconformance", "owner")
    search_fields = ("text", "owner__username")
    ordering = ("-id",)
