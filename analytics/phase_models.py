"""What is stored of phases: where each line stands and stood, who signed it off, who approves new champions."""

from django.db import models
from django.db.models import F, Q

from mes.plant.models import Line


class Department(models.TextChoices):
    """Whose word is asked for before people build on a phase."""

    OPERATIONS = "operations", "Operations"
    MAINTENANCE = "maintenance", "Maintenance"
    IT = "it", "IT"
    QUALITY = "quality", "Quality"
    PLANNING = "planning", "Planning"
    FINANCE = "finance", "Finance"


class PhaseState(models.Model):
    """A line in a phase, from an instant until another; computed from readiness reports, never ticked by hand."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="phase_states")
    phase = models.PositiveSmallIntegerField(help_text="0 none, 1 connected ... 5 adaptive.")
    before = models.PositiveSmallIntegerField(null=True, help_text="The phase before; empty: the first time.")
    fell_from = models.PositiveSmallIntegerField(null=True, help_text="The phase it fell from and has not regained.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    why = models.JSONField(help_text="Checks that shut the gate it fell behind; empty after a rise.")
    report = models.ForeignKey("analytics.ReadinessReport", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["line", "-since"]
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=Q(until=None), name="phase_state_is_one"),
            models.CheckConstraint(name="phase_state_forward", condition=Q(until=None) | Q(until__gte=F("since"))),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} phase {self.phase} since {self.since:%Y-%m-%d}"


class SignOff(models.Model):
    """A department's word on a phase of a line, or its withdrawal. Rows stay as they are; the newest one counts."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="sign_offs")
    phase = models.PositiveSmallIntegerField()
    department = models.CharField(max_length=12, choices=Department)
    signed = models.BooleanField(help_text="False: an earlier word is taken back.")
    by = models.CharField(max_length=150)
    name = models.CharField(max_length=300, help_text="The person's full name then.")
    at = models.DateTimeField()
    comment = models.CharField(max_length=500, blank=True)
    evidence = models.JSONField(default=list, help_text="For phase 1 the counts by hand it rests on.")
    report = models.ForeignKey("analytics.ReadinessReport", on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["line", "phase", "department", "-id"]
        indexes = [models.Index(fields=["line", "phase", "department", "-id"], name="sign_off_latest")]

    def __str__(self) -> str:
        return f"{self.line_id} phase {self.phase} {self.department}: {self.by}"


class Approver(models.Model):
    """Who is named to approve that another method becomes a line's forecast; one at a time."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=150, help_text="User name.")
    name = models.CharField(max_length=300)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    by = models.CharField(max_length=150, help_text="Who named them.")

    class Meta:
        ordering = ["line", "-since"]
        constraints = [models.UniqueConstraint(fields=["line"], condition=Q(until=None), name="approver_is_one")]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.person}"
