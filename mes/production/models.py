"""Items with their ideal cycles, work orders, and the runs in which machines make them."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from mes.plant.models import CODE, Line, TsTzRange, WorkCenter, half_open


class Item(models.Model):
    """Something the plant makes, counted in one unit."""

    code = models.CharField(max_length=60, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=16, default="pcs")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class IdealCycle(models.Model):
    """The shortest time in which a machine can make one piece of an item, valid from and (if set) to an instant."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="ideal_cycles")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="ideal_cycles")
    ideal_cycle_s = models.DecimalField(max_digits=12, decimal_places=6, validators=[MinValueValidator(0.000001)])
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["work_center", "item", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="ideal_cycle_no_overlap",
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("valid_from", "valid_to", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="ideal_cycle_positive", condition=models.Q(ideal_cycle_s__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} on {self.work_center_id}: {self.ideal_cycle_s} s"


class Target(models.Model):
    """The OEE a line or a machine is to reach from `valid_from` on, with one item or with all; a later row ends it."""

    line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.PROTECT, related_name="targets")
    work_center = models.ForeignKey(WorkCenter, null=True, blank=True, on_delete=models.PROTECT, related_name="targets")
    item = models.ForeignKey(
        Item, null=True, blank=True, on_delete=models.PROTECT, related_name="targets", help_text="Empty: every item."
    )
    target_oee = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(1)],
        help_text="A share: 0.850 is 85 %.",
    )
    valid_from = models.DateTimeField()

    class Meta:
        ordering = ["line", "work_center", "item", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "work_center", "item", "valid_from"], name="target_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="target_one_place",
                condition=models.Q(line__isnull=False) ^ models.Q(work_center__isnull=False),
            ),
            models.CheckConstraint(
                name="target_between_0_and_1", condition=models.Q(target_oee__gt=0, target_oee__lte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_oee} from {self.valid_from}"


class WorkOrder(models.Model):
    """An order for a quantity of one item on one line. ISA-95: an operations request with one segment."""

    class Status(models.TextChoices):
        RELEASED = "released", "Released"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    class Kind(models.TextChoices):
        PRODUCTION = "production", "Production"
        TRIAL = "trial", "Trial"
        ENGINEERING = "engineering", "Engineering"

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
