"""Policies as stored: immutable versions, and from when which machine follows which."""

from django.db import models
from django.utils import timezone

from mes.plant.models import WorkCenter


class PolicyVersion(models.Model):
    """One reading of time, never changed once stored. `settings` holds every field of `policy.Policy` but the name."""

    name = models.CharField(max_length=40)
    number = models.PositiveIntegerField(help_text="1, 2, ... of this name.")
    settings = models.JSONField()
    digest = models.CharField(
        max_length=64, unique=True, help_text="Of name and settings: the same words, the same row."
    )
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["name", "number"]
        constraints = [models.UniqueConstraint(fields=["name", "number"], name="policy_version_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


class PolicyInForce(models.Model):
    """From `valid_from` on a machine's time is read by this policy, until a later row says otherwise."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="policies")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField(help_text="A full UTC hour, so that every hour is read by one policy.")
    micro_stop_s = models.PositiveIntegerField(
        default=120, help_text="The machine's own threshold when this was noted: another one since is a change."
    )
    noted_at = models.DateTimeField(default=timezone.now)
    noted_by = models.CharField(max_length=150, default="system")
    why = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "policy in force"
        verbose_name_plural = "policies in force"
        ordering = ["work_center", "valid_from"]
        constraints = [models.UniqueConstraint(fields=["work_center", "valid_from"], name="policy_in_force_once")]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.policy_id} from {self.valid_from}"


# Django looks for models here only; these need the ones above.
from mes.oee.fact_models import DayFact, HourFact, HourFactPast, RebuildCheck, RollMark  # noqa: E402

__all__ = ["DayFact", "HourFact", "HourFactPast", "PolicyInForce", "PolicyVersion", "RebuildCheck", "RollMark"]
