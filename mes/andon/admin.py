"""Admin pages of calls: categories, rules of escalation and webhooks to edit; calls and notices to look at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mes.andon.hooks import secret_of
from mes.andon.models import Call, CallCategory, EscalationRule, Notice, Webhook
from mes.journal.admin import JournaledAdmin, ReadOnlyAdmin, one_of


@admin.register(CallCategory)
class CallCategoryAdmin(JournaledAdmin):
    """What people can call for."""

    list_display = ("code", "name", "position", "automatic", "lost_after_s", "archived")
    list_filter = ("archived",)
    search_fields = ("code", "name")
    ordering = ("position", "code")


@admin.register(EscalationRule)
class EscalationRuleAdmin(JournaledAdmin):
    """Who hears of a call after how long."""

    list_display = ("code", "category", "line", "level", "after_s", "role", "address", "webhook", "archived")
    list_filter = ("archived", "level")
    list_select_related = ("category", "line", "webhook")
    search_fields = ("code", "address")
    ordering = ("level", "after_s", "code")


@admin.register(Webhook)
class WebhookAdmin(JournaledAdmin):
    """Addresses that are told of calls. The secret is said once, when the hook is made."""

    list_display = ("code", "url", "archived")
    list_filter = ("archived",)
    search_fields = ("code", "url")
    ordering = ("code",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new hook tells its secret this one time."""
        super().save_model(request, obj, form, change)
        if not change:
            self.message_user(request, f"Secret of {obj.code}, shown only now: {secret_of(obj)}")


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """Calls as they were raised and answered."""

    list_display = (
        "id",
        "work_center",
        "category",
        "state",
        "level",
        "raised_by",
        "raised_at",
        "taken_by",
        "closed_at",
    )
    list_filter = (one_of("state", "open", "taken", "resolved", "cancelled"), "category")
    list_select_related = ("work_center", "category")
    search_fields = ("work_center__code", "raised_by__exact")
    ordering = ("-raised_at",)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """What was told to whom, and what could not be."""

    list_display = ("call", "level", "channel", "target", "state", "attempts", "sent_at", "error")
    list_filter = (one_of("state", "waiting", "sent", "dead", "dropped"),)
    list_select_related = ("call",)
    search_fields = ("target__exact",)
    ordering = ("-made_at",)
