"""Admin pages of items, ideal cycles and targets; orders and runs to look at, for they are changed by actions."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from mes.journal.admin import JournaledAdmin, ReadOnlyAdmin
from mes.journal.dated_admin import DatedAdmin
from mes.production.admin_routing import ToolAdmin as ToolAdmin  # its import registers that module's pages
from mes.production.models import IdealCycle, Item, Run, Target, WorkOrder


@admin.register(Item)
class ItemAdmin(JournaledAdmin):
    """Items."""

    list_display = ("code", "name", "unit", "over_percent", "under_percent")
    list_filter = ("unit",)
    search_fields = ("code", "name")


@admin.register(IdealCycle)
class IdealCycleAdmin(DatedAdmin):
    """Ideal cycles, effective-dated."""

    effective = ("item", "work_center", "ideal_cycle_s")
    list_display = ("item", "work_center", "ideal_cycle_s", "valid_from", "valid_to")
    list_filter = (("valid_to", admin.EmptyFieldListFilter), "work_center__line", "item")
    list_select_related = ("item", "work_center")
    search_fields = ("item__code", "item__name", "work_center__code")
    ordering = ("item__code", "work_center__code", "-valid_from")

    def record_code(self, obj: Any) -> str:
        """Item and machine: one cycle at any time."""
        return f"{obj.item.code} on {obj.work_center.code}"


@admin.register(Target)
class TargetAdmin(JournaledAdmin):
    """Target OEE of lines and machines, each row in force until a later one of the same place and item."""

    list_display = ("line", "work_center", "item", "target_oee", "valid_from")
    list_filter = ("line", "item")
    list_select_related = ("line", "work_center", "item")
    search_fields = ("line__code", "work_center__code", "item__code")
    ordering = ("-valid_from",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new row holds from now on."""
        return {"valid_from": timezone.now(), **super().get_changeform_initial_data(request)}


@admin.register(WorkOrder)
class WorkOrderAdmin(ReadOnlyAdmin):
    """Orders, as planners and stations left them."""

    list_display = (
        "number",
        "kind",
        "item",
        "line",
        "quantity",
        "status",
        "priority",
        "due_at",
        "started_at",
        "source",
    )
    list_filter = ("status", "kind", "line")
    list_select_related = ("item", "line")
    search_fields = ("number", "item__code", "item__name")
    ordering = ("-id",)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Which machine made which order when."""

    list_display = ("work_center", "order", "item", "starts_at", "ends_at", "started_by")
    list_filter = (("ends_at", admin.EmptyFieldListFilter), "work_center__line")
    list_select_related = ("work_center", "order", "item")
    search_fields = ("order__number", "work_center__code", "item__code")
    ordering = ("-starts_at",)
