"""A file of orders that a person sent: what was read of it, which rows are good, how far they are applied."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from erp_sync.connection_models import ErpConnection


class ErpImport(models.Model):
    """One file. It is read at once; its good rows are applied in slices, once a person chose so."""

    class State(models.TextChoices):
        REFUSED = "refused", _("Refused")
        CHECKED = "checked", _("Checked: nothing is applied yet")
        APPLYING = "applying", _("Being applied")
        DONE = "done", _("Applied")
        CANCELLED = "cancelled", _("Cancelled")

    key = models.UUIDField(unique=True, help_text="Of the form that sent it: sent twice, it is one.")
    connection = models.ForeignKey(ErpConnection, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=200, help_text="Of the file.")
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State)
    refused = models.CharField(max_length=500, blank=True, default="", help_text="Why nothing of it can be used.")
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    applied = models.PositiveIntegerField(default=0, help_text="Of the good ones, also those that changed nothing.")
    failed = models.PositiveIntegerField(default=0, help_text="Of the applied ones, those that wait for something.")
    created_at = models.DateTimeField()
    by = models.CharField(max_length=150)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="applying"), name="erp_import_applying"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.created_at:%Y-%m-%d %H:%M}"


class ErpImportRow(models.Model):
    """One order of the file. A bad one has a problem and no request."""

    of = models.ForeignKey(ErpImport, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    number = models.CharField(max_length=120, blank=True, default="")
    request = models.JSONField(null=True, blank=True, help_text="The OperationsRequest.")
    problem = models.CharField(max_length=500, blank=True, default="")
    outcome = models.CharField(max_length=10, blank=True, default="", help_text="Empty: not applied yet.")

    class Meta:
        ordering = ["of", "line", "id"]
        indexes = [
            models.Index(
                fields=["of", "line"],
                condition=models.Q(outcome="", request__isnull=False),
                name="erp_import_row_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.of_id} line {self.line}"
