"""Admin pages of the reason tree; stops to look at, for they are explained at the station."""

from django.contrib import admin

from mes.downtime.models import Reason, Stop
from mes.journal.admin import JournaledAdmin, ReadOnlyAdmin, one_of


@admin.register(Reason)
class ReasonAdmin(JournaledAdmin):
    """Categories and reasons."""

    list_display = ("code", "name", "parent", "klass", "semi_e10", "plc_code", "position", "archived")
    list_filter = ("archived", "klass", ("parent", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("position", "code")


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    """Stops as they happened and were explained."""

    list_display = ("work_center", "starts_at", "ends_at", "state", "kind", "reason", "plc_code", "explained_by")
    list_filter = (
        one_of("kind", "down", "waiting", "idle", "setup"),
        "work_center__line",
        ("reason", admin.EmptyFieldListFilter),
        ("ends_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("work_center", "reason")
    search_fields = ("work_center__code", "reason__code")
    ordering = ("-starts_at",)
