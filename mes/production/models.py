"""Work orders, and the runs in which machines make them; items, routings, entries and supply are in modules beside."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.plant.models import CODE, Line, TsTzRange, WorkCenter, half_open
from mes.production.entry_models import ChangeRequest, ManualCount, OrderHold, OrderPart, SetupPhase
from mes.production.item_models import IdealCycle, Item, Target
from mes.production.routing_models import Operation, Pool, Routing, RoutingStep
from mes.production.supply_models import OrderMaterial, StockLevel, Tool, ToolNeed

__all__ = [
    "ChangeRequest",
    "IdealCycle",
    "Item",
    "ManualCount",
    "Operation",
    "OrderHold",
    "OrderMaterial",
    "OrderPart",
    "Pool",
    "Routing",
    "RoutingStep",
    "Run",
    "SetupPhase",
    "StockLevel",
    "Target",
    "Tool",
    "ToolNeed",
    "WorkOrder",
]


class WorkOrder(models.Model):
    """An order for a quantity of one item on one line. ISA-95: an operations request with one segment or, with
    operations, several."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        RELEASED = "released", _("Released")
        DISPATCHED = "dispatched", _("Dispatched")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        COMPLETED = "completed", _("Completed")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    class Kind(models.TextChoices):
        PRODUCTION = "production", _("Production")
        TRIAL = "trial", _("Trial")
        ENGINEERING = "engineering", _("Engineering")

    class Pause(models.TextChoices):
        MATERIAL = "material", _("Material is missing")
        TOOL = "tool", _("Tool is missing")
        MACHINE = "machine", _("Machine trouble")
        QUALITY = "quality", _("Quality question")
        STAFF = "staff", _("Nobody to run it")
        SHIFT_END = "shift-end", _("End of work")
        OTHER_ORDER = "other-order", _("Another order goes first")
        BETWEEN = "between", _("Between two operations")
        OTHER = "other", _("Something else")

    class Short(models.TextChoices):
        REST_LATER = "rest-later", _("The rest comes with another order")
        MATERIAL = "material", _("Material ran out")
        QUALITY = "quality", _("Too much scrap")
        MACHINE = "machine", _("Machine trouble")
        NOT_NEEDED = "not-needed", _("The rest is not needed")
        OTHER = "other", _("Something else")

    number = models.CharField(max_length=60, unique=True, validators=[CODE])
    kind = models.CharField(
        max_length=12, choices=Kind, default=Kind.PRODUCTION, help_text="Only production enters the KPIs."
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="orders")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="orders")
    quantity = models.DecimalField(max_digits=14, decimal_places=3, validators=[MinValueValidator(0.001)])
    due_at = models.DateTimeField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(default=50, help_text="Smaller comes first.")
    status = models.CharField(max_length=12, choices=Status, default=Status.RELEASED)
    pause_reason = models.CharField(max_length=12, choices=Pause, blank=True, default="")
    pause_note = models.CharField(max_length=200, blank=True, default="")
    short_reason = models.CharField(
        max_length=12, choices=Short, blank=True, default="", help_text="Why less was made than may be missing."
    )
    short_note = models.CharField(max_length=200, blank=True, default="")
    over_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="May make so much more than ordered. Empty: as the item.",
    )
    under_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="May be completed with so much less without a reason. Empty: as the item.",
    )
    dispatched_to = models.ForeignKey(
        WorkCenter,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Only for this machine.",
    )
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=20, default="typed", help_text="typed, csv, demo or an ERP connection.")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["priority", "due_at", "number"]
        indexes = [models.Index(fields=["line", "status", "priority"], name="order_queue")]
        constraints = [models.CheckConstraint(name="order_quantity_positive", condition=models.Q(quantity__gt=0))]

    def __str__(self) -> str:
        return self.number

    @property
    def excluded(self) -> bool:
        """A trial or engineering order: its time and pieces are in no KPI (R36)."""
        return self.kind != WorkOrder.Kind.PRODUCTION


class Run(models.Model):
    """A stretch of time in which one machine makes one order. Two never overlap on a machine; at most one is open."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="runs")
    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="runs")
    operation = models.ForeignKey(
        Operation, null=True, blank=True, on_delete=models.PROTECT, related_name="runs", help_text="Of a routing."
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="runs")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    started_by = models.CharField(max_length=150)
    ended_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["work_center", "starts_at"]
        indexes = [models.Index(fields=["work_center", "-starts_at"], name="run_latest")]
        constraints = [
            ExclusionConstraint(
                name="run_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(fields=["work_center"], condition=models.Q(ends_at=None), name="run_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} on {self.work_center_id}"
