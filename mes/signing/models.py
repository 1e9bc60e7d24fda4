"""Signatures as they were given: rows that the database refuses to change."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Meaning(models.TextChoices):
    """What the person says by signing."""

    PERFORMED = "performed", _("Performed")
    REVIEWED = "reviewed", _("Reviewed")
    APPROVED = "approved", _("Approved")


class Signature(models.Model):
    """Who signed what with which meaning, when, and the content it holds for. Never changed and never deleted."""

    class Proof(models.TextChoices):
        PASSWORD = "password", _("Password")
        PIN = "pin", _("PIN")

    record_kind = models.CharField(max_length=30, help_text="Kind of record, e.g. check or ncr.")
    record_code = models.CharField(max_length=120, help_text="Code of the record people know it by.")
    meaning = models.CharField(max_length=10, choices=Meaning)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signatures")
    name = models.CharField(max_length=310, help_text="The person's name as it was then.")
    role = models.CharField(max_length=12, help_text="The person's role then.")
    proof = models.CharField(max_length=8, choices=Proof, help_text="How the person said again who they are.")
    at = models.DateTimeField()
    content = models.JSONField(help_text="What was signed.")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of its canonical text.")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["record_kind", "record_code", "meaning", "person", "content_hash"], name="signature_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_kind} {self.record_code}: {self.meaning} by {self.name}"
