"""What the ERP says besides orders: its master data, and the lots it has or expects. Kept as said, with their age."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from erp_sync.connection_models import ErpConnection
from mes.plant.models import Site
from mes.production.models import Item


class ErpRecord(models.Model):
    """One master record of the ERP, as it said it last. It changes nothing here until a person or an option says so."""

    class Kind(models.TextChoices):
        ITEM = "item", _("Item")
        UNIT = "unit", _("Unit")
        WORK_CENTER = "work-center", _("Line or work center")
        BILL = "bill", _("Bill of materials")
        ROUTING = "routing", _("Routing")
        PERSON = "person", _("Person")

    connection = models.ForeignKey(ErpConnection, on_delete=models.CASCADE, related_name="records")
    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=200, blank=True, default="")
    data = models.JSONField(default=dict, help_text="All the ERP said of it.")
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When the ERP said something else for the last time.")
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["connection", "kind", "key"]
        constraints = [models.UniqueConstraint(fields=["connection", "kind", "key"], name="erp_record_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.name}".strip()


class ErpLot(models.Model):
    """What the ERP has on hand of a lot, or expects, as of an instant of its own clock; in our unit."""

    connection = models.ForeignKey(ErpConnection, on_delete=models.CASCADE, related_name="lots")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=120)
    on_hand = models.DecimalField(max_digits=14, decimal_places=3)
    expected_quantity = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    expected_at = models.DateTimeField(null=True, blank=True)
    expires_on = models.CharField(max_length=10, blank=True, default="", help_text="YYYY-MM-DD, as the ERP said it.")
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["item", "number"]
        constraints = [models.UniqueConstraint(fields=["connection", "item", "site", "number"], name="erp_lot_once")]

    def __str__(self) -> str:
        return f"{self.item_id} lot {self.number}: {self.on_hand}"
