"""What a line's data is labelled with: whether an ERP sends orders, stops of each reason, subgroups of each chart."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from mes.downtime.models import Stop
from mes.plant.models import Line
from mes.production.models import WorkOrder
from mes.quality.models import Check

OWN_SOURCES = ("typed", "csv", "demo")
ERP_RECENT = timedelta(days=28)
CHARTS_RECENT = timedelta(days=84)
MOST = 8
STOPS_NEEDED = 30  # stops of a reason before its mean says anything
SUBGROUPS_NEEDED = 25  # subgroups before control limits are more than provisional


def has_erp(line: Line) -> bool:
    """Whether any open or recent order of the line came from an ERP and not from a person, a file or the demo."""
    return WorkOrder.objects.filter(line=line).exclude(source__in=OWN_SOURCES).exists()


def stops_by_reason(line: Line, days: Sequence[date], now: datetime) -> tuple[tuple[str, int], ...]:
    """The reasons of the window's stops with how many each has, the most frequent first; at most eight."""
    if not days:
        return ()
    begin = now - timedelta(days=(now.date() - days[0]).days + 1)
    rows = Stop.objects.filter(work_center__line=line, starts_at__gte=begin, starts_at__lt=now)
    named = rows.exclude(reason=None).values_list("reason__name").annotate(n=Count("pk")).order_by("-n", "reason__name")
    return tuple(named[:MOST])


def subgroups_by_chart(line: Line, now: datetime) -> tuple[tuple[str, int], ...]:
    """The characteristics checked on the line in twelve weeks with their subgroups, those with fewest first."""
    made = Q(work_center__line=line, withdrawn_at=None, at__gte=now - CHARTS_RECENT, at__lt=now)
    rows = Check.objects.filter(made).exclude(verdict="missed")
    named = rows.values_list("characteristic__name").annotate(n=Count("pk")).order_by("n", "characteristic__name")
    return tuple(named[:MOST])
