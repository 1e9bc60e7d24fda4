"""Controllers, what their tags mean to which machine, the maps of raw state codes, and how each controller is now."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MinValueValidator
from django.db import models

from mes.plant.models import CODE, Site, TsTzRange, WorkCenter, half_open


class Controller(models.Model):
    """A PLC that is polled. Millwright only ever reads from it."""

    class Kind(models.TextChoices):
        LOGIX = "pycomm3-logix", "ControlLogix, CompactLogix (pycomm3)"
        LOGIX_PYLOGIX = "pylogix", "ControlLogix, CompactLogix (pylogix)"
        SLC = "pycomm3-slc", "SLC 500, MicroLogix (pycomm3)"

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="controllers")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.LOGIX)
    address = models.CharField(max_length=200, help_text="host, host:port, or host/slot, e.g. 10.1.1.7/0.")
    period_s = models.DecimalField(max_digits=6, decimal_places=3, default=1, validators=[MinValueValidator(0.25)])
    timeout_s = models.DecimalField(max_digits=5, decimal_places=2, default=1.5, validators=[MinValueValidator(0.1)])
    enabled = models.BooleanField(default=True)
    record_candidates = models.BooleanField(
        "record unbound tags",
        default=True,
        help_text="Read tags that nobody has bound yet every few seconds, to propose what they mean.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [models.CheckConstraint(name="controller_period_floor", condition=models.Q(period_s__gte=0.25))]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class StateMap(models.Model):
    """A named map from a controller's raw state codes to states: PackML names or the plant's own."""

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class StateMapEntry(models.Model):
    """One raw code, the state it stands for and what that state counts as."""

    class Kind(models.TextChoices):
        RUN = "run", "Running"
        DOWN = "down", "Down"
        WAITING = "waiting", "Waiting (starved, blocked)"
        IDLE = "idle", "Idle"
        SETUP = "setup", "Setup, changeover"
        ACTING = "acting", "In transition (belongs to the state it leaves or enters)"

    state_map = models.ForeignKey(StateMap, on_delete=models.CASCADE, related_name="entries")
    raw_code = models.IntegerField()
    state = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind)

    class Meta:
        ordering = ["state_map", "raw_code"]
        constraints = [models.UniqueConstraint(fields=["state_map", "raw_code"], name="state_code_once")]

    def __str__(self) -> str:
        return f"{self.raw_code} = {self.state}"


class TagRole(models.TextChoices):
    """What a tag tells about a machine."""

    GOOD = "good", "Good count"
    SCRAP = "scrap", "Scrap count"
    TOTAL = "total", "Total count"
    REWORK = "rework", "Rework count"
    STATE = "state", "State code"
    REASON = "reason", "Reason code"
    HEARTBEAT = "heartbeat", "Heartbeat"
    EPOCH = "epoch", "Epoch (grows when counters restart)"
    SPEED = "speed", "Speed"
    ORDER = "order", "Order number"


COUNT_ROLES = (TagRole.GOOD, TagRole.SCRAP, TagRole.TOTAL, TagRole.REWORK)


class TagBinding(models.Model):
    """A tag and its meaning for one machine from an instant on. Exactly one tag per role at any time."""

    controller = models.ForeignKey(Controller, on_delete=models.PROTECT, related_name="bindings")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="bindings")
    role = models.CharField(max_length=10, choices=TagRole)
    tag = models.CharField(max_length=200, help_text="e.g. FILL_1.Good, Program:Main.Count, Arr[3]")
    state_map = models.ForeignKey(StateMap, null=True, blank=True, on_delete=models.PROTECT)
    modulus = models.BigIntegerField(
        null=True, blank=True, help_text="Counter values before it wraps, e.g. 4294967296."
    )
    floor = models.BigIntegerField(default=0, help_text="Value after a wrap, e.g. -2147483648 for a Logix CTU.")
    factor = models.DecimalField(max_digits=12, decimal_places=4, default=1, help_text="Pieces per count.")
    max_rate_per_s = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, help_text="Empty: 1.5 x the fastest ideal rate."
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["work_center", "role", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="binding_no_overlap",
                expressions=[
                    ("work_center", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (TsTzRange("valid_from", "valid_to", half_open()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="binding_state_needs_map", condition=~models.Q(role="state") | models.Q(state_map__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag} = {self.role}"


class ControllerHealth(models.Model):
    """How a controller is now: one row, overwritten by the poller's writer."""

    controller = models.OneToOneField(Controller, on_delete=models.CASCADE, related_name="health")
    comm = models.CharField(max_length=12, default="connecting")
    since = models.DateTimeField(null=True)
    last_good_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    keyswitch = models.CharField(max_length=20, blank=True, default="")
    program_changed_at = models.DateTimeField(null=True)
    polls = models.BigIntegerField(default=0)
    missed = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "controller health"

    def __str__(self) -> str:
        return f"{self.controller_id} {self.comm}"


class TagHealth(models.Model):
    """A tag whose last reading was not good: what is wrong with it and since when. Good tags have no row."""

    controller = models.ForeignKey(Controller, on_delete=models.CASCADE, related_name="bad_tags")
    tag = models.CharField(max_length=200)
    quality = models.CharField(max_length=10)
    error = models.TextField()
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "tag health"
        constraints = [models.UniqueConstraint(fields=["controller", "tag"], name="tag_health_once")]

    def __str__(self) -> str:
        return f"{self.tag}: {self.error}"


class BrowseRequest(models.Model):
    """A look into a controller that an engineer asked for, and the answer. Only the latest few are kept."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for the poller"
        WORKING = "working", "Reading"
        DONE = "done", "Answered"
        FAILED = "failed", "Failed"

    controller = models.ForeignKey(Controller, on_delete=models.CASCADE, related_name="browse_requests")
    tags = models.JSONField(default=list, help_text="Tags to read; empty: list all tags and read the first of them.")
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    begun_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    identity = models.JSONField(default=dict)
    listing = models.JSONField(default=list, help_text="[name, type, dimensions, program, access, readable] per tag.")
    readings = models.JSONField(default=dict, help_text="Tag to [value as text, quality, error].")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["controller", "-asked_at"], name="browse_latest")]

    def __str__(self) -> str:
        return f"{self.controller_id} {self.state}"
