"""The plant: places and patterns (`places.py`), what is said of their calendar, and materialised shifts."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func
from django.db.models.lookups import Exact

from mes.plant.places import (
    CODE,
    Area,
    BreakRule,
    CycleRule,
    Line,
    Node,
    ShiftPattern,
    ShiftRule,
    Site,
    WorkCenter,
)

__all__ = [
    "CODE",
    "Area",
    "BreakRule",
    "ChangedStretch",
    "CycleRule",
    "Holiday",
    "Line",
    "Node",
    "OtherDay",
    "Override",
    "OwnShifts",
    "PlannedMaintenance",
    "Shift",
    "ShiftBreak",
    "ShiftPattern",
    "ShiftRule",
    "Site",
    "TsTzRange",
    "WorkCenter",
    "half_open",
]


class TsTzRange(Func):
    """tstzrange(start, end, '[)'): half-open, and open for ever where the end is null."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def half_open() -> RangeBoundary:
    """The bounds '[)' that every interval in Millwright has."""
    return RangeBoundary(inclusive_lower=True, inclusive_upper=False)


class Holiday(models.Model):
    """A date on which no shift of the site starts."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField()
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["site", "date"]
        constraints = [models.UniqueConstraint(fields=["site", "date"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class Placed(models.Model):
    """Something said of one site, area, line or work center, and of all below it. The nearest word wins."""

    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    work_center = models.ForeignKey(WorkCenter, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    LEVELS = ("site", "area", "line", "work_center")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_one_place",
                condition=Exact(
                    Func(
                        F("site"),
                        F("area"),
                        F("line"),
                        F("work_center"),
                        function="NUM_NONNULLS",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
            )
        ]

    @property
    def level(self) -> int:
        """How near the word is: 0 for a site ... 3 for a work center."""
        return next(number for number, name in enumerate(self.LEVELS) if getattr(self, f"{name}_id") is not None)

    @property
    def place(self) -> Node:
        """The site, area, line or work center it is said of."""
        found: Node = getattr(self, self.LEVELS[self.level])
        return found


class OtherDay(Placed):
    """An exception: one date with other shifts than the pattern's, or with none. It also holds on a holiday."""

    date = models.DateField(help_text="The local date on which its shifts start.")
    name = models.CharField(max_length=60)
    pattern = models.ForeignKey(
        ShiftPattern, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: no shift starts that day."
    )
    shifts = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Names of the pattern's shifts that take place, whatever their weekdays; empty: all of them.",
    )

    class Meta(Placed.Meta):
        ordering = ["date"]
        constraints = [
            *Placed.Meta.constraints,
            models.UniqueConstraint(
                fields=["site", "area", "line", "work_center", "date"], name="other_day_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class PlannedMaintenance(Placed):
    """A stretch that is a planned stop inside the schedule: it is taken off planned time, like a break."""

    name = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    works_on = models.BooleanField(
        default=False, help_text="The other way round: this place works on while the level above stands."
    )

    class Meta(Placed.Meta):
        ordering = ["starts_at"]
        constraints = [
            *Placed.Meta.constraints,
            models.CheckConstraint(name="maintenance_forward", condition=models.Q(ends_at__gt=models.F("starts_at"))),
        ]

    def __str__(self) -> str:
        return self.name


class Override(models.Model):
    """A word of the floor: from `starts_at` to `ends_at` this line or machine is scheduled (overtime), or is not.

    Never deleted; of words that contradict each other the latest holds, without those that were withdrawn.
    """

    line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.CASCADE, related_name="overrides")
    work_center = models.ForeignKey(
        WorkCenter, null=True, blank=True, on_delete=models.CASCADE, related_name="overrides"
    )
    scheduled = models.BooleanField(help_text="True: overtime. False: not scheduled.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=150)
    why = models.CharField(max_length=200, blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=150, blank=True, default="")
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["said_at", "pk"]
        indexes = [models.Index(fields=["ends_at"], name="override_end")]
        constraints = [
            models.CheckConstraint(
                name="override_one_place",
                condition=models.Q(line__isnull=False) ^ models.Q(work_center__isnull=False),
            ),
            models.CheckConstraint(name="override_forward", condition=models.Q(ends_at__gt=models.F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{'overtime' if self.scheduled else 'not scheduled'} {self.starts_at} - {self.ends_at}"


class OwnShifts(models.Model):
    """While this holds, a machine follows shifts of its own and not those of its line. Dated, so the past stays."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="own_shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            ExclusionConstraint(
                name="own_shifts_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} since {self.starts_at}"


class Shift(models.Model):
    """A shift that takes place: half-open UTC instants made from the pattern's local wall time, or overtime.

    It is the line's, or, with `work_center`, one machine's. Whose shift is whose is answered by `shift_of.py` alone.
    """

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="shifts")
    work_center = models.ForeignKey(
        WorkCenter, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Its own shift."
    )
    name = models.CharField(max_length=60)
    crew = models.CharField(max_length=40, blank=True, default="")
    overtime = models.BooleanField(default=False, help_text="Said on the floor; no pattern made it.")
    production_date = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="Reported: later changes keep the old figures too."
    )
    closed_by = models.CharField(max_length=150, blank=True, default="")
    locked_at = models.DateTimeField(null=True, blank=True, help_text="Figures are final until somebody reopens it.")

    class Meta:
        ordering = ["line", "starts_at"]
        indexes = [models.Index(fields=["line", "starts_at"], name="shift_start")]
        constraints = [
            # Checked at the end of a statement, so that a restatement can wait with the check while borders move.
            ExclusionConstraint(
                name="shift_no_overlap",
                expressions=[
                    ("line", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(work_center=None),
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            ExclusionConstraint(
                name="shift_own_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(work_center__isnull=False),
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(name="shift_forward", condition=models.Q(ends_at__gt=models.F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.production_date}"


class ShiftBreak(models.Model):
    """A planned break of a materialised shift, in UTC."""

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="breaks")
    name = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [models.UniqueConstraint(fields=["shift", "starts_at"], name="shift_break_once")]

    def __str__(self) -> str:
        return self.name


class ChangedStretch(models.Model):
    """Facts of a machine in [starts_at, ends_at) changed; the row goes when its roll-ups know it."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    why = models.CharField(max_length=60, help_text="The action that changed them.")
    marked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["work_center", "starts_at"], name="changed_stretch_time")]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.starts_at} - {self.ends_at} {self.why}"
