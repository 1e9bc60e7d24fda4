"""What the way to the ERP remembers: how far the journal was followed, and who books which material of an order."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from erp_sync.connection_models import ErpConnection
from mes.production.models import Item


class FollowMark(models.Model):
    """Up to which number of the journal a connection's messages are written, and when the interval was served last."""

    connection = models.OneToOneField(ErpConnection, on_delete=models.CASCADE, related_name="follow_mark")
    seq = models.BigIntegerField(help_text="The journal is followed up to here.")
    interval_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["connection"]

    def __str__(self) -> str:
        return f"{self.connection_id} up to {self.seq}"


class BomPolicy(models.Model):
    """Who takes a material of an order off stock. One row, so one answer: it is never booked twice."""

    class How(models.TextChoices):
        ERP = "erp", _("The ERP, by its bill of materials")
        MES = "mes", _("Millwright reckons it from the pieces; what was scanned counts instead")
        SCAN = "scan", _("What was scanned")
        NONE = "none", _("Nobody")

    link = models.ForeignKey("erp_sync.ErpLink", on_delete=models.CASCADE, related_name="bom_policies")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=4, choices=How)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "BOM policies"
        ordering = ["link", "item"]
        constraints = [models.UniqueConstraint(fields=["link", "item"], name="erp_bom_policy_once")]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.how}"
