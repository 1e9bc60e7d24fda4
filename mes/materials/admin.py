"""Admin pages of lot rules and pallet numbers; lots and what became of them to look at, for they have pages."""

from django.contrib import admin

from mes.journal.admin import JournaledAdmin, ReadOnlyAdmin
from mes.materials.models import (
    Consumption,
    Lot,
    LotCorrection,
    LotHold,
    LotRule,
    OrderCustomer,
    Shipment,
    SsccRange,
)


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    """Lots as they stand."""

    list_display = ("number", "item", "quantity", "consumed", "shipped", "status", "line", "order", "expires_on", "at")
    list_filter = ("status", "line")
    list_select_related = ("item", "line", "order")
    search_fields = ("number", "item__code", "supplier_lot", "order__number")
    ordering = ("-id",)


@admin.register(Consumption)
class ConsumptionAdmin(ReadOnlyAdmin):
    """What was taken from which lot, with the counter-entries."""

    list_display = ("lot", "quantity", "order", "into", "work_center", "kind", "undone", "at", "actor")
    list_filter = ("kind", "undone", "line")
    list_select_related = ("lot", "order", "into", "work_center")
    search_fields = ("lot__number", "order__number", "into__number")
    ordering = ("-id",)


@admin.register(Shipment)
class ShipmentAdmin(ReadOnlyAdmin):
    """What left the plant."""

    list_display = ("lot", "quantity", "customer", "customer_order", "undone", "at", "actor")
    list_filter = ("undone",)
    list_select_related = ("lot",)
    search_fields = ("lot__number", "customer", "customer_order")
    ordering = ("-id",)


@admin.register(LotCorrection)
class LotCorrectionAdmin(ReadOnlyAdmin):
    """Quantities that were found to be others."""

    list_display = ("lot", "change", "why", "at", "actor")
    list_select_related = ("lot",)
    search_fields = ("lot__number",)
    ordering = ("-id",)


@admin.register(LotHold)
class LotHoldAdmin(ReadOnlyAdmin):
    """Why lots were or are held."""

    list_display = ("lot", "source", "blocks", "why", "opened_at", "opened_by", "released_at", "released_by")
    list_filter = ("blocks", ("released_at", admin.EmptyFieldListFilter))
    list_select_related = ("lot",)
    search_fields = ("lot__number", "source")
    ordering = ("-id",)


@admin.register(LotRule)
class LotRuleAdmin(JournaledAdmin):
    """How lots of an item come about, how long they keep, its GTIN."""

    list_display = ("item", "how", "step", "shelf_life_days", "gtin")
    list_select_related = ("item",)
    search_fields = ("item__code", "gtin")
    ordering = ("item__code",)


@admin.register(SsccRange)
class SsccRangeAdmin(JournaledAdmin):
    """From where a site takes the numbers of its pallets."""

    list_display = ("site", "company_prefix", "extension", "next_serial")
    list_select_related = ("site",)
    search_fields = ("site__code",)
    ordering = ("site__code",)


@admin.register(OrderCustomer)
class OrderCustomerAdmin(JournaledAdmin):
    """For whom orders are made."""

    list_display = ("order", "customer", "customer_order")
    list_select_related = ("order",)
    search_fields = ("order__number", "customer", "customer_order")
    ordering = ("order__number",)
