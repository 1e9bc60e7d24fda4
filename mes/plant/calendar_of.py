"""The calendar that holds for a line or a machine: nearest pattern with crews, holidays, nearest exceptions."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q

from mes.plant.calendar import BreakRule, CycleRule, Exceptional, ShiftRule, ShiftSpan, cycle_days, materialise
from mes.plant.models import Holiday, Line, OtherDay, ShiftPattern, Site, WorkCenter
from mes.plant.models import ShiftRule as StoredRule

# Everything `calendar_for` walks up to; queries that load lines or machines for it name these.
UP_FROM_LINE = ("shift_pattern", "area__shift_pattern", "area__site__shift_pattern")
UP_FROM_MACHINE = ("shift_pattern", *(f"line__{name}" for name in UP_FROM_LINE))


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that decides which shifts take place somewhere."""

    site: Site
    rules: list[ShiftRule]
    cycles: list[CycleRule]
    holidays: frozenset[date]
    exceptions: list[Exceptional]

    def shifts(self, first: date, last: date) -> list[ShiftSpan]:
        """The shifts that start on these local dates. Raises CalendarError for what cannot be true."""
        zone = ZoneInfo(self.site.time_zone)
        return materialise(
            self.rules,
            zone,
            first,
            last,
            self.site.production_day,
            cycles=self.cycles,
            holidays=self.holidays,
            exceptions=self.exceptions,
        )


def line_of(owner: Line | WorkCenter) -> Line:
    """The line itself, or the machine's."""
    return owner if isinstance(owner, Line) else owner.line


def pattern_for(owner: Line | WorkCenter) -> ShiftPattern | None:
    """The nearest shift pattern: its own, else the line's, the area's, the site's; None: it has no shifts."""
    line = line_of(owner)
    return owner.shift_pattern or line.shift_pattern or line.area.shift_pattern or line.area.site.shift_pattern


def rules_of(pattern: ShiftPattern | None) -> list[ShiftRule]:
    """The stored rules of a pattern in the form the calendar works with."""
    return [_rule(rule) for rule in _stored(pattern)]


def calendar_for(owner: Line | WorkCenter, first: date, last: date) -> Calendar:
    """The calendar of a line or a machine for the shifts that start on the local dates `first` to `last`."""
    line, stored = line_of(owner), _stored(pattern_for(owner))
    site = line.area.site
    holidays = Holiday.objects.filter(site=site, date__range=(first, last)).values_list("date", flat=True)
    cycles = [
        CycleRule(cycle.crew, rule.name, cycle.anchor, cycle_days(cycle.cycle))
        for rule in stored
        for cycle in rule.cycles.all()
    ]
    other = [_exceptional(row) for row in nearest_days(owner, first, last).values()]
    return Calendar(site, [_rule(rule) for rule in stored], cycles, frozenset(holidays), other)


def nearest_days(owner: Line | WorkCenter, first: date, last: date) -> dict[date, OtherDay]:
    """Date to the exception that holds there: the machine's own before the line's, the area's and the site's."""
    line = line_of(owner)
    here = Q(site=line.area.site_id) | Q(area=line.area_id) | Q(line=line)
    if isinstance(owner, WorkCenter):
        here |= Q(work_center=owner)
    rows = OtherDay.objects.filter(here, date__range=(first, last)).select_related("pattern")
    return {row.date: row for row in sorted(rows, key=lambda row: row.level)}


def has_own_calendar(machine: WorkCenter, since: date) -> bool:
    """Whether a machine differs from its line: by its own pattern, or by an exception of its own from `since` on."""
    if machine.shift_pattern_id is not None:
        return True
    return OtherDay.objects.filter(work_center=machine, date__gte=since).exists()


def _stored(pattern: ShiftPattern | None) -> list[StoredRule]:
    if pattern is None:
        return []
    return list(StoredRule.objects.filter(pattern=pattern).prefetch_related("breaks", "cycles"))


def _rule(rule: StoredRule) -> ShiftRule:
    breaks = tuple(BreakRule(pause.name, pause.starts, pause.ends) for pause in rule.breaks.all())
    return ShiftRule(rule.name, frozenset(rule.days), rule.starts, rule.ends, breaks)


def _exceptional(row: OtherDay) -> Exceptional:
    rules = [rule for rule in rules_of(row.pattern) if not row.shifts or rule.name in row.shifts]
    return Exceptional(row.date, tuple(rules))
