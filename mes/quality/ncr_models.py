"""Nonconformances: what was found, what becomes of it, and what is done so that it does not happen again."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.materials.models import Lot
from mes.plant.models import Line, WorkCenter
from mes.production.models import WorkOrder
from mes.quality.models import Hold


class Disposition(models.TextChoices):
    """What becomes of the pieces."""

    USE = "use", _("Use as is")
    REWORK = "rework", _("Rework")
    SORT = "sort", _("Sort")
    SCRAP = "scrap", _("Scrap")
    RETURN = "return", _("Return")


class Nonconformance(models.Model):
    """A numbered report. A check that is out writes one with its hold; a person writes one about what they saw.

    Open until somebody decides what becomes of the pieces, then dispositioned, and closed when all corrective actions
    are verified. While it is open and `blocks`, its order and lot are on hold.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DISPOSITIONED = "dispositioned", _("Decided")
        CLOSED = "closed", _("Closed")

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="nonconformances")
    work_center = models.ForeignKey(
        WorkCenter, null=True, on_delete=models.PROTECT, related_name="nonconformances", help_text="Where it arose."
    )
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.PROTECT, related_name="nonconformances")
    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="nonconformances")
    hold = models.OneToOneField(Hold, null=True, on_delete=models.PROTECT, related_name="nonconformance")
    finding = models.CharField(max_length=300)
    description = models.CharField(max_length=2000, blank=True, default="")
    quantity = models.DecimalField(max_digits=14, decimal_places=3, null=True, help_text="What it is about, if known.")
    blocks = models.BooleanField(default=False, help_text="Its order and lot are on hold until it is decided.")
    to_sign = models.BooleanField(default=False, help_text="Decision and closing need a signature.")
    raised_by = models.CharField(max_length=150)
    raised_at = models.DateTimeField()
    key = models.UUIDField(unique=True, help_text="Of the form or the check: a repeat changes nothing.")
    status = models.CharField(max_length=13, choices=Status, default=Status.OPEN)
    disposition = models.CharField(max_length=6, choices=Disposition, blank=True, default="")
    decision = models.CharField(max_length=500, blank=True, default="", help_text="Why it was decided so.")
    disposed_by = models.CharField(max_length=150, blank=True, default="")
    disposed_at = models.DateTimeField(null=True)
    closing = models.CharField(max_length=500, blank=True, default="", help_text="What was said at closing.")
    closed_by = models.CharField(max_length=150, blank=True, default="")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["line", "status", "-raised_at"], name="nonconformance_of_line")]
        constraints = [
            models.CheckConstraint(
                name="nonconformance_closed_with_disposition",
                condition=models.Q(status="open", disposition="", disposed_at=None, closed_at=None)
                | (
                    models.Q(status="dispositioned", disposed_at__isnull=False, closed_at=None)
                    & ~models.Q(disposition="")
                )
                | (
                    models.Q(status="closed", disposed_at__isnull=False, closed_at__isnull=False)
                    & ~models.Q(disposition="")
                ),
            ),
            models.CheckConstraint(
                name="nonconformance_some_quantity", condition=models.Q(quantity=None) | models.Q(quantity__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"NCR-{self.pk}"


class CorrectiveAction(models.Model):
    """What somebody does by a day so that it does not happen again; somebody else looks whether it worked."""

    nonconformance = models.ForeignKey(Nonconformance, on_delete=models.PROTECT, related_name="actions")
    text = models.CharField(max_length=500)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="corrective_actions")
    due = models.DateField()
    raised_by = models.CharField(max_length=150)
    raised_at = models.DateTimeField()
    key = models.UUIDField(unique=True, help_text="Of the form: a repeat changes nothing.")
    result = models.CharField(max_length=500, blank=True, default="", help_text="What was done.")
    done_by = models.CharField(max_length=150, blank=True, default="")
    done_at = models.DateTimeField(null=True)
    verified_by = models.CharField(max_length=150, blank=True, default="")
    verified_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due", "pk"]
        constraints = [
            models.CheckConstraint(
                name="corrective_action_verified_when_done",
                condition=models.Q(verified_at=None) | models.Q(done_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.text[:60]}"
