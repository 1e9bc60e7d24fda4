"""Orders that were started and waited again stood as released; they are paused."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forward(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Only another order's start made them wait."""
    orders = apps.get_model("production", "WorkOrder").objects
    orders.filter(status="released", started_at__isnull=False).update(status="paused", pause_reason="other-order")


def back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As it was stored before."""
    apps.get_model("production", "WorkOrder").objects.filter(status="paused").update(status="released", pause_reason="")


class Migration(migrations.Migration):
    dependencies = [("production", "0004_order_life")]

    operations = [migrations.RunPython(forward, back)]
