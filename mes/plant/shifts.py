"""Shifts of a line: the pattern that holds for it, turned into UTC instances for a stretch of days."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from mes.journal.write import record
from mes.plant.calendar import BreakRule, ShiftRule, ShiftSpan, day_bounds, materialise
from mes.plant.models import Holiday, Line, Shift, ShiftBreak, ShiftPattern
from mes.plant.models import ShiftRule as StoredRule


@dataclass(frozen=True)
class Materialised:
    """How many shifts were added and how many future ones were taken away."""

    created: int
    removed: int


def pattern_for(line: Line) -> ShiftPattern | None:
    """The nearest shift pattern: the line's own, else its area's, else its site's; None: the line has no shifts."""
    return line.shift_pattern or line.area.shift_pattern or line.area.site.shift_pattern


def rules_of(pattern: ShiftPattern | None) -> list[ShiftRule]:
    """The stored rules of a pattern in the form the calendar works with."""
    if pattern is None:
        return []
    stored = StoredRule.objects.filter(pattern=pattern).prefetch_related("breaks")
    return [
        ShiftRule(
            name=rule.name,
            days=frozenset(rule.days),
            start=rule.starts,
            end=rule.ends,
            breaks=tuple(BreakRule(pause.name, pause.starts, pause.ends) for pause in rule.breaks.all()),
        )
        for rule in stored
    ]


def shifts_materialise(*, line: Line, first: date, last: date, actor: str, at: datetime) -> Materialised:
    """Makes the shifts of a line that start on the local dates `first` to `last` what its pattern says.

    A shift that has begun by `at` is never changed or removed; a wanted shift that would overlap it is left out. A
    future shift that the pattern no longer has is removed. Said twice, it changes nothing and writes no entry.
    Raises CalendarError when the pattern cannot be true on one of the days.
    """
    with transaction.atomic():
        # Serialises two materialisers of a line without holding up those who only refer to it.
        line = (
            Line.objects.select_for_update(of=("self",), no_key=True)
            .select_related("shift_pattern", "area__shift_pattern", "area__site__shift_pattern")
            .get(pk=line.pk)
        )
        wanted = _wanted(line, first, last)
        zone = ZoneInfo(line.area.site.time_zone)
        since, until = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
        removed = _remove_other_future(line, wanted, since, until, at)
        created = _add_missing(line, wanted)
        if created or removed:
            record(
                actor=actor,
                at=at,
                action="shifts_materialise",
                kind="line",
                code=line.code,
                data={"first": first, "last": last, "created": created, "removed": removed},
            )
    return Materialised(created, removed)


def _wanted(line: Line, first: date, last: date) -> list[ShiftSpan]:
    site = line.area.site
    holidays = set(Holiday.objects.filter(site=site, date__range=(first, last)).values_list("date", flat=True))
    rules = rules_of(pattern_for(line))
    return materialise(rules, ZoneInfo(site.time_zone), first, last, site.production_day, holidays=holidays)


def _remove_other_future(line: Line, wanted: list[ShiftSpan], since: datetime, until: datetime, at: datetime) -> int:
    keys = {_wanted_key(span) for span in wanted}
    future = Shift.objects.filter(line=line, starts_at__gte=since, starts_at__lt=until, starts_at__gt=at)
    stale = [shift.pk for shift in future.prefetch_related("breaks") if _stored_key(shift) not in keys]
    Shift.objects.filter(pk__in=stale).delete()
    return len(stale)


def _add_missing(line: Line, wanted: list[ShiftSpan]) -> int:
    if not wanted:
        return 0
    taken = list(
        Shift.objects.filter(line=line, starts_at__lt=wanted[-1].end, ends_at__gt=wanted[0].start)
        .order_by("starts_at")
        .values_list("starts_at", "ends_at")
    )
    missing = [span for span in wanted if not any(start < span.end and span.start < end for start, end in taken)]
    shifts = Shift.objects.bulk_create(
        Shift(line=line, name=span.name, production_date=span.production_date, starts_at=span.start, ends_at=span.end)
        for span in missing
    )
    ShiftBreak.objects.bulk_create(
        ShiftBreak(shift=shift, name=pause.name, starts_at=pause.start, ends_at=pause.end)
        for shift, span in zip(shifts, missing, strict=True)
        for pause in span.breaks
    )
    return len(shifts)


def _wanted_key(span: ShiftSpan) -> tuple[object, ...]:
    breaks = tuple((pause.name, pause.start, pause.end) for pause in span.breaks)
    return (span.name, span.production_date, span.start, span.end, breaks)


def _stored_key(shift: Shift) -> tuple[object, ...]:
    breaks = tuple((pause.name, pause.starts_at, pause.ends_at) for pause in shift.breaks.all())
    return (shift.name, shift.production_date, shift.starts_at, shift.ends_at, breaks)
