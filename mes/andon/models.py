"""Calls for help, who hears of them after how long, and every notice that was to be sent."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.people.models import Role
from mes.plant.models import CODE, Line, WorkCenter
from mes.plc.models import Controller


class CallCategory(models.Model):
    """What somebody is called for. The automatic one is raised for lost controllers and is no button at stations."""

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0, help_text="Place among the buttons of a station.")
    automatic = models.BooleanField(default=False, help_text="Raised for controllers that are lost, not by people.")
    lost_after_s = models.PositiveIntegerField(
        default=60, help_text="Seconds a controller must be lost before it calls; only for the automatic category."
    )
    archived = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "call categories"
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["automatic"], condition=models.Q(automatic=True), name="call_one_automatic")
        ]

    def __str__(self) -> str:
        return self.name


class Call(models.Model):
    """Somebody is needed at a machine until `closed_at`. At most one is open per machine and category."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        TAKEN = "taken", _("Somebody comes")
        RESOLVED = "resolved", _("Resolved")
        CANCELLED = "cancelled", _("Cancelled")

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="calls")
    category = models.ForeignKey(CallCategory, on_delete=models.PROTECT, related_name="calls")
    controller = models.ForeignKey(
        Controller, null=True, blank=True, on_delete=models.PROTECT, related_name="calls", help_text="That was lost."
    )
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    note = models.CharField(max_length=200, blank=True, default="")
    raised_by = models.CharField(max_length=150)
    raised_at = models.DateTimeField()
    shift_name = models.CharField(max_length=60, blank=True, default="", help_text="Shift in which it was raised.")
    taken_by = models.CharField(max_length=150, blank=True, default="")
    taken_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True, default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=200, blank=True, default="", help_text="What was done, or why cancelled.")
    level = models.PositiveSmallIntegerField(default=0, help_text="Highest level of escalation reached.")
    key = models.UUIDField(unique=True, default=uuid.uuid4, help_text="Of the form: sent twice, raised once.")

    class Meta:
        ordering = ["-raised_at", "-id"]
        indexes = [models.Index(fields=["work_center", "-raised_at"], name="call_of_machine")]
        constraints = [
            models.UniqueConstraint(
                fields=["work_center", "category"],
                condition=models.Q(closed_at=None, controller=None),
                name="call_one_open",
            ),
            models.UniqueConstraint(
                fields=["work_center", "controller"],
                condition=models.Q(closed_at=None, controller__isnull=False),
                name="call_one_open_controller",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) ^ models.Q(state__in=("resolved", "cancelled")),
                name="call_closed_has_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.work_center_id} {self.state}"


class Webhook(models.Model):
    """An address that is told of calls. Its secret is derived (`hooks.secret_of`), so none is stored."""

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    url = models.CharField(max_length=500, help_text="https://… ; the plant's own network is allowed, this server not.")
    seed = models.UUIDField(default=uuid.uuid4, editable=False)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class EscalationRule(models.Model):
    """A call that waits so long is told to these people. Several rules may share a level."""

    class Until(models.TextChoices):
        TAKEN = "taken", _("until somebody comes")
        CLOSED = "closed", _("until it is resolved")

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    category = models.ForeignKey(
        CallCategory, null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: every category."
    )
    line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: every line.")
    shift_names = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, help_text="Names of shifts; empty: at any time."
    )
    level = models.PositiveSmallIntegerField(default=1)
    after_s = models.PositiveIntegerField(default=0, help_text="Seconds after the call was raised.")
    until = models.CharField(max_length=8, choices=Until, default=Until.TAKEN)
    role = models.CharField(
        max_length=12, choices=Role, blank=True, default="", help_text="Everybody of this role who sees the line."
    )
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    address = models.EmailField(blank=True, default="")
    webhook = models.ForeignKey(Webhook, null=True, blank=True, on_delete=models.PROTECT)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["level", "after_s", "code"]
        constraints = [models.CheckConstraint(condition=models.Q(level__range=(1, 9)), name="escalation_level")]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """Level 0 is a call nobody was told of yet."""
        if not 1 <= self.level <= 9:
            raise ValidationError({"level": "Enter a level from 1 to 9."})


class Notice(models.Model):
    """One message about a call at a level to one target. The row is made once, so the message is sent once."""

    class Channel(models.TextChoices):
        MAIL = "mail", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")
        DROPPED = "dropped", _("No longer needed")

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="notices")
    rule = models.CharField(max_length=40, help_text="Code of the rule that asked for it.")
    level = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=8, choices=Channel)
    target = models.CharField(max_length=254, blank=True, help_text="E-mail address, or code of the webhook.")
    language = models.CharField(max_length=8, blank=True, default="")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["made_at", "id"]
        indexes = [models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="notice_due")]
        constraints = [
            models.UniqueConstraint(fields=["call", "level", "channel", "target"], name="notice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} level {self.level} to {self.target}"
