"""Admin pages of tools and what needs them; pools, routings, operations and entries of orders to look at."""

from typing import Any

from django.contrib import admin

from mes.journal.admin import JournaledAdmin, ReadOnlyAdmin
from mes.production.models import (
    ChangeRequest,
    ManualCount,
    Operation,
    OrderHold,
    OrderMaterial,
    OrderPart,
    Pool,
    RoutingStep,
    StockLevel,
    Tool,
    ToolNeed,
)


@admin.register(Tool)
class ToolAdmin(JournaledAdmin):
    """Tools and whether they are here."""

    list_display = ("code", "name", "state", "note")
    list_filter = ("state",)
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(ToolNeed)
class ToolNeedAdmin(JournaledAdmin):
    """Which item needs which tool, on one machine or on every one."""

    list_display = ("item", "tool", "work_center")
    list_filter = ("tool",)
    list_select_related = ("item", "tool", "work_center")
    search_fields = ("item__code", "tool__code")
    ordering = ("item__code", "tool__code")

    def record_code(self, obj: Any) -> str:
        """Item and tool."""
        return f"{obj.item.code} needs {obj.tool.code}"


@admin.register(Pool)
class PoolAdmin(ReadOnlyAdmin):
    """Pools of equal machines, as the plant file says them."""

    list_display = ("code", "name", "line")
    list_filter = ("line",)
    list_select_related = ("line",)
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(RoutingStep)
class RoutingStepAdmin(ReadOnlyAdmin):
    """Steps of routings, as the plant file says them."""

    list_display = ("routing", "sequence", "name", "work_center", "pool", "setup_min", "count_source")
    list_filter = ("routing__line", "count_source")
    list_select_related = ("routing__item", "routing__line", "work_center", "pool")
    search_fields = ("routing__item__code", "name")
    ordering = ("routing__item__code", "sequence")


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Operations of orders."""

    list_display = ("order", "sequence", "name", "work_center", "pool", "count_source", "done_at", "done_by")
    list_filter = ("count_source",)
    list_select_related = ("order", "work_center", "pool")
    search_fields = ("order__number", "name")
    ordering = ("-id",)


@admin.register(OrderHold)
class OrderHoldAdmin(ReadOnlyAdmin):
    """Holds of orders."""

    list_display = ("order", "ref", "why", "held_at", "held_by", "released_at", "released_by")
    list_filter = (("released_at", admin.EmptyFieldListFilter),)
    list_select_related = ("order",)
    search_fields = ("order__number", "ref")
    ordering = ("-id",)


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    """What planners asked to change, and the answers."""

    list_display = ("order", "quantity", "due_at", "priority", "asked_by", "asked_at", "status", "answered_by")
    list_filter = ("status",)
    list_select_related = ("order",)
    search_fields = ("order__number",)
    ordering = ("-id",)


@admin.register(ManualCount)
class ManualCountAdmin(ReadOnlyAdmin):
    """Pieces that people entered, corrections among them."""

    list_display = ("operation", "good", "scrap", "note", "at", "by")
    list_select_related = ("operation",)
    search_fields = ("operation__order__number",)
    ordering = ("-id",)


@admin.register(OrderPart)
class OrderPartAdmin(ReadOnlyAdmin):
    """Parts of orders reported as finished."""

    list_display = ("order", "quantity", "note", "at", "by")
    list_select_related = ("order",)
    search_fields = ("order__number",)
    ordering = ("-id",)


@admin.register(OrderMaterial)
class OrderMaterialAdmin(ReadOnlyAdmin):
    """What orders need."""

    list_display = ("order", "item", "per_piece", "total")
    list_select_related = ("order", "item")
    search_fields = ("order__number", "item__code")
    ordering = ("-id",)


@admin.register(StockLevel)
class StockLevelAdmin(ReadOnlyAdmin):
    """What was said to be in stock, and when."""

    list_display = ("item", "site", "on_hand", "expected_quantity", "expected_at", "as_of", "source")
    list_filter = ("site",)
    list_select_related = ("item", "site")
    search_fields = ("item__code",)
    ordering = ("item__code",)
