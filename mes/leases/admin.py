"""Admin page to look at who holds which lease."""

from django.contrib import admin

from mes.journal.admin import ReadOnlyAdmin
from mes.leases.models import Lease


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    """Leases."""

    list_display = ("name", "owner", "fence", "until")
    search_fields = ("name", "owner")
    ordering = ("name",)
