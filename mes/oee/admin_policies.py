"""Admin pages of policies, to look at: a policy is put in force on the page /improve/policies/."""

from django.contrib import admin

from mes.journal.admin import ReadOnlyAdmin
from mes.oee.models import PolicyInForce, PolicyVersion


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Every reading of time that was ever in force."""

    list_display = ("name", "number", "made_at", "made_by")
    list_filter = ("name",)
    search_fields = ("name", "made_by")
    ordering = ("name", "-number")


@admin.register(PolicyInForce)
class PolicyInForceAdmin(ReadOnlyAdmin):
    """Which machine follows which policy from when."""

    list_display = ("work_center", "policy", "valid_from", "noted_at", "noted_by", "why")
    list_filter = ("work_center__line", "policy__name")
    list_select_related = ("work_center", "policy")
    search_fields = ("work_center__code", "policy__name", "noted_by")
    ordering = ("work_center__code", "-valid_from")
