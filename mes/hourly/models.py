"""What is stored of a board: versions of the plan, words about hours, and the leader's signature."""

from django.db import models

from mes.plant.models import Line, Shift, WorkCenter


class OfPlace(models.Model):
    """Something of a line, or of one machine of it."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey(
        WorkCenter, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: the line."
    )

    class Meta:
        abstract = True

    @property
    def place_code(self) -> str:
        """The code of the machine, else of the line."""
        return self.work_center.code if self.work_center is not None else self.line.code


class HourPlan(OfPlace):
    """One version of the plan of a place for a shift. Version 1 is the original; none is ever rewritten."""

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="hour_plans")
    version = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["shift", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "work_center", "shift", "version"], name="hour_plan_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift_id} version {self.version}"


class PlanHour(models.Model):
    """Pieces planned for one hour by one version; empty where there was nothing to plan with."""

    plan = models.ForeignKey(HourPlan, on_delete=models.CASCADE, related_name="hours")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    pieces = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "starts_at"], name="plan_hour_once"),
            models.CheckConstraint(name="plan_hour_forward", condition=models.Q(ends_at__gt=models.F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.pieces}"


class HourNote(OfPlace):
    """What was said of one hour: why it went so, and what is done against it, by whom and until when."""

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="hour_notes")
    starts_at = models.DateTimeField(help_text="Of the row it is about.")
    comment = models.CharField(max_length=300, blank=True, default="")
    countermeasure = models.CharField(max_length=300, blank=True, default="")
    owner = models.CharField(max_length=80, blank=True, default="")
    due = models.DateField(null=True, blank=True)
    said_by = models.CharField(max_length=150)
    said_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["line", "done_at"], name="hour_note_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "work_center", "shift", "starts_at"], name="hour_note_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place_code} {self.starts_at:%Y-%m-%d %H:%M}"


class HoursSigned(OfPlace):
    """A leader's signature under a shift's board, with its rows as they were then."""

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="hours_signed")
    signed_at = models.DateTimeField()
    signed_by = models.CharField(max_length=150)
    note = models.CharField(max_length=300, blank=True, default="")
    rows = models.JSONField(help_text="start, plan, good and scrap of every hour when it was signed.")

    class Meta:
        verbose_name_plural = "hours signed"
        ordering = ["-signed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "work_center", "shift"], name="hours_signed_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place_code} {self.shift_id} by {self.signed_by}"
