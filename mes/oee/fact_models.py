"""Roll-ups: what machines and lines did per hour and per day, in sums that add. Made from raw rows, never edited."""

from django.db import models

from mes.oee.models import PolicyVersion
from mes.plant.models import Line, Shift, WorkCenter
from mes.production.models import Item, WorkOrder


class Sums(models.Model):
    """Every additive field of `elements.Elements`: times in whole ms, pieces in thousandths, ideal times in whole ns.

    Ideal cycles have whole microseconds and pieces at most three decimals, so nanoseconds hold every product exactly;
    integers add exactly and fast in SQL. `stored.py` translates.
    """

    calendar_ms = models.BigIntegerField()
    scheduled_ms = models.BigIntegerField()
    run_ms = models.BigIntegerField()
    setup_ms = models.BigIntegerField()
    planned_stop_ms = models.BigIntegerField()
    unplanned_ms = models.BigIntegerField()
    micro_ms = models.BigIntegerField()
    no_order_ms = models.BigIntegerField()
    unknown_ms = models.BigIntegerField()
    unscheduled_run_ms = models.BigIntegerField()
    waiting_ms = models.BigIntegerField()
    failure_ms = models.BigIntegerField()
    run_in_planned_ms = models.BigIntegerField()
    bridged_ms = models.BigIntegerField()
    order_ms = models.BigIntegerField()
    failures = models.BigIntegerField()
    repairs = models.BigIntegerField()
    repair_ms = models.BigIntegerField()
    good_milli = models.BigIntegerField()
    total_milli = models.BigIntegerField()
    scrap_milli = models.BigIntegerField()
    rework_milli = models.BigIntegerField()
    startup_scrap_milli = models.BigIntegerField()
    gap_total_milli = models.BigIntegerField()
    unscheduled_good_milli = models.BigIntegerField()
    unscheduled_total_milli = models.BigIntegerField()
    no_ideal_total_milli = models.BigIntegerField()
    no_ideal_unscheduled_milli = models.BigIntegerField()
    ideal_good_ns = models.BigIntegerField()
    ideal_total_ns = models.BigIntegerField()
    ideal_total_known_ns = models.BigIntegerField()
    ideal_scrap_ns = models.BigIntegerField()
    ideal_startup_ns = models.BigIntegerField()
    ideal_unscheduled_good_ns = models.BigIntegerField()

    class Meta:
        abstract = True


class HourOfPlace(Sums):
    """One hour (UTC) of a machine or a line, by shift, order and item. A shift is only named here: it may be gone."""

    work_center = models.ForeignKey(WorkCenter, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    line = models.ForeignKey(Line, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    hour = models.DateTimeField()
    shift = models.ForeignKey(
        Shift, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    item = models.ForeignKey(Item, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, db_index=False, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True


class HourFact(HourOfPlace):
    """The hour as it is known now. Every rolled hour has a row, so "nothing happened" and "not rolled" differ."""

    class Meta:
        constraints = [
            # The two leading columns also serve as the index by which windows are summed.
            models.UniqueConstraint(
                fields=["work_center", "hour", "line", "shift", "order", "item", "policy"],
                name="hour_fact_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="hour_fact_one_place",
                condition=models.Q(work_center__isnull=False) ^ models.Q(line__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["line", "hour"], condition=models.Q(line__isnull=False), name="hour_fact_line")]

    def __str__(self) -> str:
        return f"{self.work_center_id or self.line_id} {self.hour:%Y-%m-%d %H}h"


class HourFactPast(HourOfPlace):
    """An hour as it was reported before it changed: kept for shifts that were closed by then (R46)."""

    superseded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["work_center", "hour"], name="hour_past_machine"),
            models.Index(fields=["line", "hour"], name="hour_past_line"),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id or self.line_id} {self.hour:%Y-%m-%d %H}h until {self.superseded_at}"


class DayFact(Sums):
    """A whole UTC day of a machine or a line by item: the sum of its hours, for windows of months and years."""

    work_center = models.ForeignKey(WorkCenter, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    line = models.ForeignKey(Line, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    day = models.DateTimeField(help_text="Its first instant.")
    item = models.ForeignKey(Item, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, db_index=False, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["work_center", "day", "line", "item", "policy"], name="day_fact_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["line", "day"], condition=models.Q(line__isnull=False), name="day_fact_line")]

    def __str__(self) -> str:
        return f"{self.work_center_id or self.line_id} {self.day:%Y-%m-%d}"


class RollMark(models.Model):
    """How far the hours of a machine or a line are rolled: all of [rolled_from, rolled_until) have rows."""

    work_center = models.OneToOneField(WorkCenter, null=True, on_delete=models.CASCADE, related_name="+")
    line = models.OneToOneField(Line, null=True, on_delete=models.CASCADE, related_name="+")
    rolled_from = models.DateTimeField()
    rolled_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.work_center_id or self.line_id} until {self.rolled_until}"


class RebuildCheck(models.Model):
    """A sample of rolled hours reckoned again from raw rows: each must be equal to the bit (R48)."""

    day = models.DateField(unique=True, help_text="Once a day: it also picks the sample.")
    at = models.DateTimeField()
    hours = models.PositiveIntegerField(help_text="Hours of machines and lines that were looked at.")
    different = models.JSONField(default=list, help_text="Place and hour of those that differ.")

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.hours} hours, {len(self.different)} differ"
