"""What is stored for forecasts: readiness reports, archived plans, and looks at how late the readings are."""

from django.db import models
from django.db.models import Q

from analytics.forecast_models import Champion, Forecast, Grain, HistoryHour, HistoryImport, Outcome, Refit
from analytics.override_models import ForecastOverride
from analytics.phase_models import Approver, Department, PhaseState, SignOff
from analytics.signal_models import Signal, SignalMark
from mes.plant.models import Line, WorkCenter

__all__ = [
    "Approver",
    "Champion",
    "Department",
    "Forecast",
    "ForecastOverride",
    "Grain",
    "HistoryHour",
    "HistoryImport",
    "Outcome",
    "PhaseState",
    "PlanSnapshot",
    "ReadinessReport",
    "ReadingLook",
    "Refit",
    "SignOff",
    "Signal",
    "SignalMark",
]


class ReadinessReport(models.Model):
    """The readiness of a line as it was computed once: PostgreSQL refuses to change it. The inputs are kept with it."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="readiness_reports")
    day = models.DateField(help_text="The day at the plant.")
    computed_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150, help_text="A person, or system for the nightly run.")
    key = models.UUIDField(
        null=True, blank=True, unique=True, help_text="The form's key: a repeat changes nothing. Empty: nightly."
    )
    r = models.FloatField(help_text="0 to 100.")
    r_with_time = models.FloatField(help_text="R if all that only time mends were green.")
    phase = models.PositiveSmallIntegerField(help_text="Highest gate that is open, 0 to 5.")
    scores = models.JSONField()
    gates = models.JSONField()
    blockers = models.JSONField()
    inputs = models.JSONField()

    class Meta:
        ordering = ["line", "-computed_at"]
        indexes = [models.Index(fields=["line", "-computed_at"], name="readiness_latest")]
        constraints = [
            models.UniqueConstraint(fields=["line", "day"], condition=Q(key=None), name="readiness_once_a_night")
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.day}: {self.r:.0f}"


class PlanSnapshot(models.Model):
    """The plan of a line as it stood at an instant: PostgreSQL refuses to change it, and nothing is ever thrown away.

    Forecasts learn from it how plans are kept, so it tells what was planned, not what became of it.
    """

    class Kind(models.TextChoices):
        DAILY = "daily", "First of the day"
        CHANGE = "change", "After a change of the queue"
        IMPORTED = "imported", "Imported: from before Millwright"

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="plan_snapshots")
    kind = models.CharField(max_length=8, choices=Kind)
    day = models.DateField(help_text="The day at the plant.")
    slot = models.DateTimeField(help_text="Start of the quarter hour it was taken in.")
    taken_at = models.DateTimeField()
    digest = models.CharField(max_length=64, help_text="Of the queue without what is made of it.")
    orders = models.JSONField(help_text="The queue in its order: number, item, quantity, good, scrap, due, status.")
    shifts = models.JSONField(help_text="Shifts to come: name, day, start, end, planned seconds.")
    ideals = models.JSONField(help_text="Item to machine to ideal cycle in seconds, of the items in the queue.")

    class Meta:
        ordering = ["line", "-taken_at"]
        indexes = [models.Index(fields=["line", "-taken_at"], name="plan_snapshot_latest")]
        constraints = [
            models.UniqueConstraint(fields=["line", "day"], condition=Q(kind="daily"), name="plan_snapshot_daily"),
            models.UniqueConstraint(fields=["line", "slot"], name="plan_snapshot_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.taken_at:%Y-%m-%d %H:%M} {self.kind}"


class ReadingLook(models.Model):
    """How often in an hour the newest stored reading of a machine was looked at, and was in time."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField(help_text="Start of the UTC hour.")
    looks = models.PositiveIntegerField(default=0)
    prompt = models.PositiveIntegerField(default=0, help_text="At most two polls late, and no clock ahead by 2 s.")
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work_center", "hour"], name="reading_look_hour")]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.hour:%Y-%m-%d %H}h {self.prompt}/{self.looks}"
