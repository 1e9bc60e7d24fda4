"""At most one reported stop of a machine is open (R11), found by an index of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("downtime", "0003_stop_parts_and_rules")]

    operations = [
        migrations.AddConstraint(
            model_name="stop",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_at", None), ("whole", None)),
                fields=("work_center",),
                name="stop_one_open_reported",
            ),
        ),
    ]
