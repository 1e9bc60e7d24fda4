"""Which control charts signal: the newest check of each characteristic, as quality judged and stored it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analytics.signals.record import Found
from mes.plant.models import Line, WorkCenter
from mes.quality.models import Check
from mes.quality.queries import characteristics_of

if TYPE_CHECKING:
    from analytics.signals.watch import Looked

COUNTS_FOR = timedelta(days=7)  # an older check says nothing of the process of today


def rule(line: Line, at: datetime) -> "Looked":
    """Each machine with charts: what signals there. Machines of which nothing was checked lately are left out.

    Checks that could not be made or were taken back do not count.
    """
    machines = list(WorkCenter.objects.filter(line=line, archived=False))
    charts = {one.pk: one for one in characteristics_of(machines)}
    checks = Check.objects.filter(characteristic__in=charts, at__gt=at - COUNTS_FOR, at__lte=at, withdrawn_at=None)
    newest = checks.exclude(verdict=Check.Verdict.MISSED).order_by("characteristic_id", "-at", "-pk")
    looked: Looked = {}
    for check in newest.distinct("characteristic_id"):
        chart = charts[check.characteristic_id]
        known = looked.get(chart.work_center)
        if check.verdict == Check.Verdict.GOOD and not check.signals:
            looked.setdefault(chart.work_center, None)
            continue
        told = {"code": chart.code, "name": chart.name, "rules": check.signals, "out": check.verdict == "out"}
        began, told_before = (known.began, known.saw["charts"]) if known else (check.at, [])
        looked[chart.work_center] = Found(min(began, check.at), {"charts": [*told_before, told]})
    return looked
