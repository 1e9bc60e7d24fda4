"""Admin pages of controllers, tag bindings and state maps; their health to look at."""

from typing import Any

from django.contrib import admin

from mes.journal.admin import JournaledAdmin, JournaledInline, ReadOnlyAdmin
from mes.journal.dated_admin import DatedAdmin
from mes.plc.models import Controller, ControllerHealth, StateMap, StateMapEntry, TagBinding, TagHealth


@admin.register(Controller)
class ControllerAdmin(JournaledAdmin):
    """Controllers with how they are now."""

    list_display = ("code", "name", "site", "kind", "address", "period_s", "enabled", "now")
    list_filter = ("enabled", "kind", "site")
    list_select_related = ("site", "health")
    search_fields = ("code", "name", "address")

    @admin.display(description="now")
    def now(self, controller: Controller) -> str:
        """How its line is, in one word."""
        health = getattr(controller, "health", None)
        return health.comm if health else "never polled"


class StateMapEntryInline(JournaledInline):
    """The codes of a state map."""

    model = StateMapEntry


@admin.register(StateMap)
class StateMapAdmin(JournaledAdmin):
    """State maps with their codes."""

    list_display = ("code", "name")
    search_fields = ("code", "name")
    inlines = (StateMapEntryInline,)


@admin.register(TagBinding)
class TagBindingAdmin(DatedAdmin):
    """Tag bindings, effective-dated."""

    effective = (
        "controller",
        "work_center",
        "role",
        "tag",
        "state_map",
        "modulus",
        "floor",
        "factor",
        "max_rate_per_s",
    )
    list_display = ("tag", "role", "work_center", "controller", "state_map", "valid_from", "valid_to")
    list_filter = ("role", ("valid_to", admin.EmptyFieldListFilter), "controller", "work_center__line")
    list_select_related = ("work_center", "controller", "state_map")
    search_fields = ("tag", "work_center__code", "controller__code")
    ordering = ("work_center__code", "role", "-valid_from")

    def record_code(self, obj: Any) -> str:
        """Machine and role: one tag at any time."""
        return f"{obj.work_center.code}.{obj.role}"


@admin.register(ControllerHealth)
class ControllerHealthAdmin(ReadOnlyAdmin):
    """How each controller is now."""

    list_display = ("controller", "comm", "since", "last_good_at", "missed", "polls", "keyswitch", "error")
    list_filter = ("comm",)
    list_select_related = ("controller",)
    search_fields = ("controller__code", "error")
    ordering = ("controller__code",)


@admin.register(TagHealth)
class TagHealthAdmin(ReadOnlyAdmin):
    """Tags whose last reading was not good."""

    list_display = ("tag", "controller", "quality", "error", "since")
    list_filter = ("quality", "controller")
    list_select_related = ("controller",)
    search_fields = ("tag", "controller__code", "error")
    ordering = ("-since",)
