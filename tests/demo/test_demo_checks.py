"""The demo's checks: plans on many machines, four weeks of values, one filler that drifted out and back."""

from datetime import timedelta

import pytest
from django.db.models import Count

from mes.demo.load import DemoInfo
from mes.live.due_checks import checks_due
from mes.plant.models import WorkCenter
from mes.quality.judging import ChartKind
from mes.quality.models import Characteristic, Check, CorrectiveAction, Nonconformance
from mes.quality.signed_checks import waiting
from tests.demo.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
DAY = timedelta(days=1)


def test_plans_stand_on_many_machines_and_show_most_kinds_of_charts() -> None:
    plans = Characteristic.objects.annotate(n=Count("checks"))
    assert len({plan.work_center_id for plan in plans}) >= 7
    assert len({ChartKind(plan.chart) for plan in plans}) >= 7
    assert all(plan.n > 30 and plan.limits.count() == 1 for plan in plans)
    assert Check.objects.filter(at__lt=NOW - 26 * DAY).exists()
    assert not Check.objects.filter(at__gt=NOW).exists()


def test_the_filler_drifted_once_and_was_seen_before_and_after_it_was_out() -> None:
    weights = Check.objects.filter(characteristic__code="FILL-1-WEIGHT")
    out = list(weights.filter(verdict="out").order_by("at"))
    assert out
    assert all(5 * DAY <= NOW - check.at <= 6.3 * DAY for check in out)
    assert weights.filter(verdict="signal", at__lt=out[0].at, at__gt=NOW - 7 * DAY).exists()
    assert weights.filter(at__gt=NOW - 4 * DAY, verdict="good").count() > 30
    walls = Check.objects.filter(characteristic__code="BLOW-1-WALL", verdict="signal")
    assert walls.filter(at__gt=NOW - 0.6 * DAY).exists()


def test_reports_are_closed_decided_and_open_and_one_action_is_late(demo: DemoInfo) -> None:
    states = set(Nonconformance.objects.values_list("status", flat=True))
    assert states == {"open", "dispositioned", "closed"}
    report = Nonconformance.objects.get(status="open")
    assert (report.hold.characteristic.code, report.to_sign) == ("CAP-1-TORQUE", True)  # type: ignore[union-attr]
    assert CorrectiveAction.objects.filter(done_at=None, due__lt=NOW.date()).exists()


def test_something_is_overdue_and_something_waits_for_a_signature() -> None:
    machines = list(WorkCenter.objects.select_related("line"))
    assert "LABEL-1-TORN" in {one.characteristic.code for one in checks_due(machines, NOW) if one.overdue}
    assert {check.characteristic.code for check, _missing in waiting(machines, NOW)} == {"FILL-2-RINSE"}
