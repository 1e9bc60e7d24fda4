"""What is stored of signals: what was seen at a line or machine from when to when, and what people thought of it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mes.plant.models import Line, WorkCenter


class Signal(models.Model):
    """Something that should be looked at, at a line or at one of its machines. At most one of a kind is open."""

    class Kind(models.TextChoices):
        SLOW = "slow", _("Runs slower than usual")
        DRIFT = "drift", _("Rate has changed")
        TARGET = "target", _("Shift will miss its plan")
        RULE = "rule", _("Control chart signals")
        STILL = "still", _("Counter stands still")
        FALLS = "falls", _("Counter falls back")
        CLOCK = "clock", _("Readings are late or their clock is ahead")
        SILENT = "silent", _("Nothing is heard")

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="signals")
    work_center = models.ForeignKey(WorkCenter, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    began = models.DateTimeField(help_text="Since when it was so.")
    noticed_at = models.DateTimeField()
    ended = models.DateTimeField(null=True, help_text="When it was seen to be over.")
    saw = models.JSONField(help_text="The figures as they were when it was noticed.")

    class Meta:
        ordering = ["-noticed_at", "-id"]
        indexes = [models.Index(fields=["line", "-noticed_at"], name="signal_of_line")]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "work_center", "kind"],
                condition=Q(ended=None),
                name="signal_one_open",
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="signal_forward", condition=Q(ended=None) | Q(ended__gte=F("noticed_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.kind} since {self.began:%Y-%m-%d %H:%M}"


class SignalMark(models.Model):
    """A person's word on whether a signal was useful. Rows stay as they are; the newest one of a signal counts."""

    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="marks")
    useful = models.BooleanField()
    why = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.signal_id} {'useful' if self.useful else 'not useful'}"
