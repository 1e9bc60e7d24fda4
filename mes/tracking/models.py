"""What samples became: cursors, hourly counts with minute arrays, state intervals, flagged counts, and the samples."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models

from mes.downtime.models import Reason
from mes.plant.models import Shift, TsTzRange, WorkCenter, half_open
from mes.plc.models import Controller, TagBinding, TagRole
from mes.production.models import Item, WorkOrder


def sixty_zeros() -> list[int]:
    """An empty hour: one zero per minute."""
    return [0] * 60


class StreamCursor(models.Model):
    """How far one stream of samples is stored. A sample's identity is (stream, fence, seq); not newer means seen."""

    stream = models.CharField(max_length=60, unique=True, help_text="plc:<controller> or api:<work center>")
    fence = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=-1)
    at = models.DateTimeField(null=True, help_text="Time of the last good sample.")

    def __str__(self) -> str:
        return f"{self.stream} {self.fence}/{self.seq}"


class MachineCursor(models.Model):
    """When a machine was last heard: the one row that every batch writes for it."""

    work_center = models.OneToOneField(WorkCenter, on_delete=models.CASCADE, related_name="heard")
    heard_at = models.DateTimeField()
    silence_s = models.FloatField(default=3.0, help_text="Unheard for longer, what it does is unknown.")

    def __str__(self) -> str:
        return f"{self.work_center_id} heard {self.heard_at}"


class SignalCursor(models.Model):
    """The last raw value of one signal of a machine, written in the transaction that stored what it meant (R21).

    Written when the value changes or is lost: an unchanged, readable signal was last read when its machine was heard.
    """

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="signals")
    role = models.CharField(max_length=10, choices=TagRole)
    binding = models.ForeignKey(TagBinding, null=True, on_delete=models.CASCADE)
    raw = models.BigIntegerField(null=True)
    text = models.CharField(max_length=100, blank=True, default="")
    at = models.DateTimeField(help_text="When it was last read, if it is lost.")
    changed_at = models.DateTimeField(help_text="When the value last changed.")
    lost = models.BooleanField(default=False, help_text="The tag could not be read since `at`.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work_center", "role"], name="signal_once")]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.role} {self.raw}"


class CountHour(models.Model):
    """Pieces of one machine in one hour, shift, order and item; each array holds the sixty minutes of the UTC hour."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="counts")
    hour = models.DateTimeField(help_text="Start of the UTC hour.")
    shift = models.ForeignKey(Shift, null=True, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.PROTECT, related_name="counts")
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT, related_name="+")
    good = ArrayField(models.IntegerField(), size=60, default=sixty_zeros)
    scrap = ArrayField(models.IntegerField(), size=60, default=sixty_zeros)
    rework = ArrayField(models.IntegerField(), size=60, default=sixty_zeros)
    good_sum = models.IntegerField(default=0)
    scrap_sum = models.IntegerField(default=0)
    rework_sum = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["work_center", "hour", "shift", "order", "item"], name="count_hour_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.hour:%Y-%m-%d %H}h"


class CountFlag(models.Model):
    """A count that needs more than a minute: made in a gap, held back as implausible, or entered by hand."""

    class Kind(models.TextChoices):
        GAP = "gap", "Made while nothing was heard"
        QUARANTINE = "quarantine", "Implausible, held back"
        MANUAL = "manual", "Entered by a person"
        REPLACED = "replaced", "Counted by its parts"

    class Decision(models.TextChoices):
        RELEASED = "released", "Released"
        DISCARDED = "discarded", "Discarded"
        ASSIGNED = "assigned", "Assigned to an order"
        SPLIT = "split", "Split between orders"

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="count_flags")
    kind = models.CharField(max_length=10, choices=Kind)
    role = models.CharField(max_length=10, choices=TagRole)
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    shift = models.ForeignKey(Shift, null=True, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.PROTECT, related_name="count_flags")
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT, related_name="+")
    detail = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=150, blank=True, default="")
    key = models.UUIDField(null=True, unique=True, help_text="The form's key: a repeat changes nothing.")
    decision = models.CharField(max_length=10, choices=Decision, blank=True, default="")
    decided_by = models.CharField(max_length=150, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["work_center", "to_at"], name="count_flag_time"),
            models.Index(
                fields=["work_center", "to_at"],
                name="count_flag_waits",
                condition=models.Q(kind="quarantine", decided_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.kind} {self.role} {self.quantity}"


class StateInterval(models.Model):
    """What a machine was doing from one instant to another, with the raw code it was read as."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="states")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, help_text="run, down, waiting, idle, setup or unknown.")
    raw_code = models.IntegerField(null=True)
    why = models.CharField(max_length=200, blank=True, default="", help_text="For unknown time: what was missing.")

    class Meta:
        ordering = ["work_center", "starts_at"]
        indexes = [models.Index(fields=["work_center", "-starts_at"], name="state_latest")]
        constraints = [
            ExclusionConstraint(
                name="state_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(fields=["work_center"], condition=models.Q(ends_at=None), name="state_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.state}"


class StateCode(models.Model):
    """A machine's raw state code changed to this one: kept for ever, so that a wrong state map costs no history."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    raw_code = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work_center", "at"], name="state_code_change_once")]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.raw_code} {self.at}"


class StateCorrection(models.Model):
    """A person's word over what was observed from one instant to another; the observed intervals stay as they are."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="state_corrections")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    kind = models.CharField(max_length=8, help_text="run, down, waiting, idle, setup or unknown.")
    reason = models.ForeignKey(Reason, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=200)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["work_center", "starts_at"]
        constraints = [
            ExclusionConstraint(
                name="state_correction_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="state_correction_forward", condition=models.Q(ends_at__gt=models.F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.kind} {self.starts_at} - {self.ends_at}"


class ScrapDecision(models.Model):
    """What a person said of a shift in which a reject counter and people both reported scrap (R28).

    It holds for these two numbers: when either changes, the question is asked again.
    """

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="+")
    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="+")
    counted = models.IntegerField(help_text="Scrap by the reject counter.")
    entered = models.IntegerField(help_text="Scrap that people entered.")
    same = models.BooleanField(help_text="The same pieces, so the entries were taken back; else both count.")
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work_center", "shift", "counted", "entered"], name="scrap_decision_once")
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.counted}/{self.entered}"


class Sample(models.Model):
    """One changed reading of one signal, kept for a limited time in daily partitions (made by a migration in SQL)."""

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    work_center = models.ForeignKey(WorkCenter, on_delete=models.DO_NOTHING, related_name="+")
    role = models.CharField(max_length=10)
    stream = models.CharField(max_length=60)
    fence = models.BigIntegerField()
    seq = models.BigIntegerField()
    raw = models.BigIntegerField(null=True)
    text = models.CharField(max_length=100, null=True)  # noqa: DJ001  (null: a number was read, not an empty text)
    quality = models.CharField(max_length=10)

    class Meta:
        managed = False
        db_table = "tracking_sample"

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.role} {self.at}"


class ObservationKey(models.Model):
    """The key of an increment that a source sent: the same key again counts nothing."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    at = models.DateTimeField()
    digest = models.BigIntegerField(help_text="Of the pieces it carried.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work_center", "key"], name="observation_key_once")]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.key}"


class CandidateTag(models.Model):
    """An unbound tag that is recorded so that its behaviour can tell what it means. Chosen from the tag list."""

    controller = models.ForeignKey(Controller, on_delete=models.CASCADE, related_name="candidates")
    tag = models.CharField(max_length=200)
    data_type = models.CharField(max_length=40)
    group = models.CharField(
        max_length=200, blank=True, default="", help_text="The structure or program it belongs to, if any."
    )
    listed = models.BooleanField(default=True, help_text="Still in the controller's tag list.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["controller", "tag"], name="candidate_once")]

    def __str__(self) -> str:
        return self.tag


class CandidateStretch(models.Model):
    """A time in which the candidates of a controller were read without a pause: no new sample means no change."""

    controller = models.ForeignKey(Controller, on_delete=models.CASCADE, related_name="recorded")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="When they were last read.")

    class Meta:
        indexes = [models.Index(fields=["controller", "starts_at"], name="candidate_stretch_time")]

    def __str__(self) -> str:
        return f"{self.controller_id} {self.starts_at} - {self.ends_at}"


class CandidateSample(models.Model):
    """A changed value of a candidate, in daily partitions; neither number: it could not be read."""

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    tag = models.ForeignKey(CandidateTag, on_delete=models.DO_NOTHING, related_name="+")
    raw = models.BigIntegerField(null=True)
    real = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "tracking_candidatesample"

    def __str__(self) -> str:
        return f"{self.tag_id} {self.at}"
