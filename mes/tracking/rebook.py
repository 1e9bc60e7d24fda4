"""Books stored counts on the shifts that hold now, after somebody changed which took place. Pieces never change."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mes.plant.models import Shift, WorkCenter
from mes.plant.shift_of import shifts_of
from mes.tracking.models import CountFlag, CountHour, sixty_zeros

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
ROLES = ("good", "scrap", "rework")


class _Key(NamedTuple):
    """What a row of counts is unique by, besides its machine."""

    hour: datetime
    shift: int | None
    order: int | None
    item: int | None


_Arrays = dict[str, list[int]]


def counts_rebook(
    work_centers: Iterable[WorkCenter], start: datetime, end: datetime, *, without: Collection[int] = ()
) -> int:
    """Moves counts made in [start, end) to the shift of their minute; returns how many rows of counts were different.

    `without`: shifts that are about to be deleted. In the caller's transaction. What was made in a minute in which a
    shift begins or ends stays booked as it is while that shift has a part of it. Said twice it changes nothing.
    """
    machines = list(work_centers)
    shifts = shifts_of(machines, start - DAY, end + DAY)
    moved = 0
    for machine in machines:
        mine = [shift for shift in shifts[machine.pk] if shift.pk not in without]
        moved += _hours(machine, mine, start, end) + _flags(machine, mine, start, end)
    return moved


def _hours(machine: WorkCenter, shifts: list[Shift], start: datetime, end: datetime) -> int:
    rows = CountHour.objects.select_for_update().filter(work_center=machine, hour__gt=start - HOUR, hour__lt=end)
    stored = {_Key(row.hour, row.shift_id, row.order_id, row.item_id): row for row in rows.order_by("pk")}
    wanted: dict[_Key, _Arrays] = defaultdict(lambda: {role: sixty_zeros() for role in ROLES})
    for key, row in stored.items():
        for minute in range(60):
            at = row.hour + minute * MINUTE
            home = _booked_on(key.shift, shifts, at) if start <= at < end else key.shift
            for role in ROLES:
                pieces = getattr(row, role)[minute]
                if pieces:
                    wanted[key._replace(shift=home)][role][minute] += pieces
    gone = [row.pk for key, row in stored.items() if key not in wanted]
    CountHour.objects.filter(pk__in=gone).delete()
    different = [key for key, arrays in wanted.items() if key not in stored or arrays != _arrays(stored[key])]
    for key in different:
        row_of: dict[str, Any] = {"hour": key.hour, "shift_id": key.shift, "order_id": key.order, "item_id": key.item}
        sums = {f"{role}_sum": sum(wanted[key][role]) for role in ROLES}
        CountHour.objects.update_or_create(work_center=machine, **row_of, defaults={**wanted[key], **sums})
    return len(gone) + len(different)


def _arrays(row: CountHour) -> _Arrays:
    return {role: getattr(row, role) for role in ROLES}


def _booked_on(booked: int | None, shifts: list[Shift], minute: datetime) -> int | None:
    """The shift of a minute's pieces: where they are if that shift has a part of the minute, else the minute's."""
    parts = [shift for shift in shifts if shift.starts_at < minute + MINUTE and minute < shift.ends_at]
    if any(shift.pk == booked for shift in parts):
        return booked
    whole = [shift.pk for shift in parts if shift.starts_at <= minute and minute + MINUTE <= shift.ends_at]
    if booked is None:  # pieces of no shift, in a minute of which a part is in none, stay in none
        return whole[0] if whole else None
    return parts[0].pk if parts else None


def _flags(machine: WorkCenter, shifts: list[Shift], start: datetime, end: datetime) -> int:
    """Pieces made in a gap or entered by hand belong to a shift that has the whole of their stretch."""
    moved = 0
    rows = CountFlag.objects.select_for_update().filter(work_center=machine, from_at__lt=end, to_at__gte=start)
    for flag in rows.order_by("pk"):
        first, last = _at(shifts, flag.from_at), _at(shifts, flag.to_at)
        home = first if first == last else None
        if home != flag.shift_id:
            CountFlag.objects.filter(pk=flag.pk).update(shift=home)
            moved += 1
    return moved


def _at(shifts: list[Shift], instant: datetime) -> int | None:
    return next((shift.pk for shift in shifts if shift.starts_at <= instant < shift.ends_at), None)
