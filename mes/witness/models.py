"""Which independent source vouches for a machine's counter, what it said, and how both compare hour by hour."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce

from mes.plant.models import TsTzRange, WorkCenter, half_open
from mes.production.models import Item


class Kind(models.TextChoices):
    """The independent sources. A receipt that this product posted somewhere is none: it only repeats the counter."""

    NEIGHBOUR = "neighbour", "Counter of the next machine"
    SCAN = "scan", "Scanned pallets"
    TALLY = "tally", "Count by hand"


class Witness(models.Model):
    """A source that vouches for the good count of a machine, from an instant on.

    A neighbour: what leaves this machine goes into the neighbour, `numerator` pieces of this machine making
    `denominator` pieces there; with an item the factor holds for that item only. Hand counts need no row; one with the
    kind "Count by hand" gives them another tolerance.
    """

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="witnesses")
    kind = models.CharField(max_length=10, choices=Kind)
    neighbour = models.ForeignKey(
        WorkCenter,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="witness_for",
        help_text="The next machine of the line that counts, downstream.",
    )
    item = models.ForeignKey(
        Item, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: every item."
    )
    numerator = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="So many pieces of this machine make ..."
    )
    denominator = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="... so many pieces of the neighbour."
    )
    buffer = models.PositiveIntegerField(
        default=0, help_text="Most pieces of this machine that stand between the two (or wait to be scanned)."
    )
    pieces_per_pallet = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="For scans that do not say how many."
    )
    tolerance_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal("0.50"),
        validators=[MinValueValidator(0), MaxValueValidator(50)],
        help_text="By how much the witness itself may be wrong.",
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "witnesses"
        ordering = ["work_center", "kind", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="witness_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (Coalesce("item", 0), RangeOperators.EQUAL),
                    (TsTzRange("valid_from", "valid_to", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="witness_neighbour_named",
                condition=models.Q(kind="neighbour", neighbour__isnull=False)
                | (~models.Q(kind="neighbour") & models.Q(neighbour=None)),
            ),
            models.CheckConstraint(
                name="witness_other_than_itself",
                condition=models.Q(neighbour=None) | ~models.Q(neighbour=models.F("work_center")),
            ),
            models.CheckConstraint(
                name="witness_factor_positive", condition=models.Q(numerator__gte=1, denominator__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.get_kind_display()}"


class Tally(models.Model):
    """Good pieces that a person counted by hand at a machine's outfeed, from one instant to another."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="tallies")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    pieces = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=150)
    at = models.DateTimeField(help_text="When it was entered.")
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    counted_low = models.DecimalField(
        max_digits=14, decimal_places=3, null=True, help_text="What the counter says, at least; empty: nothing."
    )
    counted_high = models.DecimalField(max_digits=14, decimal_places=3, null=True)

    class Meta:
        verbose_name_plural = "tallies"
        indexes = [models.Index(fields=["work_center", "-ends_at"], name="tally_latest")]
        constraints = [
            models.CheckConstraint(name="tally_forward", condition=models.Q(ends_at__gt=models.F("starts_at")))
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.starts_at:%Y-%m-%d %H:%M} {self.pieces}"


class Scan(models.Model):
    """A pallet that was scanned behind a machine. A pallet's number (SSCC) counts once at a machine."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="scans")
    pallet = models.CharField(max_length=60, help_text="SSCC or another number that is never used again.")
    pieces = models.PositiveIntegerField(help_text="Pieces of the machine on it.")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    class Meta:
        indexes = [models.Index(fields=["work_center", "at"], name="scan_time")]
        constraints = [models.UniqueConstraint(fields=["work_center", "pallet"], name="scan_once")]

    def __str__(self) -> str:
        return self.pallet


class WitnessHour(models.Model):
    """A settled hour of one witness: pieces counted, pieces the witness saw. The mass balance of a line.

    Counts as of when it was weighed; weighed again it has the same figures or what has changed since.
    """

    witness = models.ForeignKey(Witness, on_delete=models.CASCADE, related_name="hours")
    hour = models.DateTimeField(help_text="Start of the UTC hour.")
    counted = models.IntegerField(help_text="Good pieces of the machine.")
    said = models.DecimalField(
        max_digits=16, decimal_places=3, help_text="What the witness saw, in pieces of the machine."
    )
    scrapped = models.DecimalField(
        max_digits=16, decimal_places=3, default=0, help_text="Of these, scrap of the neighbour."
    )
    loose = models.DecimalField(
        max_digits=16, decimal_places=3, default=0, help_text="Pieces that may belong to the hour before or after."
    )
    doubtful = models.DecimalField(
        max_digits=16, decimal_places=3, default=0, help_text="Rework: it may or may not have gone on."
    )
    blind = models.BooleanField(default=False, help_text="Part of the hour is unknown: nothing can be compared.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["witness", "hour"], name="witness_hour_once")]
        indexes = [models.Index(fields=["hour"], name="witness_hour_time")]

    def __str__(self) -> str:
        return f"{self.witness_id} {self.hour:%Y-%m-%d %H}h"


class CounterState(models.Model):
    """What is known of a machine's counter now: one row, overwritten by the periodic job."""

    work_center = models.OneToOneField(WorkCenter, on_delete=models.CASCADE, related_name="counter_state")
    status = models.CharField(max_length=12)
    since = models.DateTimeField(null=True, help_text="Since when it is so, as far as it is known.")
    judged_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.status}"
