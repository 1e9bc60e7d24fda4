"""`GET /erp/connections/`, `/erp/messages/`, `/erp/differences/`: the state of the thread to the ERP, to read."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from rest_framework import serializers

from erp_sync.api.narrow import connections_of, on_lines
from erp_sync.connectors import KINDS
from erp_sync.models import Difference, ErpConnection, OutboxMessage
from mes.api.resources import ListResource, Resource


class ConnectionShape(serializers.ModelSerializer[ErpConnection]):
    """A connection: its state, how fresh it is, what waits. Neither address nor password is told."""

    site = serializers.CharField(source="site.code")
    verified = serializers.SerializerMethodField(help_text="How this kind of connector was tried.")
    backlog = serializers.IntegerField(help_text="Messages that wait to be sent.")
    dead = serializers.IntegerField(help_text="Messages that need a person.")

    class Meta:
        model = ErpConnection
        fields = (
            *("code", "name", "kind", "verified", "site", "state", "version_seen", "clock_skew_s", "last_pull_at"),
            *("last_push_at", "last_reconcile_at", "problem", "problem_since", "backlog", "dead"),
        )

    def get_verified(self, row: ErpConnection) -> str:
        """The verified label."""
        return KINDS[row.kind].label if row.kind in KINDS else ""


class ErpConnections(Resource):
    """ERP connections at the sites of the caller's lines."""

    read_action = "see_erp"
    serializer_class = ConnectionShape
    queryset = ErpConnection.objects.all()
    ordering = "code"

    def get_queryset(self) -> QuerySet[Any]:
        """With what waits."""
        status = OutboxMessage.Status
        return connections_of(self.request).annotate(
            backlog=Count("links__messages", filter=Q(links__messages__status__in=(status.PENDING, status.LEASED))),
            dead=Count("links__messages", filter=Q(links__messages__status=status.DEAD)),
        )


class MessageShape(serializers.ModelSerializer[OutboxMessage]):
    """A confirmation and what became of it."""

    connection = serializers.CharField(source="link.connection.code")
    order = serializers.CharField(source="link.order.number", allow_null=True, default=None)
    erp_key = serializers.CharField(source="link.key")

    class Meta:
        model = OutboxMessage
        fields = (
            *("event_id", "connection", "order", "erp_key", "sequence", "status", "final", "cause", "created_at"),
            *("due_at", "attempts", "sent_at", "fault", "last_error", "erp_said", "erp_document", "payload"),
        )


class ErpMessages(ListResource):
    """Messages about orders on the caller's lines, the newest first; `?status=`, `?connection=`."""

    read_action = "see_erp"
    serializer_class = MessageShape
    queryset = OutboxMessage.objects.all()
    ordering = "-id"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        rows = OutboxMessage.objects.select_related("link__connection", "link__order")
        return _asked(on_lines(rows, self.request, "link__order"), self.request.query_params)


class DifferenceShape(serializers.ModelSerializer[Difference]):
    """Where both sides say different things. `amount` is ERP minus Millwright, in the ERP's unit."""

    connection = serializers.CharField(source="link.connection.code")
    order = serializers.CharField(source="link.order.number", allow_null=True, default=None)
    erp_key = serializers.CharField(source="link.key")

    class Meta:
        model = Difference
        fields = (
            *("connection", "order", "erp_key", "field", "kind", "erp_value", "mes_value", "amount", "opened_at"),
            *("seen_at", "resolved_at", "resolved_by", "resolution", "why"),
        )


class ErpDifferences(ListResource):
    """Differences of orders on the caller's lines, the newest first; open ones unless `?resolved=1`."""

    read_action = "see_erp"
    serializer_class = DifferenceShape
    queryset = Difference.objects.all()
    ordering = "-id"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        rows = Difference.objects.select_related("link__connection", "link__order")
        rows = rows.filter(resolved_at__isnull=self.request.query_params.get("resolved") != "1")
        return _asked(on_lines(rows, self.request, "link__order"), self.request.query_params)


def _asked(rows: QuerySet[Any], query: Any) -> QuerySet[Any]:
    connection, status = query.get("connection", ""), query.get("status", "")
    if connection:
        rows = rows.filter(link__connection__code=connection.replace("\0", ""))
    if status and rows.model is OutboxMessage:
        rows = rows.filter(status=status.replace("\0", ""))
    return rows
