"""The reason tree and the stops of machines."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models

from mes.plant.models import CODE, TsTzRange, WorkCenter, half_open


class Reason(models.Model):
    """A reason for a stop. Two levels: categories (no parent) and reasons; at most 8 x 8."""

    class Klass(models.TextChoices):
        PLANNED = "planned", "Planned stop"
        UNPLANNED = "unplanned", "Unplanned stop"
        FAILURE = "failure", "Failure (counts in MTBF)"
        CHANGEOVER = "changeover", "Changeover, setup"

    class SemiE10(models.TextChoices):
        STANDBY = "standby", "Standby"
        ENGINEERING = "engineering", "Engineering"
        SCHEDULED_DOWN = "scheduled-down", "Scheduled down"
        UNSCHEDULED_DOWN = "unscheduled-down", "Unscheduled down"
        NON_SCHEDULED = "non-scheduled", "Non-scheduled"

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    klass = models.CharField(max_length=10, choices=Klass, default=Klass.UNPLANNED, verbose_name="class")
    semi_e10 = models.CharField(
        max_length=16, choices=SemiE10, default=SemiE10.UNSCHEDULED_DOWN, verbose_name="SEMI E10"
    )
    plc_code = models.IntegerField(null=True, blank=True, help_text="The controller's reason code that suggests it.")
    planned_limit_min = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="A planned stop given this reason from now on is unplanned after so many minutes; empty: no limit.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name


class Stop(models.Model):
    """A stretch of time in which a machine did not run. Two never overlap on a machine; at most one is open."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="stops")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=40, help_text="State the machine was in when it stopped.")
    kind = models.CharField(max_length=8, default="down", help_text="down, waiting, idle or setup.")
    plc_code = models.IntegerField(null=True, blank=True, help_text="Reason code the controller gave.")
    reason = models.ForeignKey(Reason, null=True, blank=True, on_delete=models.PROTECT, related_name="stops")
    planned_limit_min = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The reason's limit when it was given: a later one changes no history (R14)."
    )
    note = models.CharField(max_length=200, blank=True, default="")
    explained_by = models.CharField(max_length=150, blank=True, default="")
    explained_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=8, default="auto", help_text="auto (from the machine) or manual.")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["work_center", "-starts_at"], name="stop_latest")]
        constraints = [
            ExclusionConstraint(
                name="stop_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(fields=["work_center"], condition=models.Q(ends_at=None), name="stop_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.starts_at:%Y-%m-%d %H:%M:%S}"
