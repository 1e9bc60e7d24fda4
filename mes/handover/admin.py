"""Admin pages of handovers: to look at, for they are written and signed on their pages."""

from django.contrib import admin

from mes.handover.models import ActionItem, Handover, ReportMail, Subscriber
from mes.journal.admin import ReadOnlyAdmin


@admin.register(Handover)
class HandoverAdmin(ReadOnlyAdmin):
    """Handovers and who signed them."""

    list_display = ("shift", "opened_at", "out_by", "out_at", "in_by", "in_at", "sha256")
    list_filter = ("shift__line",)
    list_select_related = ("shift__line",)
    search_fields = ("out_by", "in_by", "shift__line__code")
    ordering = ("-id",)


@admin.register(ActionItem)
class ActionItemAdmin(ReadOnlyAdmin):
    """What is or was to be done."""

    list_display = ("text", "line", "owner", "due", "raised_by", "raised_at", "done_by", "done_at")
    list_filter = ("line", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("line",)
    search_fields = ("text", "owner", "line__code")
    ordering = ("-id",)


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    """Who gets reports."""

    list_display = ("line", "person", "address")
    list_filter = ("line",)
    list_select_related = ("line", "person")
    search_fields = ("address", "person__username", "line__code")
    ordering = ("-id",)


@admin.register(ReportMail)
class ReportMailAdmin(ReadOnlyAdmin):
    """Reports by e-mail."""

    list_display = ("address", "report", "state", "attempts", "next_at", "sent_at", "error")
    list_filter = ("state",)
    list_select_related = ("report__shift",)
    search_fields = ("address", "report__shift__line__code")
    ordering = ("-id",)
