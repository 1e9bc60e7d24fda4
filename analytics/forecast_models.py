"""What is stored of forecasts: imported history, each one as it was issued, what came of it, champions, jobs."""

from django.db import models
from django.db.models import Q

from mes.plant.models import Line


class Grain(models.TextChoices):
    """The width of a bucket."""

    HOUR = "hour", "Hour"
    SHIFT = "shift", "Shift"
    DAY = "day", "Day"


class HistoryImport(models.Model):
    """A file of hours from before Millwright saw the line. What came by it stays marked as imported."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file: the same file is taken once.")
    rows = models.PositiveIntegerField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["line", "digest"], name="history_import_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.file_name}"


class HistoryHour(models.Model):
    """An imported hour of a line. Where Millwright has seen the hour itself, that wins."""

    source = models.ForeignKey(HistoryImport, on_delete=models.CASCADE, related_name="hours")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    planned_min = models.FloatField()
    good = models.FloatField(null=True, help_text="Empty: not known. Never 0 for that.")
    cov = models.FloatField(help_text="Share of the planned minutes that was seen, 0 to 1.")
    item = models.CharField(max_length=50, blank=True)
    ideal = models.FloatField(default=0, help_text="Pieces at the ideal rate in the planned minutes; 0: not known.")
    run_min = models.FloatField(null=True)
    down_min = models.FloatField(null=True)
    chg_min = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "starts_at"], name="history_hour_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.starts_at:%Y-%m-%d %H}h"


class Forecast(models.Model):
    """A forecast as it was issued, with what it knew then: PostgreSQL refuses to change it."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="forecasts")
    grain = models.CharField(max_length=5, choices=Grain)
    method = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField(
        help_text="Rung of the ladder: 0 refused, 1 plan, 2 rate, 3 GLM, 4 ensemble."
    )
    shown = models.BooleanField(help_text="Chosen to be shown; otherwise a challenger in the shadow.")
    origin = models.DateTimeField(help_text="The instant from which it looks ahead.")
    issued_at = models.DateTimeField(help_text="When it was computed.")
    back_issued = models.BooleanField(help_text="Computed after its origin, from what was known at its origin.")
    trained_through = models.DateTimeField(null=True, help_text="End of the newest hour it learnt from.")
    snapshot = models.ForeignKey("analytics.PlanSnapshot", null=True, on_delete=models.PROTECT, related_name="+")
    readiness = models.ForeignKey("analytics.ReadinessReport", null=True, on_delete=models.PROTECT, related_name="+")
    points = models.JSONField(help_text="Per bucket: starts_at, ends_at, planned_min, point, q (11 quantiles).")
    skill = models.JSONField(help_text="Its record as it stood then: errors, naive errors, coverage, how many buckets.")
    checks = models.JSONField(help_text="Why it was refused or degraded; empty where nothing was.")
    inputs = models.JSONField(help_text="What it knew: weeks, missing hours, model parameters, digests.")

    class Meta:
        ordering = ["line", "grain", "-origin"]
        constraints = [
            models.UniqueConstraint(fields=["line", "grain", "origin", "method"], name="forecast_once"),
            models.UniqueConstraint(
                fields=["line", "grain", "origin"], condition=Q(shown=True), name="forecast_one_is_shown"
            ),
        ]
        indexes = [models.Index(fields=["line", "grain", "-origin"], name="forecast_latest")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.grain} {self.origin:%Y-%m-%d %H:%M} {self.method}"


class Outcome(models.Model):
    """What a bucket came to, joined nightly; mended when facts of the past are."""

    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="+")
    grain = models.CharField(max_length=5, choices=Grain)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    planned_min = models.FloatField()
    good = models.FloatField(null=True, help_text="Empty: not seen well enough to judge a forecast by.")
    cov = models.FloatField()
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "grain", "starts_at"], name="outcome_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.grain} {self.starts_at:%Y-%m-%d %H:%M}: {self.good}"


class Champion(models.Model):
    """The method that is shown for a line and grain, from an instant on."""

    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="+")
    grain = models.CharField(max_length=5, choices=Grain)
    method = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    why = models.TextField()
    by = models.CharField(max_length=150, help_text="Who promoted it; system for the rule.")

    class Meta:
        ordering = ["line", "grain", "-since"]
        constraints = [
            models.UniqueConstraint(fields=["line", "grain"], condition=Q(until=None), name="champion_is_one")
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.grain}: {self.method}"


class Refit(models.Model):
    """The nightly work on one line: fitted, forecast, judged. Claimed by a worker for a while; done once per day."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(help_text="The day at the plant.")
    key = models.UUIDField(null=True, blank=True, unique=True, help_text="The form's key when somebody asked.")
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    held_until = models.DateTimeField(null=True, help_text="Until then its worker has it; afterwards anybody may.")
    attempts = models.PositiveSmallIntegerField(default=0)
    step = models.CharField(max_length=100, blank=True)
    done_share = models.FloatField(default=0, help_text="0 to 1.")
    finished_at = models.DateTimeField(null=True)
    cpu_s = models.FloatField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-day", "line"]
        constraints = [
            models.UniqueConstraint(fields=["line", "day"], condition=Q(key=None), name="refit_once_a_night")
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.day}: {self.state}"
