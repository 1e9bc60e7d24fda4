"""Admin pages of the thread to the ERP: to look at. Connections, mappings and decisions have pages of their own."""

from django.contrib import admin

from erp_sync.models import (
    Attempt,
    BomPolicy,
    Difference,
    ErpConnection,
    ErpImport,
    ErpLink,
    ErpLot,
    ErpMapping,
    ErpRecord,
    OutboxMessage,
    SyncRun,
)
from mes.journal.admin import ReadOnlyAdmin


@admin.register(ErpConnection)
class ErpConnectionAdmin(ReadOnlyAdmin):
    """Connections; their secrets are not in the database."""

    list_display = ("code", "name", "kind", "site", "state", "last_pull_at", "last_push_at", "problem")
    list_filter = ("state", "kind")
    list_select_related = ("site",)
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(ErpImport)
class ErpImportAdmin(ReadOnlyAdmin):
    """Files of orders that people sent."""

    list_display = ("name", "connection", "state", "good", "bad", "applied", "failed", "created_at", "by")
    list_filter = ("state", "connection")
    list_select_related = ("connection",)
    search_fields = ("name",)
    ordering = ("-id",)


@admin.register(ErpMapping)
class ErpMappingAdmin(ReadOnlyAdmin):
    """What the ERP's codes are here, now and before."""

    list_display = ("connection", "kind", "ext_key", "mes_code", "factor", "digits", "valid_from", "valid_to", "by")
    list_filter = ("kind", ("valid_to", admin.EmptyFieldListFilter), "connection")
    list_select_related = ("connection",)
    search_fields = ("ext_key", "mes_code")
    ordering = ("ext_key", "-valid_from")


@admin.register(ErpLink)
class ErpLinkAdmin(ReadOnlyAdmin):
    """Orders of the ERP and what they are here."""

    list_display = ("number", "key", "connection", "order", "erp_state", "badge", "said", "last_seen_at")
    list_filter = ("badge", "connection")
    list_select_related = ("connection", "order")
    search_fields = ("number", "key", "order__number")
    ordering = ("-id",)


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """What is to be told to the ERP, and was."""

    list_display = ("link", "sequence", "status", "final", "cause", "created_at", "sent_at", "attempts", "last_error")
    list_filter = ("status", "fault", "final")
    list_select_related = ("link",)
    search_fields = ("link__number", "link__key", "erp_document")
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Single tries to send."""

    list_display = ("at", "message", "outcome", "duration_ms")
    list_filter = ("outcome",)
    list_select_related = ("message__link",)
    search_fields = ("message__link__number",)
    ordering = ("-id",)


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    """Where both sides say different things."""

    list_display = ("link", "field", "mes_value", "erp_value", "kind", "opened_at", "resolved_at", "resolution")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("link",)
    search_fields = ("link__number", "link__key", "field")
    ordering = ("-id",)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """Every exchange and what came of it."""

    list_display = ("connection", "kind", "started_at", "finished_at", "read", "new", "changed", "failed", "error")
    list_filter = ("kind", "connection")
    list_select_related = ("connection",)
    search_fields = ("error",)
    ordering = ("-id",)


@admin.register(ErpRecord)
class ErpRecordAdmin(ReadOnlyAdmin):
    """Master data as the ERP said it."""

    list_display = ("connection", "kind", "key", "name", "changed_at", "seen_at")
    list_filter = ("kind", "connection")
    list_select_related = ("connection",)
    search_fields = ("key", "name")
    ordering = ("key",)


@admin.register(ErpLot)
class ErpLotAdmin(ReadOnlyAdmin):
    """Lots as the ERP said them."""

    list_display = ("item", "number", "site", "on_hand", "expected_quantity", "expected_at", "as_of")
    list_filter = ("connection", "site")
    list_select_related = ("item", "site")
    search_fields = ("number", "item__code")
    ordering = ("number",)


@admin.register(BomPolicy)
class BomPolicyAdmin(ReadOnlyAdmin):
    """Who takes which material of an order off stock."""

    list_display = ("link", "item", "how", "by", "at")
    list_filter = ("how",)
    list_select_related = ("link", "item")
    search_fields = ("link__number", "item__code")
    ordering = ("-id",)
