"""What people say of an order while it lives: holds, change requests, reported parts, counts, setup."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrderHold(models.Model):
    """While one is open, the order is neither started nor completed. `ref` says whose hold it is, e.g. NCR-12."""

    order = models.ForeignKey("production.WorkOrder", on_delete=models.PROTECT, related_name="holds")
    ref = models.CharField(max_length=60, blank=True, default="")
    why = models.CharField(max_length=200)
    held_at = models.DateTimeField()
    held_by = models.CharField(max_length=150)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=150, blank=True, default="")
    released_why = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["order", "held_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "ref"], condition=models.Q(released_at=None), name="order_hold_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id} held: {self.why}"


class ChangeRequest(models.Model):
    """A planner asks for another quantity, due time or priority; the floor accepts or refuses while the order runs."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for an answer")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    order = models.ForeignKey("production.WorkOrder", on_delete=models.PROTECT, related_name="change_requests")
    quantity = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(null=True, blank=True)
    why = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    answer = models.CharField(max_length=200, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=150, blank=True, default="")
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["order", "asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(status="open"), name="change_request_one_open"
            ),
            models.CheckConstraint(
                name="change_request_asks_something",
                condition=models.Q(quantity__gt=0)
                | models.Q(quantity=None, due_at__isnull=False)
                | models.Q(quantity=None, priority__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.status}"


class OrderPart(models.Model):
    """Good pieces reported as finished while the order goes on. A correction is a further entry, below zero."""

    order = models.ForeignKey("production.WorkOrder", on_delete=models.PROTECT, related_name="parts")
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    note = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["order", "at"]
        constraints = [models.CheckConstraint(name="order_part_not_zero", condition=~models.Q(quantity=0))]

    def __str__(self) -> str:
        return f"{self.order_id} {self.quantity}"


class ManualCount(models.Model):
    """Pieces of an operation that people count. A correction is a further entry, below zero, never an overwrite.

    It moves the order's quantity. The machine's own counts and KPIs come from its signals only.
    """

    operation = models.ForeignKey("production.Operation", on_delete=models.PROTECT, related_name="manual_counts")
    good = models.DecimalField(max_digits=14, decimal_places=3, default=0)
    scrap = models.DecimalField(max_digits=14, decimal_places=3, default=0)
    note = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["operation", "at"]
        constraints = [
            models.CheckConstraint(name="manual_count_not_zero", condition=~models.Q(good=0, scrap=0)),
        ]

    def __str__(self) -> str:
        return f"{self.operation_id} {self.good} good, {self.scrap} scrap"


class SetupPhase(models.Model):
    """The beginning of a run in which the machine is made ready. It ends when somebody says that production starts;
    with `ends_at` empty it ended with the run's first good piece, or goes on."""

    run = models.OneToOneField("production.Run", on_delete=models.CASCADE, related_name="setup")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["run"]
        constraints = [
            models.CheckConstraint(
                name="setup_phase_forward",
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
            )
        ]

    def __str__(self) -> str:
        return f"setup of {self.run_id}"
