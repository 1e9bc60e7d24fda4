"""Check plans, the checks that were made, the frozen limits of control charts, holds and nonconformances."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.plant.models import CODE, WorkCenter
from mes.production.models import Item, WorkOrder
from mes.quality.judging import ChartKind, Sort, charts_for
from mes.quality.spc.run_rules import DEFAULT_RULES, RULES
from mes.quality.triggers import NEEDS_EVERY, TriggerKind
from mes.signing.models import Meaning

MOST_PIECES = 500
_NUMBERED = [kind.value for kind in NEEDS_EVERY]


def default_rules() -> list[str]:
    """The run rules of a new characteristic."""
    return list(DEFAULT_RULES)


class Characteristic(models.Model):
    """What is checked on one machine, for one item or for all: a measured value or yes/no, its limits and its chart.

    It belongs to one machine, because a control chart over two machines would mix two processes.
    """

    class Kind(models.TextChoices):
        MEASURED = "measured", _("Measured")
        YES_NO = "yes-no", _("Yes or no")
        DEFECTS = "defects", _("Number of defects")

    code = models.CharField(max_length=60, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="characteristics")
    item = models.ForeignKey(
        Item, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: every item."
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.MEASURED)
    unit = models.CharField(max_length=16, blank=True, default="", help_text="Of the measured value, e.g. g or mm.")
    decimals = models.PositiveSmallIntegerField(default=2, validators=[MaxValueValidator(6)])
    nominal = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    lsl = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, verbose_name="lower limit",
        help_text="Specification limit: a value below opens a hold. Empty: none.",
    )  # fmt: skip
    usl = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, verbose_name="upper limit",
        help_text="Specification limit: a value above opens a hold. Empty: none.",
    )  # fmt: skip
    subgroup_size = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_PIECES)], help_text="Pieces in one check."
    )
    accept = models.PositiveSmallIntegerField(
        default=0, help_text="Yes or no: so many bad pieces in a check are still accepted."
    )
    chart = models.CharField(max_length=20, choices=[(kind.value, kind.label) for kind in ChartKind])
    rules = ArrayField(
        models.CharField(max_length=2), default=default_rules, blank=True, verbose_name="run rules",
        help_text="Codes with commas. Every further rule finds more and cries wolf more often.",
    )  # fmt: skip
    signatures = ArrayField(
        models.CharField(max_length=10, choices=Meaning), default=list, blank=True,
        help_text="What every check needs before it counts as finished: performed, reviewed, approved. Empty: nothing.",
    )  # fmt: skip
    release_signed = models.BooleanField(
        default=False, verbose_name="decisions are signed",
        help_text="Who decides about a hold of it, or closes its report, signs as having approved it.",
    )  # fmt: skip
    grace_min = models.PositiveSmallIntegerField(default=15, help_text="Minutes after which a due check is overdue.")
    instruction = models.CharField(max_length=300, blank=True, default="", help_text="How to check; shown at entry.")
    reaction = models.CharField(max_length=300, blank=True, default="", help_text="What to do when it is out.")
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["work_center", "code"]
        constraints = [
            models.CheckConstraint(
                name="characteristic_limits_in_order",
                condition=models.Q(lsl=None) | models.Q(usl=None) | models.Q(lsl__lt=models.F("usl")),
            ),
            models.CheckConstraint(name="characteristic_some_pieces", condition=models.Q(subgroup_size__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def clean(self) -> None:
        """Says in words which chart, limits and rules cannot go together."""
        wrong: dict[str, Any] = {}
        if self.lsl is not None and self.usl is not None and self.lsl >= self.usl:
            wrong["usl"] = f"The upper limit {self.usl} must be above the lower limit {self.lsl}."
        fitting = charts_for(Sort(self.kind), self.subgroup_size or 1)
        if self.chart not in fitting:
            wrong["chart"] = f"Choose one that fits kind and pieces: {', '.join(kind.label for kind in fitting)}."
        unknown = [code for code in self.rules or [] if code not in RULES]
        if unknown:
            wrong["rules"] = f"There is no run rule {unknown[0]}: choose from {', '.join(RULES)}."
        if wrong:
            raise ValidationError(wrong)


class Trigger(models.Model):
    """When a characteristic is to be checked. It may have several; the first one that holds makes the check due."""

    characteristic = models.ForeignKey(Characteristic, on_delete=models.CASCADE, related_name="triggers")
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.label) for kind in TriggerKind])
    every = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="Pieces, minutes, or the length in minutes a stop must have.",
    )  # fmt: skip

    class Meta:
        ordering = ["characteristic", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["characteristic", "kind"], name="trigger_once"),
            models.CheckConstraint(
                name="trigger_has_its_number",
                condition=models.Q(
                    kind__in=[k.value for k in TriggerKind if k in NEEDS_EVERY], every__isnull=False, every__gte=1
                )
                | (~models.Q(kind__in=_NUMBERED) & models.Q(every=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.every or ''}".strip()

    def clean(self) -> None:
        """Says in words whether the number is missing or means nothing."""
        if self.kind in NEEDS_EVERY and not self.every:
            raise ValidationError({"every": "Say how many pieces or minutes: a whole number from 1."})
        if self.kind and self.kind not in NEEDS_EVERY and self.every is not None:
            raise ValidationError({"every": "This trigger has no number: leave it empty."})


class ControlLimits(models.Model):
    """A frozen baseline of a chart: version 1, 2, ... in force from `since`. Rows are never changed.

    `center` and `sigma` are in the unit of the values, for yes/no a fraction; sigma is that of a single piece.
    """

    characteristic = models.ForeignKey(Characteristic, on_delete=models.PROTECT, related_name="limits")
    version = models.PositiveIntegerField()
    chart = models.CharField(max_length=20)
    center = models.FloatField()
    sigma = models.FloatField(null=True)
    samples = models.PositiveIntegerField(help_text="Checks it was learned from.")
    provisional = models.BooleanField()
    since = models.DateTimeField()
    actor = models.CharField(max_length=150)
    at = models.DateTimeField(help_text="When it was set.")
    why = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "control limits"
        ordering = ["characteristic", "version"]
        constraints = [
            models.UniqueConstraint(fields=["characteristic", "version"], name="control_limits_version_once"),
            models.UniqueConstraint(fields=["characteristic", "since"], name="control_limits_since_once"),
        ]

    def __str__(self) -> str:
        return f"{self.characteristic_id} version {self.version}"


class Check(models.Model):
    """A check as it was made and judged then. Values, or bad pieces of how many; neither: it could not be made."""

    class Verdict(models.TextChoices):
        GOOD = "good", _("Within limits")
        SIGNAL = "signal", _("Within limits, a run rule signals")
        OUT = "out", _("Out of limits")
        MISSED = "missed", _("Not made")

    characteristic = models.ForeignKey(Characteristic, on_delete=models.PROTECT, related_name="checks")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="checks")
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.PROTECT, related_name="checks")
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(help_text="When the pieces were taken.")
    values = ArrayField(models.DecimalField(max_digits=18, decimal_places=6), default=list)
    found = models.PositiveIntegerField(null=True, help_text="Bad pieces, for yes or no.")
    size = models.PositiveIntegerField(default=0, help_text="Pieces looked at.")
    verdict = models.CharField(max_length=8, choices=Verdict)
    signals = ArrayField(models.CharField(max_length=2), default=list, help_text="Run rules that signalled then.")
    lsl = models.DecimalField(max_digits=18, decimal_places=6, null=True, help_text="Limits it was judged by.")
    usl = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    limits = models.ForeignKey(ControlLimits, null=True, on_delete=models.PROTECT, related_name="+")
    to_sign = ArrayField(
        models.CharField(max_length=10), default=list, help_text="Signatures the plan asked for when it was made."
    )
    note = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    key = models.UUIDField(unique=True, help_text="Of the form or the device: a repeat changes nothing.")
    withdrawn_at = models.DateTimeField(null=True, help_text="Taken back: the journal says by whom and why.")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["characteristic", "-at"], name="check_latest"),
            models.Index(fields=["work_center", "-at"], name="check_of_machine"),
            models.Index(fields=["-at"], name="check_to_sign", condition=~models.Q(to_sign=[])),
        ]

    def __str__(self) -> str:
        return f"{self.characteristic_id} {self.at:%Y-%m-%d %H:%M}"


class Hold(models.Model):
    """What a machine made of an order in a stretch of time is not to be used until somebody decides.

    The stretch begins after the last good check (or with the order's run) and ends with the latest check that was out.
    """

    characteristic = models.ForeignKey(Characteristic, on_delete=models.PROTECT, related_name="holds")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="holds")
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.PROTECT, related_name="quality_holds")
    check_out = models.OneToOneField(Check, on_delete=models.PROTECT, related_name="hold")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["characteristic", "order"], condition=models.Q(released_at=None), name="hold_one_open",
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="hold_forward", condition=models.Q(ends_at__gte=models.F("starts_at"))),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"HOLD-{self.pk}"


# Django looks for models here only; these need the ones above.
from mes.quality.ncr_models import CorrectiveAction, Disposition, Nonconformance  # noqa: E402

__all__ = [
    "MOST_PIECES",
    "Characteristic",
    "Check",
    "ControlLimits",
    "CorrectiveAction",
    "Disposition",
    "Hold",
    "Nonconformance",
    "Trigger",
    "default_rules",
]
