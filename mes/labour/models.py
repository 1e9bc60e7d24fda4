"""People who are signed on to an order at a machine, and how many more worked there without a name."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models

from mes.plant.models import TsTzRange, WorkCenter, half_open
from mes.production.models import WorkOrder


class SignOn(models.Model):
    """A person works on an order. On one at a time, so no hour is ever confirmed twice; open until they sign off."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sign_ons")
    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="sign_ons")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="sign_ons")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    key = models.UUIDField(unique=True, help_text="Of the form that signed on: sent twice, signed on once.")
    ended_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["order", "starts_at"], name="signon_order")]
        constraints = [
            ExclusionConstraint(
                name="signon_one_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(fields=["person"], condition=models.Q(ends_at=None), name="signon_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.order_id} from {self.starts_at:%Y-%m-%d %H:%M}"


class Crew(models.Model):
    """So many people without a name work on an order at a machine, beside those who signed on."""

    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="crews")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="crews")
    people = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            ExclusionConstraint(
                name="crew_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(fields=["work_center"], condition=models.Q(ends_at=None), name="crew_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.people} at {self.work_center_id} from {self.starts_at:%Y-%m-%d %H:%M}"
