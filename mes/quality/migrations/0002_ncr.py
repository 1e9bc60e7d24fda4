"""Reports of nonconformances with their own life; signatures, defects and further charts of check plans."""

from uuid import uuid4

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

MEANINGS = [("performed", "Performed"), ("reviewed", "Reviewed"), ("approved", "Approved")]
CHARTS = [
    ("individuals", "Individuals and moving ranges (I-MR)"),
    ("means-ranges", "Means and ranges (X-bar R)"),
    ("means-deviations", "Means and standard deviations (X-bar S)"),
    ("p", "Share of bad pieces (p)"),
    ("np", "Number of bad pieces (np)"),
    ("c", "Number of defects (c)"),
    ("u", "Defects per piece (u)"),
    ("ewma", "Weighted mean of all checks (EWMA)"),
    ("cusum", "Sums of what is above and below (CUSUM)"),
]
DISPOSITIONS = [
    ("use", "Use as is"),
    ("rework", "Rework"),
    ("sort", "Sort"),
    ("scrap", "Scrap"),
    ("return", "Return"),
]


def reports_take_over(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Reports of before: what their hold knows is written into them; a closed one keeps its corrective action."""
    report_model = apps.get_model("quality", "Nonconformance")
    action_model = apps.get_model("quality", "CorrectiveAction")
    person_model = apps.get_model(*settings.AUTH_USER_MODEL.split("."))
    for report in report_model.objects.select_related("hold__work_center", "hold__check_out"):
        hold = report.hold
        report.line_id, report.work_center_id = hold.work_center.line_id, hold.work_center_id
        report.order_id, report.key = hold.order_id, uuid4()
        report.raised_by, report.raised_at = hold.check_out.actor, hold.opened_at
        if report.status == "closed":
            report.decision = report.corrective_action
            report.disposed_by = report.closed_by = hold.released_by
            report.disposed_at = report.closed_at = hold.released_at
            owner = person_model.objects.filter(username=hold.released_by).first()
            if owner is not None:
                action_model.objects.create(
                    nonconformance=report,
                    text=report.corrective_action,
                    owner=owner,
                    due=hold.released_at.date(),
                    raised_by=hold.released_by,
                    raised_at=hold.released_at,
                    key=uuid4(),
                    result=report.corrective_action,
                    done_by=hold.released_by,
                    done_at=hold.released_at,
                    verified_by=hold.released_by,
                    verified_at=hold.released_at,
                )
        else:
            report.status = "open"
        report.save()


class Migration(migrations.Migration):
    dependencies = [
        ("materials", "0001_first"),
        ("plant", "0003_calendars"),
        ("production", "0003_order_kind"),
        ("quality", "0001_first"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="characteristic",
            name="signatures",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=MEANINGS, max_length=10),
                blank=True,
                default=list,
                help_text="What every check needs before it counts as finished: performed, reviewed, approved. "
                "Empty: nothing.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="characteristic",
            name="release_signed",
            field=models.BooleanField(
                default=False,
                help_text="Who decides about a hold of it, or closes its report, signs as having approved it.",
                verbose_name="decisions are signed",
            ),
        ),
        migrations.AlterField(
            model_name="characteristic",
            name="kind",
            field=models.CharField(
                choices=[("measured", "Measured"), ("yes-no", "Yes or no"), ("defects", "Number of defects")],
                default="measured",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="characteristic", name="chart", field=models.CharField(choices=CHARTS, max_length=20)
        ),
        migrations.AddField(
            model_name="check",
            name="to_sign",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10),
                default=list,
                help_text="Signatures the plan asked for when it was made.",
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="check",
            index=models.Index(condition=Q(("to_sign", []), _negated=True), fields=["-at"], name="check_to_sign"),
        ),
        migrations.AlterField(
            model_name="hold",
            name="order",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="quality_holds",
                to="production.workorder",
            ),
        ),
        migrations.RemoveConstraint(model_name="nonconformance", name="nonconformance_closed_with_disposition"),
        migrations.AlterField(
            model_name="nonconformance",
            name="hold",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="nonconformance",
                to="quality.hold",
            ),
        ),
        migrations.AlterField(
            model_name="nonconformance",
            name="disposition",
            field=models.CharField(blank=True, choices=DISPOSITIONS, default="", max_length=6),
        ),
        migrations.AlterField(
            model_name="nonconformance",
            name="status",
            field=models.CharField(
                choices=[("open", "Open"), ("dispositioned", "Decided"), ("closed", "Closed")],
                default="open",
                max_length=13,
            ),
        ),
        *(
            migrations.AddField(model_name="nonconformance", name=name, field=field)
            for name, field in {
                "line": models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="nonconformances",
                    to="plant.line",
                ),
                "work_center": models.ForeignKey(
                    help_text="Where it arose.",
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="nonconformances",
                    to="plant.workcenter",
                ),
                "order": models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="nonconformances",
                    to="production.workorder",
                ),
                "lot": models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="nonconformances",
                    to="materials.lot",
                ),
                "description": models.CharField(blank=True, default="", max_length=2000),
                "quantity": models.DecimalField(
                    decimal_places=3, help_text="What it is about, if known.", max_digits=14, null=True
                ),
                "blocks": models.BooleanField(
                    default=False, help_text="Its order and lot are on hold until it is decided."
                ),
                "to_sign": models.BooleanField(default=False, help_text="Decision and closing need a signature."),
                "raised_by": models.CharField(default="system", max_length=150),
                "raised_at": models.DateTimeField(null=True),
                "key": models.UUIDField(null=True),
                "decision": models.CharField(
                    blank=True, default="", help_text="Why it was decided so.", max_length=500
                ),
                "disposed_by": models.CharField(blank=True, default="", max_length=150),
                "disposed_at": models.DateTimeField(null=True),
                "closing": models.CharField(
                    blank=True, default="", help_text="What was said at closing.", max_length=500
                ),
                "closed_by": models.CharField(blank=True, default="", max_length=150),
                "closed_at": models.DateTimeField(null=True),
            }.items()
        ),
        migrations.CreateModel(
            name="CorrectiveAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500)),
                ("due", models.DateField()),
                ("raised_by", models.CharField(max_length=150)),
                ("raised_at", models.DateTimeField()),
                ("key", models.UUIDField(help_text="Of the form: a repeat changes nothing.", unique=True)),
                (
                    "result",
                    models.CharField(blank=True, default="", help_text="What was done.", max_length=500),
                ),
                ("done_by", models.CharField(blank=True, default="", max_length=150)),
                ("done_at", models.DateTimeField(null=True)),
                ("verified_by", models.CharField(blank=True, default="", max_length=150)),
                ("verified_at", models.DateTimeField(null=True)),
                (
                    "nonconformance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="quality.nonconformance",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrective_actions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["due", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("verified_at", None), ("done_at__isnull", False), _connector="OR"),
                        name="corrective_action_verified_when_done",
                    )
                ],
            },
        ),
        migrations.RunPython(reports_take_over, migrations.RunPython.noop),
        # Deferred foreign keys of the rows just written must be checked before the tables change again.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", migrations.RunSQL.noop),
        migrations.RemoveField(model_name="nonconformance", name="corrective_action"),
        migrations.AlterField(
            model_name="nonconformance",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="nonconformances", to="plant.line"
            ),
        ),
        migrations.AlterField(model_name="nonconformance", name="raised_by", field=models.CharField(max_length=150)),
        migrations.AlterField(model_name="nonconformance", name="raised_at", field=models.DateTimeField()),
        migrations.AlterField(
            model_name="nonconformance",
            name="key",
            field=models.UUIDField(help_text="Of the form or the check: a repeat changes nothing.", unique=True),
        ),
        migrations.AddIndex(
            model_name="nonconformance",
            index=models.Index(fields=["line", "status", "-raised_at"], name="nonconformance_of_line"),
        ),
        migrations.AddConstraint(
            model_name="nonconformance",
            constraint=models.CheckConstraint(
                condition=Q(status="open", disposition="", disposed_at=None, closed_at=None)
                | (Q(status="dispositioned", disposed_at__isnull=False, closed_at=None) & ~Q(disposition=""))
                | (Q(status="closed", disposed_at__isnull=False, closed_at__isnull=False) & ~Q(disposition="")),
                name="nonconformance_closed_with_disposition",
            ),
        ),
        migrations.AddConstraint(
            model_name="nonconformance",
            constraint=models.CheckConstraint(
                condition=Q(quantity=None) | Q(quantity__gt=0), name="nonconformance_some_quantity"
            ),
        ),
    ]
