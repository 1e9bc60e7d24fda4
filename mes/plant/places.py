"""Places and patterns as stored: site, area, line, work center (each with its ISA-95 level), weekly shifts, crews."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from mes.plant.calendar import CalendarError, cycle_days

CODE = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", "Use letters, digits, '-', '_' and '.', starting with a letter or digit."
)


def cycle_check(text: str) -> None:
    """Refuses what is no cycle, in a form's words."""
    try:
        cycle_days(text)
    except CalendarError as error:
        raise ValidationError(str(error)) from error


class ShiftPattern(models.Model):
    """A named weekly pattern of shifts in local wall time."""

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ShiftRule(models.Model):
    """One shift of a pattern: on which weekdays it starts, from when to when.

    An end at or before the start is on the next day.
    """

    pattern = models.ForeignKey(ShiftPattern, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=60)
    days = ArrayField(models.PositiveSmallIntegerField(), help_text="0 = Monday ... 6 = Sunday, the day it starts.")
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ["pattern", "starts"]
        constraints = [models.UniqueConstraint(fields=["pattern", "name"], name="shift_rule_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.starts:%H:%M}-{self.ends:%H:%M}"


class BreakRule(models.Model):
    """A planned break inside a shift, in local wall time."""

    rule = models.ForeignKey(ShiftRule, on_delete=models.CASCADE, related_name="breaks")
    name = models.CharField(max_length=60)
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ["rule", "starts"]
        constraints = [models.UniqueConstraint(fields=["rule", "starts"], name="break_rule_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.starts:%H:%M}-{self.ends:%H:%M}"


class CycleRule(models.Model):
    """A rotation: a crew works a shift of a pattern on some days of a cycle. A shift with cycles has no other days."""

    rule = models.ForeignKey(ShiftRule, on_delete=models.CASCADE, related_name="cycles")
    crew = models.CharField(max_length=40)
    anchor = models.DateField(help_text="A first day of the cycle; the days before it follow the same cycle.")
    cycle = models.CharField(
        max_length=100,
        validators=[cycle_check],
        help_text="Days on, days off, days on ... e.g. 2-2-3 (then the other way round: 14 days) or 4-4.",
    )

    class Meta:
        ordering = ["rule", "crew"]
        constraints = [models.UniqueConstraint(fields=["rule", "crew"], name="cycle_rule_once")]

    def __str__(self) -> str:
        return f"{self.crew} {self.cycle} from {self.anchor}"


class Node(models.Model):
    """What every level of the plant has: a code people share, a name, and its ISA-95 level."""

    class Level(models.TextChoices):
        SITE = "site", "Site"
        AREA = "area", "Area"
        WORK_CENTER = "work-center", "Work center (production line)"
        WORK_UNIT = "work-unit", "Work unit (machine)"

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    shift_pattern = models.ForeignKey(
        ShiftPattern, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: as the level above."
    )

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Site(Node):
    """A plant at one place, with one time zone."""

    isa95_level = models.CharField(max_length=12, choices=Node.Level, default=Node.Level.SITE)
    time_zone = models.CharField(max_length=60, help_text="IANA name, e.g. Europe/Berlin.")
    production_day = models.CharField(
        max_length=12,
        choices=[
            ("shift-start", "Day the shift starts"),
            ("shift-end", "Day the shift ends"),
            ("calendar", "Calendar day"),
        ],
        default="shift-start",
    )


class Area(Node):
    """A part of a site."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="areas")
    isa95_level = models.CharField(max_length=12, choices=Node.Level, default=Node.Level.AREA)


class Line(Node):
    """A production line: machines in series or in parallel that share shifts and orders."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="lines")
    isa95_level = models.CharField(max_length=12, choices=Node.Level, default=Node.Level.WORK_CENTER)
    flow = models.CharField(max_length=8, choices=[("serial", "Serial"), ("parallel", "Parallel")], default="serial")
    orders_run_on = models.CharField(
        max_length=12,
        choices=[("line", "All machines of the line"), ("work-center", "One work center")],
        default="line",
        help_text="What starts when an order is started at a station.",
    )
    position = models.PositiveSmallIntegerField(default=0)


class WorkCenter(Node):
    """A machine: what is polled, counted, stopped and shown as one tile."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="work_centers")
    isa95_level = models.CharField(max_length=12, choices=Node.Level, default=Node.Level.WORK_UNIT)
    position = models.PositiveSmallIntegerField(default=0, help_text="Place in the line, upstream first.")
    is_exit = models.BooleanField(default=False, help_text="The line's good output is counted here.")
    micro_stop_s = models.PositiveIntegerField(
        default=120, help_text="Shorter stops are micro-stops; 0 turns that off."
    )
    target_oee = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.850"),
        help_text="Target output = this share of the ideal rate.",
    )
    archived = models.BooleanField(default=False, help_text="Kept for its history, no longer polled or shown.")
