"""What an order needs besides a machine: materials with what is said to be in stock, and tools."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.plant.models import CODE, Site, WorkCenter
from mes.production.item_models import Item


class StockLevel(models.Model):
    """What somebody (an ERP) said at `as_of` about an item at a site: on hand, and what is expected when."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="stock_levels")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="stock_levels")
    on_hand = models.DecimalField(max_digits=14, decimal_places=3)
    expected_quantity = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    expected_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(help_text="When this was true; older words never replace newer ones.")
    source = models.CharField(max_length=20)

    class Meta:
        ordering = ["item", "site"]
        constraints = [models.UniqueConstraint(fields=["item", "site"], name="stock_level_once")]

    def __str__(self) -> str:
        return f"{self.item_id} at {self.site_id}: {self.on_hand}"


class OrderMaterial(models.Model):
    """A material an order needs: so much per piece, or so much for the whole order."""

    order = models.ForeignKey("production.WorkOrder", on_delete=models.PROTECT, related_name="materials")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    per_piece = models.DecimalField(max_digits=16, decimal_places=6, null=True, blank=True)
    total = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)

    class Meta:
        ordering = ["order", "item"]
        constraints = [
            models.UniqueConstraint(fields=["order", "item"], name="order_material_once"),
            models.CheckConstraint(
                name="order_material_one_quantity",
                condition=models.Q(per_piece__gt=0, total=None) | models.Q(per_piece=None, total__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} for {self.order_id}"


class Tool(models.Model):
    """A tool or mould that items need. It is here and fit for use, or it is not."""

    class State(models.TextChoices):
        OK = "ok", _("Here and fit for use")
        AWAY = "away", _("Not available")

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=6, choices=State, default=State.OK)
    note = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ToolNeed(models.Model):
    """An item needs a tool, on one machine or (empty) on every one."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="needs")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="tool_needs")
    work_center = models.ForeignKey(WorkCenter, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["item", "tool"]
        constraints = [
            models.UniqueConstraint(fields=["tool", "item", "work_center"], name="tool_need_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.item_id} needs {self.tool_id}"
