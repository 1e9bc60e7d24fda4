"""A connection to an ERP, what its codes mean here, and the record of every exchange."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.plant.models import CODE, Site


class ErpConnection(models.Model):
    """One ERP system. Secrets are not stored here but outside the database, so they are in no backup and no admin."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being set up")
        DRY_RUN = "dry-run", _("Dry run: reads, changes nothing")
        LIVE = "live", _("Live")
        STOPPED = "stopped", _("Stopped")

    class Posting(models.TextChoices):
        TAP = "tap", _("At once, when somebody enters something")
        INTERVAL = "interval", _("Every so many minutes")
        APPROVAL = "approval", _("When the shift is closed")

    class Closed(models.TextChoices):
        NEXT_OPEN = "next-open", _("On the first day that is open again")
        HOLD = "hold", _("Wait for a planner")

    class Day(models.TextChoices):
        PRODUCTION = "production", _("The production day of the shift")
        CALENDAR = "calendar", _("The calendar day on which it happened")

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, help_text="Name of the connector.")
    address = models.CharField(max_length=500, blank=True, default="", help_text="URL or folder.")
    options = models.JSONField(default=dict, blank=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="erp_connections")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    stopped_because = models.CharField(max_length=500, blank=True, default="")
    posting = models.CharField(max_length=10, choices=Posting, default=Posting.TAP)
    posting_interval_min = models.PositiveSmallIntegerField(default=15)
    posting_day = models.CharField(max_length=12, choices=Day, default=Day.PRODUCTION)
    closed_until = models.DateField(null=True, blank=True, help_text="Nothing is posted on this day or before.")
    closed_period = models.CharField(max_length=10, choices=Closed, default=Closed.NEXT_OPEN)
    order_cursor = models.CharField(max_length=200, blank=True, default="")
    order_more = models.BooleanField(default=False, help_text="The last pull ended before the ERP had no more.")
    last_pull_at = models.DateTimeField(null=True, blank=True)
    last_push_at = models.DateTimeField(null=True, blank=True)
    last_sweep_at = models.DateTimeField(null=True, blank=True)
    last_full_sweep_at = models.DateTimeField(null=True, blank=True)
    last_reconcile_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    version_seen = models.CharField(max_length=60, blank=True, default="")
    clock_skew_s = models.FloatField(null=True, blank=True, help_text="The ERP's clock minus ours.")
    problem = models.CharField(max_length=500, blank=True, default="", help_text="Why the last exchange failed.")
    problem_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ErpMapping(models.Model):
    """What a code of the ERP is called here. Ended, never changed: what an order was read with can be told later."""

    class Kind(models.TextChoices):
        ITEM = "item", _("Item")
        UNIT = "unit", _("Unit")
        WORK_CENTER = "work-center", _("Line or work center")
        SITE = "site", _("Site")
        REASON = "reason", _("Reason")
        PERSON = "person", _("Person")

    connection = models.ForeignKey(ErpConnection, on_delete=models.CASCADE, related_name="mappings")
    kind = models.CharField(max_length=12, choices=Kind)
    ext_key = models.CharField(max_length=120, help_text="The ERP's code.")
    mes_code = models.CharField(max_length=120)
    factor = models.DecimalField(
        max_digits=24,
        decimal_places=12,
        null=True,
        blank=True,
        help_text="Units only: so many of ours are one of the ERP's.",
    )
    digits = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Units only: decimals the ERP keeps. Empty: three."
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ["connection", "kind", "ext_key", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "ext_key"], condition=models.Q(valid_to=None), name="erp_mapping_one_open"
            ),
            models.CheckConstraint(
                name="erp_mapping_factor_positive", condition=models.Q(factor=None) | models.Q(factor__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ext_key} is {self.mes_code}"


class SyncRun(models.Model):
    """One run of a pull, a sweep, a comparison: what was read and what became of it."""

    class Kind(models.TextChoices):
        ORDERS = "orders", _("Orders")
        KEYS = "keys", _("Sweep of open orders")
        FULL = "full", _("Full sweep")
        STOCK = "stock", _("Stock")
        MASTER = "master", _("Master data")
        RECONCILE = "reconcile", _("Comparison")
        CHECK = "check", _("Check")

    connection = models.ForeignKey(ErpConnection, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    cursor_before = models.CharField(max_length=200, blank=True, default="")
    cursor_after = models.CharField(max_length=200, blank=True, default="")
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["connection", "kind", "-started_at"], name="erp_run_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.started_at:%Y-%m-%d %H:%M:%S}"
