"""What people say instead of a forecast, stored beside it: the forecast itself stays as it was."""

from django.db import models

from analytics.forecast_models import Grain
from mes.plant.models import Line


class ForecastOverride(models.Model):
    """A person's own figure for a bucket to come: PostgreSQL refuses to change it. The newest word counts."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    grain = models.CharField(max_length=5, choices=Grain)
    starts_at = models.DateTimeField(help_text="Start of the bucket.")
    forecast = models.ForeignKey("analytics.Forecast", on_delete=models.PROTECT, related_name="overrides")
    point = models.FloatField(help_text="What the forecast said of the bucket then.")
    value = models.PositiveIntegerField(null=True, help_text="Pieces. Empty: the person took their word back.")
    why = models.CharField(max_length=200)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["line", "grain", "starts_at"], name="forecast_override_of")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.grain} {self.starts_at:%Y-%m-%d %H:%M}: {self.value} ({self.by})"
