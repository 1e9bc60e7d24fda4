"""Every few minutes each line is looked at: signals open where something is seen, and close where it is over."""

from collections.abc import Callable
from datetime import datetime

from analytics.models import Signal
from analytics.phases.rules import unlocked
from analytics.phases.state import states_of
from analytics.readiness.report import latest_reports
from analytics.signals.doctor import clock, falls, silent, still
from analytics.signals.look_rate import drift, slow
from analytics.signals.look_rules import rule
from analytics.signals.look_target import target
from analytics.signals.record import Found, signal_close, signal_open
from mes.plant.models import Line, WorkCenter

LOOKS_AT_HOURS_MIN = 15
"""Whole hours tell something new once an hour: they are looked at only in its first minutes."""

Looked = dict[WorkCenter | None, Found | None]
"""Place to what is so there; None: seen, and it is not so. A place that nobody could judge is missing."""


def line_watch(*, line: Line, at: datetime) -> tuple[int, int]:
    """Looks once at a line; returns how many signals opened and closed. Said twice, it happens once.

    A signal stays open as long as nobody can tell: silence ends nothing. What a line's phase does not open (slow
    running and a changed rate) is not looked at, and an open one of it is closed.
    """
    opened = closed = 0
    open_now = {
        (row.work_center_id, row.kind): row
        for row in Signal.objects.filter(line=line, ended=None).select_related("line", "work_center")
    }
    for row in list(open_now.values()):
        if row.work_center is not None and row.work_center.archived:
            closed += signal_close(signal=row, at=at)
    for kind, look in _looks(line, at).items():
        for place, found in look(line, at).items():
            known = open_now.get((place.pk if place else None, kind))
            if found is not None and known is None:
                opened += signal_open(line=line, work_center=place, kind=kind, found=found, at=at)
            elif found is None and known is not None:
                closed += signal_close(signal=known, at=at)
    return opened, closed


def _looks(line: Line, at: datetime) -> dict[str, Callable[[Line, datetime], Looked]]:
    kind = Signal.Kind
    looks: dict[str, Callable[[Line, datetime], Looked]] = {
        kind.TARGET: target, kind.RULE: rule, kind.STILL: still, kind.FALLS: falls, kind.CLOCK: clock,
        kind.SILENT: silent,
    }  # fmt: skip
    state, report = states_of([line]).get(line.pk), latest_reports([line]).get(line.pk)
    erp = bool(report and report.inputs.get("erp"))
    if state is None or "slow_running" not in unlocked(state.phase, erp=erp):
        return looks | {kind.SLOW: _not_so, kind.DRIFT: _not_so}
    looks[kind.DRIFT] = drift
    if at.minute < LOOKS_AT_HOURS_MIN:
        looks[kind.SLOW] = slow
    return looks


def _not_so(line: Line, at: datetime) -> Looked:
    return {None: None}
