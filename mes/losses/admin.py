"""Admin pages of costs: to look at, for they are set on the page of costs, where they are journalled."""

from django.contrib import admin

from mes.journal.admin import ReadOnlyAdmin
from mes.losses.models import CostRate, ItemCost, SiteCurrency


@admin.register(SiteCurrency)
class SiteCurrencyAdmin(ReadOnlyAdmin):
    """Currencies."""

    list_display = ("site", "code")
    list_select_related = ("site",)
    search_fields = ("site__code",)


@admin.register(CostRate)
class CostRateAdmin(ReadOnlyAdmin):
    """Rates of machines."""

    list_display = ("work_center", "per_hour", "valid_from")
    list_select_related = ("work_center",)
    search_fields = ("work_center__code",)


@admin.register(ItemCost)
class ItemCostAdmin(ReadOnlyAdmin):
    """Costs of items."""

    list_display = ("item", "site", "per_piece", "valid_from")
    list_select_related = ("item", "site")
    search_fields = ("item__code",)
