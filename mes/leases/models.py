"""A lease says which process may do a named thing; its fence grows each time the holder changes."""

from django.db import models


class Lease(models.Model):
    """One row per thing that only one process may do: `plc:<controller>`, `broadcast`."""

    name = models.CharField(max_length=120, unique=True)
    owner = models.CharField(max_length=120, blank=True, default="")
    fence = models.BigIntegerField(default=0)
    until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} held by {self.owner or 'nobody'} (fence {self.fence})"
