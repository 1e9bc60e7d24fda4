"""What is stored of handovers: signatures with the frozen document, notes, action items, and the mailed reports."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.people.models import Person
from mes.plant.models import Line, Shift


class Handover(models.Model):
    """The handover of a line's shift. What was signed is `document`; its hash stands in the journal too."""

    shift = models.OneToOneField(Shift, on_delete=models.PROTECT, related_name="handover")
    opened_at = models.DateTimeField()
    out_at = models.DateTimeField(null=True, blank=True)
    out_by = models.CharField(max_length=150, blank=True, default="", help_text="The leaving leader.")
    in_at = models.DateTimeField(null=True, blank=True)
    in_by = models.CharField(max_length=150, blank=True, default="", help_text="The coming leader.")
    document = models.JSONField(null=True, blank=True, help_text="The figures as they were signed first.")
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["-shift__starts_at"]
        constraints = [
            models.CheckConstraint(
                name="handover_signed_with_document",
                condition=models.Q(out_at=None, in_at=None, document=None) | models.Q(document__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift_id}"


class HandoverNote(models.Model):
    """Something the next shift should know. Never changed; it can be taken back, and stays in the journal."""

    handover = models.ForeignKey(Handover, on_delete=models.PROTECT, related_name="notes")
    text = models.CharField(max_length=1000)
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=150)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["said_at", "pk"]

    def __str__(self) -> str:
        return self.text[:40]


class ActionItem(models.Model):
    """Something to be done on a line: it stands in every handover until it is done."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="action_items")
    handover = models.ForeignKey(Handover, on_delete=models.PROTECT, related_name="items", help_text="Raised in it.")
    text = models.CharField(max_length=300)
    owner = models.CharField(max_length=80, blank=True, default="")
    due = models.DateField(null=True, blank=True)
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=150)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True, default="")
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["due", "raised_at"]
        indexes = [models.Index(fields=["line", "done_at"], name="action_item_open")]

    def __str__(self) -> str:
        return self.text[:40]


class Subscriber(models.Model):
    """Who gets the shift report of a line by e-mail: a person, or an address."""

    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="report_subscribers")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    address = models.EmailField(blank=True, default="")

    class Meta:
        ordering = ["line", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "person"], condition=models.Q(person__isnull=False), name="subscriber_person_once"
            ),
            models.UniqueConstraint(
                fields=["line", "address"], condition=~models.Q(address=""), name="subscriber_address_once"
            ),
            models.CheckConstraint(
                name="subscriber_one_of", condition=models.Q(person__isnull=False) ^ ~models.Q(address="")
            ),
        ]

    def __str__(self) -> str:
        return self.address or str(self.person)


class ShiftReport(models.Model):
    """What is mailed of a closed shift, made once: every address gets the same figures, also after a retry."""

    shift = models.OneToOneField(Shift, on_delete=models.PROTECT, related_name="report")
    document = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.shift_id}"


class ReportMail(models.Model):
    """One report to one address: sent once, tried again while the mail server does not take it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        GIVEN_UP = "given-up", _("given up")

    report = models.ForeignKey(ShiftReport, on_delete=models.PROTECT, related_name="mails")
    address = models.EmailField()
    language = models.CharField(max_length=10, blank=True, default="", help_text="Of the person it goes to.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "next_at"], name="report_mail_due")]
        constraints = [models.UniqueConstraint(fields=["report", "address"], name="report_mail_once")]

    def __str__(self) -> str:
        return f"{self.report_id} to {self.address}"
