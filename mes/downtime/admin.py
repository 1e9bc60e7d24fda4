"""Admin pages of the reason tree and the rules; stops to look at, for they are explained at the station."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

from mes.downtime.models import Reason, Stop, StopRule
from mes.downtime.reclass import COUNTED_BY, reason_reclassed
from mes.journal.admin import JournaledAdmin, ReadOnlyAdmin, one_of


@admin.register(Reason)
class ReasonAdmin(JournaledAdmin):
    """Categories and reasons."""

    list_display = ("code", "name", "parent", "klass", "semi_e10", "plc_code", "position", "archived")
    list_filter = ("archived", "klass", ("parent", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("position", "code")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Another class counts the past otherwise: its figures are reckoned anew, and whoever saves is told so."""
        was = Reason.objects.filter(pk=obj.pk).values(*COUNTED_BY).first() if change else None
        super().save_model(request, obj, form, change)
        touched = reason_reclassed(reason=obj, was=was, at=timezone.now()) if was else 0
        if touched:
            said = ngettext(
                "%(n)d stretch with this reason counts otherwise now: its figures are reckoned anew, but for locked"
                " shifts.",
                "%(n)d stretches with this reason count otherwise now: their figures are reckoned anew, but for locked"
                " shifts.",
                touched,
            )
            messages.warning(request, said % {"n": touched})


@admin.register(StopRule)
class StopRuleAdmin(JournaledAdmin):
    """Rules that explain stops; what one would have done, and its switch, are on the page of the rules."""

    list_display = ("code", "name", "position", "reason", "plc_code", "state", "item", "weekdays", "enabled_at")
    list_filter = ("line", ("enabled_at", admin.EmptyFieldListFilter))
    list_select_related = ("reason", "item")
    search_fields = ("code", "name")
    ordering = ("position", "code")
    readonly_fields = ("enabled_at",)


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    """Stops as they happened and were explained."""

    list_display = (
        "work_center",
        "starts_at",
        "ends_at",
        "state",
        "kind",
        "reason",
        "plc_code",
        "explained_by",
        "source",
    )
    list_filter = (
        one_of("kind", "down", "waiting", "idle", "setup"),
        "work_center__line",
        ("reason", admin.EmptyFieldListFilter),
        ("ends_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("work_center", "reason")
    search_fields = ("work_center__code", "reason__code")
    ordering = ("-starts_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stop]:
        """Those the machines reported too, though parts stand for them."""
        return Stop.every.all()
