"""An order's counterpart in the ERP, what is to be told to it, and where both sides differ."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from erp_sync.connection_models import ErpConnection, ErpMapping, SyncRun
from erp_sync.import_models import ErpImport, ErpImportRow
from erp_sync.inbound_models import ErpLot, ErpRecord
from erp_sync.outbound_models import BomPolicy, FollowMark
from mes.production.models import WorkOrder

__all__ = [
    "Attempt",
    "BomPolicy",
    "Difference",
    "ErpConnection",
    "ErpImport",
    "ErpImportRow",
    "ErpLink",
    "ErpLot",
    "ErpMapping",
    "ErpRecord",
    "FollowMark",
    "OutboxMessage",
    "SyncRun",
]


class ErpLink(models.Model):
    """An order of the ERP and (once it can be mapped) the work order it became. The unit is frozen when it comes."""

    class Badge(models.TextChoices):
        IN_SYNC = "in-sync", _("In sync")
        SENDING = "sending", _("Sending")
        WAITING = "waiting", _("Waiting for mapping")
        CHANGED = "changed", _("Changed in the ERP")
        CONFLICT = "conflict", _("Conflict")
        CANCELLED = "cancelled", _("Cancelled in the ERP")
        MISSING = "missing", _("Missing in the ERP")

    connection = models.ForeignKey(ErpConnection, on_delete=models.PROTECT, related_name="links")
    key = models.CharField(max_length=120, help_text="How the ERP knows the order; never its number.")
    number = models.CharField(max_length=120, blank=True, default="")
    version = models.CharField(max_length=120, blank=True, default="")
    order = models.OneToOneField(
        WorkOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="erp_link", help_text="Empty: waits."
    )
    request = models.JSONField(default=dict, help_text="The order as the ERP said it last.")
    applied = models.JSONField(default=dict, help_text="The order as it was last applied here.")
    content_hash = models.CharField(max_length=64)
    erp_state = models.CharField(max_length=40, blank=True, default="")
    badge = models.CharField(max_length=10, choices=Badge, default=Badge.IN_SYNC)
    said = models.CharField(max_length=500, blank=True, default="", help_text="What the planner should know or do.")
    erp_unit = models.CharField(max_length=40, blank=True, default="")
    mes_unit = models.CharField(max_length=16, blank=True, default="")
    factor = models.DecimalField(
        max_digits=24, decimal_places=12, null=True, blank=True, help_text="Ours in one ERP unit."
    )
    erp_digits = models.PositiveSmallIntegerField(default=3, help_text="Decimals of the ERP's unit.")
    confirmed = models.JSONField(default=dict, help_text="The totals the ERP has acknowledged last.")
    booked = models.JSONField(default=dict, help_text="Good and scrap of both sides when they were compared last.")
    compared_at = models.DateTimeField(null=True, blank=True)
    next_sequence = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    missing_sweeps = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["connection", "number", "key"]
        indexes = [models.Index(fields=["connection", "badge"], name="erp_link_badge")]
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="erp_link_once")]

    def __str__(self) -> str:
        return self.number or self.key


class OutboxMessage(models.Model):
    """Something to tell the ERP. One order's messages go in sequence; totals are stored when the fact is committed."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting to be sent")
        LEASED = "leased", _("Being sent")
        SENT = "sent", _("Arrived")
        PARKED = "parked", _("Parked")
        DEAD = "dead", _("Needs attention")
        DISCARDED = "discarded", _("Discarded")
        COLLAPSED = "collapsed", _("Contained in a later one")

    class Fault(models.TextChoices):
        NONE = "", _("None")
        TRANSIENT = "transient", _("Out of reach or busy")
        AUTH = "auth", _("Login refused")
        REJECTED = "rejected", _("Refused")
        WARNING = "warning", _("The ERP asks back")
        CONFLICT = "conflict", _("Changed meanwhile")
        MAPPING = "mapping", _("Mapping is missing")
        INTERNAL = "internal", _("A mistake of Millwright")

    event_id = models.UUIDField(unique=True)
    link = models.ForeignKey(ErpLink, on_delete=models.PROTECT, related_name="messages")
    sequence = models.PositiveIntegerField()
    payload = models.JSONField(help_text="The OperationsResponse, without the ERP's version.")
    final = models.BooleanField(default=False)
    cause = models.CharField(max_length=60, help_text="The action it tells of, or interval, or approval.")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_by = models.CharField(max_length=80, blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=10, choices=Fault, blank=True, default="")
    last_error = models.CharField(max_length=1000, blank=True, default="", help_text="A sentence for the planner.")
    erp_said = models.CharField(max_length=1000, blank=True, default="", help_text="The ERP's own words.")
    erp_document = models.CharField(max_length=120, blank=True, default="")
    accept_warning = models.BooleanField(default=False)
    decided_by = models.CharField(max_length=150, blank=True, default="")
    decided_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["link", "sequence"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(status="pending"), name="erp_outbox_due"),
            models.Index(fields=["lease_until"], condition=models.Q(status="leased"), name="erp_outbox_leased"),
            models.Index(fields=["status", "-created_at"], name="erp_outbox_status"),
        ]
        constraints = [models.UniqueConstraint(fields=["link", "sequence"], name="erp_outbox_sequence")]

    def __str__(self) -> str:
        return f"{self.link} #{self.sequence}"


class Attempt(models.Model):
    """One try to send a message, with what went out and what came back. Secrets are masked before they come here."""

    message = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=20, help_text="applied, already-applied or the kind of fault.")
    sent = models.TextField(blank=True, default="")
    received = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["message", "at", "id"]

    def __str__(self) -> str:
        return f"{self.message} {self.outcome}"


class Difference(models.Model):
    """Where ERP and Millwright say different things of an order; open until it is resolved or gone."""

    class Class(models.TextChoices):
        IN_FLIGHT = "in-flight", _("On its way")
        ERP_AHEAD = "erp-ahead", _("The ERP has more")
        MES_AHEAD = "mes-ahead", _("Millwright has more")
        MISSING_ERP = "missing-erp", _("Missing in the ERP")
        MISSING_MES = "missing-mes", _("Missing in Millwright")
        MAPPING = "mapping", _("Unit or mapping")
        CHANGE = "change", _("A change that needs a planner")
        STATE = "state", _("State")

    link = models.ForeignKey(ErpLink, on_delete=models.PROTECT, related_name="differences")
    field = models.CharField(max_length=40, help_text="good, scrap, consumed:ITEM, quantity, state ...")
    erp_value = models.CharField(max_length=200, blank=True, default="")
    mes_value = models.CharField(max_length=200, blank=True, default="")
    amount = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="ERP minus Millwright, in the ERP's unit."
    )
    kind = models.CharField(max_length=12, choices=Class)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True, default="")
    resolution = models.CharField(max_length=20, blank=True, default="", help_text="gone, erp, mes or discarded.")
    why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["link", "field"], condition=models.Q(resolved_at=None), name="erp_difference_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.link} {self.field}: {self.erp_value} / {self.mes_value}"
