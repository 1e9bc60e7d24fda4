"""Admin pages of labour: to look at. People sign on and off at the stations."""

from django.contrib import admin

from mes.journal.admin import ReadOnlyAdmin
from mes.labour.models import Crew, SignOn


@admin.register(SignOn)
class SignOnAdmin(ReadOnlyAdmin):
    """Who worked on which order."""

    list_display = ("person", "order", "work_center", "starts_at", "ends_at", "ended_by")
    list_filter = ("work_center__line", ("ends_at", admin.EmptyFieldListFilter))
    list_select_related = ("person", "order", "work_center")
    search_fields = ("person__username", "order__number", "work_center__code")
    ordering = ("-starts_at",)


@admin.register(Crew)
class CrewAdmin(ReadOnlyAdmin):
    """How many worked without a name."""

    list_display = ("work_center", "order", "people", "starts_at", "ends_at")
    list_filter = ("work_center__line",)
    list_select_related = ("order", "work_center")
    search_fields = ("order__number", "work_center__code")
    ordering = ("-starts_at",)
