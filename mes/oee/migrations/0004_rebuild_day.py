"""The nightly check happens once a day: the day is the check's own. Nothing was stored before."""

import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oee", "0003_roll_ups"),
    ]

    operations = [
        migrations.AddField(
            model_name="rebuildcheck",
            name="day",
            field=models.DateField(
                default=datetime.date(1970, 1, 1), help_text="Once a day: it also picks the sample.", unique=True
            ),
            preserve_default=False,
        ),
    ]
