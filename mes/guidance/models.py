"""Checklists, their answers, and work instructions with their files."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.guidance import due
from mes.plant.models import CODE, WorkCenter
from mes.production.models import Item, Run


class Checklist(models.Model):
    """Points that people go through at a machine. Other points are another version; answers keep the words they saw."""

    class Kind(models.TextChoices):
        STARTUP = due.STARTUP, _("Start-up")
        CHANGEOVER = due.CHANGEOVER, _("Changeover")
        CLEANING = due.CLEANING, _("Cleaning")

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind)
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="checklists")
    item = models.ForeignKey(
        Item, null=True, blank=True, on_delete=models.PROTECT, related_name="checklists", help_text="Empty: every item."
    )
    points = ArrayField(models.CharField(max_length=200), help_text="Separated by commas, in the order of the work.")
    version = models.PositiveIntegerField(default=1, editable=False)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["work_center", "kind", "code"]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"

    def clean(self) -> None:
        """A list without points would be done before anybody looked."""
        if not self.points or not all(point.strip() for point in self.points):
            raise ValidationError({"points": "Enter at least one point, and no empty ones."})


class ChecklistEntry(models.Model):
    """A checklist as it was answered: by whom, when, which version, in which run. Never changed."""

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="entries")
    version = models.PositiveIntegerField()
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="checklist_entries")
    answers = models.JSONField(help_text="For each point: text, done, and why it was skipped.")
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    key = models.UUIDField(unique=True, help_text="Of the form: sent twice, kept once.")

    class Meta:
        verbose_name_plural = "checklist entries"
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["checklist", "run"], name="checklist_once_a_run")]

    def __str__(self) -> str:
        return f"{self.checklist_id} {self.at:%Y-%m-%d %H:%M}"


class InstructionFile(models.Model):
    """The bytes of a work instruction, kept once; never changed."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    media_type = models.CharField(max_length=40)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256[:12]


class Instruction(models.Model):
    """A version of a work instruction for a machine, an item, or an item on a machine, from an instant on."""

    code = models.CharField(max_length=40, validators=[CODE], help_text="The same for all versions.")
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=120)
    work_center = models.ForeignKey(
        WorkCenter,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="Empty: every machine that makes the item.",
    )
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: every item.")
    valid_from = models.DateTimeField()
    file = models.ForeignKey(InstructionFile, on_delete=models.PROTECT, editable=False)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="instruction_version_once"),
            models.CheckConstraint(
                condition=models.Q(work_center__isnull=False) | models.Q(item__isnull=False),
                name="instruction_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"
