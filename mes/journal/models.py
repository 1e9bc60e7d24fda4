"""One entry for each thing that was done: who, when, what, to which record, before and after."""

from django.db import models


class JournalEntry(models.Model):
    """Append-only: PostgreSQL refuses UPDATE (but for sealing) and DELETE. Readers follow `seq`, never `id`.

    A row is written in the transaction of the action it tells of; the sealer gives it `seq` and `hash` after commit,
    so the chain has no gaps and no late arrivals.
    """

    at = models.DateTimeField(help_text="When it happened, as the acting code was told (UTC).")
    written_at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=150, help_text="User name, api:<key>, plc:<controller> or system.")
    action = models.CharField(max_length=60, help_text="Name of the action, e.g. run_start.")
    kind = models.CharField(max_length=40, help_text="Kind of record, e.g. work-order.")
    code = models.CharField(max_length=120, help_text="Code of the record people know it by.")
    data = models.JSONField(default=dict, help_text="What changed: before, after and why.")
    seq = models.BigIntegerField(null=True, unique=True)
    previous_hash = models.CharField(max_length=64, default="", blank=True)
    hash = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = [models.Index(fields=["kind", "code", "-at"], name="journal_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.kind} {self.code}"
