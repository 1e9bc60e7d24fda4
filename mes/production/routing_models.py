"""How an item is made in several steps: pools of equal machines, routings, and the operations of an order."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.plant.models import CODE, Line, WorkCenter
from mes.production.item_models import Item


class CountSource(models.TextChoices):
    """Where the pieces of an operation are counted."""

    PLC = "plc", _("The machine's controller")
    MANUAL = "manual", _("People enter them")
    UPSTREAM = "upstream", _("The operation before counts them")


class Pool(models.Model):
    """Machines of one line that are equal for planning: an operation may run on any of them."""

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="pools")
    work_centers = models.ManyToManyField(WorkCenter, related_name="pools")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Step(models.Model):
    """What a step of a routing and an operation of an order have alike: place, times, and who counts."""

    sequence = models.PositiveSmallIntegerField(help_text="10, 20, 30 ...; smaller comes first.")
    name = models.CharField(max_length=120)
    work_center = models.ForeignKey(
        WorkCenter, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Or a pool."
    )
    pool = models.ForeignKey(Pool, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ideal_cycle_s = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0.000001)],
        help_text="For planning. KPIs use the machine's ideal cycles.",
    )
    setup_min = models.PositiveIntegerField(default=0, help_text="Planned setup before the first piece, in minutes.")
    count_source = models.CharField(max_length=10, choices=CountSource, default=CountSource.PLC)

    class Meta:
        abstract = True

    @property
    def place(self) -> WorkCenter | Pool:
        """The machine or the pool; the database keeps that it is exactly one."""
        found = self.work_center or self.pool
        if found is None:
            raise ValueError(f"{self} has no place.")
        return found


def _one_place(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name, condition=models.Q(work_center__isnull=False) ^ models.Q(pool__isnull=False)
    )


class Routing(models.Model):
    """The steps in which a line makes an item. Orders copy them when they come; later changes are for later orders."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="routings")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="routings")

    class Meta:
        ordering = ["item", "line"]
        constraints = [models.UniqueConstraint(fields=["item", "line"], name="routing_once")]

    def __str__(self) -> str:
        return f"{self.item.code} on {self.line.code}"


class RoutingStep(Step):
    """One step of a routing."""

    routing = models.ForeignKey(Routing, on_delete=models.CASCADE, related_name="steps")

    class Meta:
        ordering = ["routing", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["routing", "sequence"], name="routing_step_once"),
            _one_place("routing_step_one_place"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.name}"


class Operation(Step):
    """One step of an order. It is done when somebody says so, or when the order is completed."""

    order = models.ForeignKey("production.WorkOrder", on_delete=models.PROTECT, related_name="operations")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["order", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sequence"], name="operation_once"),
            _one_place("operation_one_place"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.name}"
