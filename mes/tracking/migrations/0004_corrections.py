"""Corrections by people, decisions on counts, and raw state codes that outlive the samples."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

import mes.plant.models

# Codes read so far, as long as their samples are kept.
CODES = """
INSERT INTO tracking_statecode (work_center_id, at, raw_code)
SELECT DISTINCT ON (work_center_id, at) work_center_id, at, raw FROM (
  SELECT work_center_id, at, seq, raw, lag(raw) OVER (PARTITION BY work_center_id ORDER BY at, seq) AS before
  FROM tracking_sample WHERE role = 'state' AND quality <> 'bad' AND raw IS NOT NULL) AS said
WHERE before IS DISTINCT FROM raw ORDER BY work_center_id, at, seq DESC
"""


class Migration(migrations.Migration):
    dependencies = [
        ("downtime", "0001_first"),
        ("plant", "0002_changed_stretches"),
        ("production", "0001_first"),
        ("tracking", "0003_candidates"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScrapDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("counted", models.IntegerField(help_text="Scrap by the reject counter.")),
                ("entered", models.IntegerField(help_text="Scrap that people entered.")),
                (
                    "same",
                    models.BooleanField(help_text="The same pieces, so the entries were taken back; else both count."),
                ),
                ("actor", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="StateCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("raw_code", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="StateCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("kind", models.CharField(help_text="run, down, waiting, idle, setup or unknown.", max_length=8)),
                ("why", models.CharField(max_length=200)),
                ("actor", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                ("key", models.UUIDField(help_text="The form's key: a repeat changes nothing.", unique=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_by", models.CharField(blank=True, default="", max_length=150)),
            ],
            options={
                "ordering": ["work_center", "starts_at"],
            },
        ),
        migrations.AddField(
            model_name="countflag",
            name="decided_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="countflag",
            name="decided_by",
            field=models.CharField(blank=True, default="", max_length=150),
        ),
        migrations.AddField(
            model_name="countflag",
            name="decision",
            field=models.CharField(
                blank=True,
                choices=[
                    ("released", "Released"),
                    ("discarded", "Discarded"),
                    ("assigned", "Assigned to an order"),
                    ("split", "Split between orders"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="countflag",
            name="kind",
            field=models.CharField(
                choices=[
                    ("gap", "Made while nothing was heard"),
                    ("quarantine", "Implausible, held back"),
                    ("manual", "Entered by a person"),
                    ("replaced", "Counted by its parts"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="countflag",
            index=models.Index(
                condition=models.Q(("decided_at", None), ("kind", "quarantine")),
                fields=["work_center", "to_at"],
                name="count_flag_waits",
            ),
        ),
        migrations.AddField(
            model_name="scrapdecision",
            name="shift",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="plant.shift"),
        ),
        migrations.AddField(
            model_name="scrapdecision",
            name="work_center",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="plant.workcenter"
            ),
        ),
        migrations.AddField(
            model_name="statecode",
            name="work_center",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="plant.workcenter"
            ),
        ),
        migrations.AddField(
            model_name="statecorrection",
            name="reason",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="downtime.reason",
            ),
        ),
        migrations.AddField(
            model_name="statecorrection",
            name="work_center",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="state_corrections", to="plant.workcenter"
            ),
        ),
        migrations.AddConstraint(
            model_name="scrapdecision",
            constraint=models.UniqueConstraint(
                fields=("work_center", "shift", "counted", "entered"), name="scrap_decision_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="statecode",
            constraint=models.UniqueConstraint(fields=("work_center", "at"), name="state_code_change_once"),
        ),
        migrations.AddConstraint(
            model_name="statecorrection",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("withdrawn_at", None)),
                expressions=[
                    ("work_center", "="),
                    (
                        mes.plant.models.TsTzRange(
                            "starts_at",
                            "ends_at",
                            django.contrib.postgres.fields.ranges.RangeBoundary(
                                inclusive_lower=True, inclusive_upper=False
                            ),
                        ),
                        "&&",
                    ),
                ],
                name="state_correction_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="statecorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="state_correction_forward"
            ),
        ),
        migrations.RunSQL(CODES, migrations.RunSQL.noop),
    ]
