"""The reason tree, the rules that explain stops by themselves, and the stops of machines with their parts."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mes.plant.models import CODE, Line, TsTzRange, WorkCenter, half_open
from mes.production.models import Item

MOST = 8
"""Categories in use, and reasons in use of a category: nobody finds one among more."""


class Reason(models.Model):
    """A reason for a stop. Two levels: categories (no parent) and reasons; at most 8 x 8 in use."""

    class Klass(models.TextChoices):
        PLANNED = "planned", _("Planned stop")
        UNPLANNED = "unplanned", _("Unplanned stop")
        FAILURE = "failure", _("Failure (counts in MTBF)")
        CHANGEOVER = "changeover", _("Changeover, setup")

    class SemiE10(models.TextChoices):
        STANDBY = "standby", _("Standby")
        ENGINEERING = "engineering", _("Engineering")
        SCHEDULED_DOWN = "scheduled-down", _("Scheduled down")
        UNSCHEDULED_DOWN = "unscheduled-down", _("Unscheduled down")
        NON_SCHEDULED = "non-scheduled", _("Non-scheduled")

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    klass = models.CharField(max_length=10, choices=Klass, default=Klass.UNPLANNED, verbose_name="class")
    semi_e10 = models.CharField(
        max_length=16, choices=SemiE10, default=SemiE10.UNSCHEDULED_DOWN, verbose_name="SEMI E10"
    )
    plc_code = models.IntegerField(null=True, blank=True, help_text="The controller's reason code that suggests it.")
    planned_limit_min = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="A planned stop given this reason from now on is unplanned after so many minutes; empty: no limit.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Two levels, eight of eight: refuses in words what would make the tree longer or deeper."""
        if self.parent_id is not None and (self.parent_id == self.pk or (self.parent and self.parent.parent_id)):
            raise ValidationError(
                {"parent": gettext("A reason stands below a category, and a category below nothing.")}
            )
        if self.parent_id is not None and self.pk and self.children.exists():
            raise ValidationError({"parent": gettext("There are reasons below this one: it stays a category.")})
        if self.archived:
            return
        beside = Reason.objects.filter(parent=self.parent_id, archived=False).exclude(pk=self.pk)
        if beside.count() >= MOST:
            where = gettext("below %(name)s") % {"name": self.parent} if self.parent else gettext("on the first page")
            raise ValidationError(
                gettext("There are %(most)d reasons %(where)s already: archive one, nobody finds one among more.")
                % {"most": MOST, "where": where}
            )


class StopRule(models.Model):
    """Explains stops by itself. Rules are tried in their order, the first that fits decides; a person always wins.

    A field left empty does not restrict. Times are local ones of the site; a window may reach over midnight.
    """

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0, help_text="Rules are tried in this order.")
    enabled_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when it explains stops; empty: switched off."
    )
    line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey(WorkCenter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    plc_code = models.IntegerField(null=True, blank=True, help_text="Reason code the controller gave.")
    state = models.CharField(max_length=40, blank=True, default="", help_text="State the machine stopped in.")
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    weekdays = models.CharField(
        max_length=7,
        blank=True,
        default="",
        validators=[RegexValidator(r"\A(?!.*(.).*\1)[1-7]*\Z", _("Write each day once: 1 is Monday, 7 is Sunday."))],
        help_text="Days on which the stop begins, 1 is Monday: 12345.",
    )
    from_time = models.TimeField(null=True, blank=True, help_text="The stop begins at or after this time.")
    to_time = models.TimeField(null=True, blank=True, help_text="The stop begins before this time.")
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, related_name="rules")

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A rule needs a condition, both ends of its time, and a reason that can be given."""
        if (self.from_time is None) != (self.to_time is None):
            raise ValidationError(gettext("Give both times, from and to, or none."))
        if self.plc_code is None and not (self.state or self.item_id or self.weekdays or self.from_time):
            raise ValidationError(
                gettext("Give a PLC code, a state, an item, days or a time: a rule for all explains nothing.")
            )
        reason = Reason.objects.filter(pk=self.reason_id).first()
        if reason is not None and (reason.archived or reason.children.exists()):
            raise ValidationError({"reason": gettext("Choose a reason that can be given: not archived, no category.")})


class StandingStops(models.Manager["Stop"]):
    """The stops that count: whole ones and parts; neither a stop its parts stand for nor a trimmed-off part."""

    def get_queryset(self) -> models.QuerySet["Stop"]:
        """As the indexes are: not split, not trimmed."""
        return super().get_queryset().filter(split=False, trimmed=False)


class ReportedStops(models.Manager["Stop"]):
    """The stops as the machines reported them, whether people split them or not: what tracking continues."""

    def get_queryset(self) -> models.QuerySet["Stop"]:
        """Everything that is not a person's part of another."""
        return super().get_queryset().filter(whole=None)


class Stop(models.Model):
    """A stretch of time in which a machine did not run. Two never overlap on a machine; at most one is open.

    What the machine reported stays a row for ever. When a person splits or trims it, it is marked `split` and its parts
    (rows with `whole`) stand for it; a trimmed-off part is time in which the machine ran. `objects` gives what counts.
    """

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="stops")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=40, help_text="State the machine was in when it stopped.")
    kind = models.CharField(max_length=8, default="down", help_text="down, waiting, idle or setup.")
    plc_code = models.IntegerField(null=True, blank=True, help_text="Reason code the controller gave.")
    reason = models.ForeignKey(Reason, null=True, blank=True, on_delete=models.PROTECT, related_name="stops")
    planned_limit_min = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The reason's limit when it was given: a later one changes no history (R14)."
    )
    note = models.CharField(max_length=200, blank=True, default="")
    explained_by = models.CharField(max_length=150, blank=True, default="")
    explained_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=8, default="auto", help_text="auto (from the machine), part or manual.")
    whole = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="parts")
    split = models.BooleanField(default=False, db_default=False, help_text="Its parts stand for it.")
    trimmed = models.BooleanField(default=False, db_default=False, help_text="A person said: here the machine ran.")
    hands_off = models.BooleanField(
        default=False, db_default=False, help_text="A person took its reason away: rules leave it alone."
    )
    version = models.PositiveIntegerField(default=1)

    objects = StandingStops()
    reported = ReportedStops()
    every: models.Manager["Stop"] = models.Manager()

    class Meta:
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["work_center", "-starts_at"], name="stop_latest")]
        constraints = [
            ExclusionConstraint(
                name="stop_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(split=False),
            ),
            ExclusionConstraint(
                name="stop_reported_once",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", half_open()), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(whole=None),
            ),
            models.UniqueConstraint(
                fields=["work_center"], condition=models.Q(ends_at=None, split=False), name="stop_one_open"
            ),
            # Readings of a machine look for its open stop many times a second: by an index of only those.
            models.UniqueConstraint(
                fields=["work_center"], condition=models.Q(ends_at=None, whole=None), name="stop_one_open_reported"
            ),
            models.CheckConstraint(
                name="stop_parts_are_whole",
                condition=models.Q(whole=None, trimmed=False) | models.Q(whole__isnull=False, split=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_center_id} {self.starts_at:%Y-%m-%d %H:%M:%S}"
