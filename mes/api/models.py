"""Keys of writes that were answered: a repeat gets the first answer."""

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """What a caller's `Idempotency-Key` was answered; made in the transaction of the write it stands for."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request = models.CharField(max_length=300, help_text="Method and path.")
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    response = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.request} {self.key}"
