"""Items with their ideal cycles and targets."""

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
    over_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Orders may make so much more than ordered. Empty: the plant's usual 5 %.",
    )
    under_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="Orders may be completed with so much less, without a reason. Empty: nothing less.",
    )

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
