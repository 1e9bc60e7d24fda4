"""Rules at work: stops explained by them, what each would have done in the last week, switched on and off."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from mes.downtime.actions import StopRefused, stop_explain_by_rule
from mes.downtime.models import Stop, StopRule
from mes.downtime.queries import timed
from mes.downtime.rules import Facts, Rule, first_that_fits, fits
from mes.journal.write import record
from mes.plant.changes import ShiftLocked
from mes.plant.models import WorkCenter
from mes.production.models import Run

LOOK_BACK = timedelta(days=1)
"""Younger stops without a reason are looked at by the rules again and again: a PLC code may come late."""
PREVIEW = timedelta(days=7)
MOST = 20_000


@dataclass(slots=True)
class Preview:
    """What a rule would have done in a stretch of the past, had it been on: numbers of stops and their minutes.

    `fitting` by its conditions; `first`: those no rule before it takes. Of the first ones `explained` had no reason,
    `agreeing` have the same one, and in `differing` somebody said another, which would stay.
    """

    rule: StopRule
    fitting: int = 0
    first: int = 0
    minutes: float = 0.0
    explained: int = 0
    agreeing: int = 0
    differing: int = 0


def stops_explain_by_rules(*, at: datetime) -> int:
    """Explains what the rules that are on can explain; how many stops that were. Run twice it finds nothing more.

    Only stops without a reason that are no micro-stops (yet) and that no person took a reason from; what lies in a
    locked shift stays.
    """
    rows = [row for row in _on() if not row.reason.archived]
    if not rows:
        return 0
    young = Q(ends_at=None) | Q(ends_at__gte=at - LOOK_BACK)
    stops = timed(Stop.objects.filter(young, reason=None, hands_off=False), at)
    waiting = list(
        stops.filter(length_s__gte=F("work_center__micro_stop_s")).select_related("work_center__line__area__site")
    )
    by_code = {row.code: row for row in rows}
    rules, done = [rule_of(row) for row in rows], 0
    for stop, facts in zip(waiting, facts_of(waiting), strict=True):
        rule = first_that_fits(rules, facts)
        done += rule is not None and _explain(stop, by_code[rule.code], at)
    return done


def rules_preview(work_centers: QuerySet[WorkCenter], *, now: datetime) -> list[Preview]:
    """What each rule, on or off, would have done in the last 7 days with these machines' stops, the newest 20,000."""
    rows = list(StopRule.objects.select_related("reason", "line", "work_center", "item"))
    previews = [Preview(row) for row in rows]
    recent = Stop.objects.filter(work_center__in=work_centers, starts_at__gte=now - PREVIEW)
    found = timed(recent, now).filter(length_s__gte=F("work_center__micro_stop_s")).order_by("-starts_at")
    stops = list(found.select_related("work_center__line__area__site")[:MOST]) if rows else []
    rules = [rule_of(row, ever=True) for row in rows]
    for stop, facts in zip(stops, facts_of(stops), strict=True):
        taken = False
        for preview, rule in zip(previews, rules, strict=True):
            if fits(rule, facts):
                _count(preview, stop, taken=taken)
                taken = taken or preview.rule.enabled_at is not None
    return previews


def stop_rule_switch(*, rule: StopRule, on: bool, actor: str, at: datetime) -> bool:
    """Switches a rule on or off; False where it was so already. On, it explains stops from `at`, never the past."""
    if on and (rule.reason.archived or rule.reason.children.exists()):
        raise StopRefused(_("The rule gives a reason nobody can choose any more: give it another one in the admin."))
    with transaction.atomic():
        rows = StopRule.objects.filter(pk=rule.pk, enabled_at__isnull=on)
        if not rows.update(enabled_at=at if on else None):
            return False
        data = {"before": {"on": not on}, "after": {"on": on}}
        record(actor=actor, at=at, action="stop_rule_switch", kind="stop-rule", code=rule.code, data=data)
        return True


def rule_of(row: StopRule, *, ever: bool = False) -> Rule:
    """The conditions of a stored rule; with `ever` it does not matter since when it is on."""
    return Rule(
        row.code,
        row.line_id,
        row.work_center_id,
        row.plc_code,
        row.state,
        row.item_id,
        row.weekdays,
        row.from_time,
        row.to_time,
        None if ever else row.enabled_at,
    )


def facts_of(stops: Sequence[Stop]) -> list[Facts]:
    """What rules look at, of each stop (with `work_center__line__area__site`). One query."""
    items = _Items(stops)
    return [
        Facts(
            stop.work_center.line_id,
            stop.work_center_id,
            stop.plc_code,
            stop.state,
            items.at(stop.work_center_id, stop.starts_at),
            stop.starts_at.astimezone(ZoneInfo(stop.work_center.line.area.site.time_zone)),
            stop.ends_at is None,
        )
        for stop in stops
    ]


class _Items:
    """Which item a machine made at an instant."""

    def __init__(self, stops: Sequence[Stop]) -> None:
        self._runs: dict[int, list[tuple[datetime, datetime | None, int]]] = defaultdict(list)
        if not stops:
            return
        first, last = min(stop.starts_at for stop in stops), max(stop.starts_at for stop in stops)
        runs = Run.objects.filter(Q(ends_at=None) | Q(ends_at__gt=first), starts_at__lte=last)
        runs = runs.filter(work_center__in={stop.work_center_id for stop in stops}).order_by("starts_at")
        for machine, start, end, item in runs.values_list("work_center_id", "starts_at", "ends_at", "item_id"):
            self._runs[machine].append((start, end, item))

    def at(self, machine: int, instant: datetime) -> int | None:
        runs = self._runs[machine]
        n = bisect_right(runs, instant, key=lambda run: run[0]) - 1
        if n < 0 or (runs[n][1] is not None and runs[n][1] <= instant):  # type: ignore[operator]
            return None
        return runs[n][2]


def _on() -> Iterable[StopRule]:
    return StopRule.objects.filter(enabled_at__isnull=False).select_related("reason")


def _explain(stop: Stop, rule: StopRule, at: datetime) -> bool:
    try:
        stop_explain_by_rule(stop_id=stop.pk, rule=rule, at=at, version=stop.version)
    except (StopRefused, ShiftLocked):
        return False  # a person was faster, or the shift's figures are final
    return True


def _count(preview: Preview, stop: Any, *, taken: bool) -> None:
    preview.fitting += 1
    if taken:
        return
    preview.first += 1
    preview.minutes += stop.length_s / 60
    if stop.reason_id is None:
        preview.explained += 1
    elif stop.reason_id == preview.rule.reason_id:
        preview.agreeing += 1
    else:
        preview.differing += 1
