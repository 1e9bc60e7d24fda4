"""Shifts as they take place: the calendar of a line (or of a machine with its own) as UTC instances for some days."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from mes.journal.write import record
from mes.plant.calendar import ShiftSpan, day_bounds
from mes.plant.calendar_of import UP_FROM_LINE, UP_FROM_MACHINE, calendar_for, has_own_calendar, line_of
from mes.plant.models import Line, OwnShifts, Shift, ShiftBreak, WorkCenter
from mes.plant.shift_of import shift_at

Owner = Line | WorkCenter


@dataclass(frozen=True)
class Materialised:
    """How many shifts were added and how many future ones were taken away."""

    created: int
    removed: int


def shifts_materialise(*, line: Line, first: date, last: date, actor: str, at: datetime) -> Materialised:
    """Makes the shifts of a line that start on the local dates `first` to `last` what its calendar says (R8).

    A shift that has begun by `at` is never changed or removed; a wanted shift that would overlap it is left out. A
    future shift that the calendar no longer has is removed; overtime stays. Said twice, it changes nothing and writes
    no entry. Raises CalendarError when the calendar cannot be true on one of the days.
    """
    with transaction.atomic():
        return shifts_follow(locked_line(line.pk), first, last, actor, at, since=None)


def own_shifts_materialise(*, machine: WorkCenter, first: date, last: date, actor: str, at: datetime) -> Materialised:
    """The same for a machine whose calendar differs from its line's, from when its line's running shift is over.

    A machine that differs no longer goes back to its line's shifts when its own running shift is over.
    """
    with transaction.atomic():
        machine = locked_machine(machine.pk)
        today = at.astimezone(ZoneInfo(machine.line.area.site.time_zone)).date()
        since = _own_since(machine, differs=has_own_calendar(machine, min(first, today)), at=at)
        if since is None:
            return Materialised(0, _back_to_the_line(machine, actor, at))
        return shifts_follow(machine, first, last, actor, at, since=since)


def _back_to_the_line(machine: WorkCenter, actor: str, at: datetime) -> int:
    """Takes away the machine's own shifts that lie ahead; overtime stays."""
    gone = list(shifts_of_owner(machine).filter(starts_at__gt=at, overtime=False).values_list("pk", flat=True))
    Shift.objects.filter(pk__in=gone).delete()
    if gone:
        data = {"created": 0, "removed": len(gone), "why": "it follows its line again"}
        record(actor=actor, at=at, action="shifts_materialise", kind="work-center", code=machine.code, data=data)
    return len(gone)


def _own_since(machine: WorkCenter, *, differs: bool, at: datetime) -> datetime | None:
    """From when on the machine has its own shifts, after this is stored; None where it follows its line."""
    current = OwnShifts.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), work_center=machine).first()
    running = shift_at(machine, at)
    border = running.ends_at if running else at
    if current is not None and current.ends_at is None:
        if differs:
            return current.starts_at
        if border <= current.starts_at:
            current.delete()
        else:
            OwnShifts.objects.filter(pk=current.pk).update(ends_at=border)
        return None
    if not differs:
        return None
    if current is not None:  # it was on its way back to the line: it stays with its own
        OwnShifts.objects.filter(pk=current.pk).update(ends_at=None)
        return current.starts_at
    return OwnShifts.objects.create(work_center=machine, starts_at=border).starts_at


@contextmanager
def borders_move() -> Iterator[None]:
    """Borders of neighbours move one after the other: overlaps are looked for at the end (then IntegrityError)."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS shift_no_overlap, shift_own_no_overlap DEFERRED")
        yield
        cursor.execute("SET CONSTRAINTS shift_no_overlap, shift_own_no_overlap IMMEDIATE")


def locked_line(pk: int) -> Line:
    """The line with all its calendar needs, its row locked."""
    # Serialises two materialisers of a line without holding up those who only refer to it.
    return Line.objects.select_for_update(of=("self",), no_key=True).select_related(*UP_FROM_LINE).get(pk=pk)


def locked_machine(pk: int) -> WorkCenter:
    """The machine with all its calendar needs, its line's row and its own locked, in this order."""
    Line.objects.select_for_update(no_key=True).get(work_centers=pk)
    rows = WorkCenter.objects.select_for_update(of=("self",), no_key=True).select_related(*UP_FROM_MACHINE)
    return rows.get(pk=pk)


def shifts_follow(
    owner: Owner, first: date, last: date, actor: str, at: datetime, *, since: datetime | None
) -> Materialised:
    """Makes the future shifts of an owner, whose row is locked, what its calendar says, in the caller's transaction."""
    wanted = calendar_for(owner, first, last).shifts(first, last)
    if since is not None:
        wanted = [span for span in wanted if span.start >= since]
    zone = ZoneInfo(line_of(owner).area.site.time_zone)
    begin, end = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
    removed = _remove_other_future(owner, wanted, begin, end, at)
    created = _add_missing(owner, wanted)
    if created or removed:
        record(
            actor=actor,
            at=at,
            action="shifts_materialise",
            kind="line" if isinstance(owner, Line) else "work-center",
            code=owner.code,
            data={"first": first, "last": last, "created": created, "removed": removed},
        )
    return Materialised(created, removed)


def shifts_of_owner(owner: Owner) -> QuerySet[Shift]:
    """Stored shifts of exactly this owner."""
    if isinstance(owner, Line):
        return Shift.objects.filter(line=owner, work_center=None)
    return Shift.objects.filter(work_center=owner)


def _remove_other_future(owner: Owner, wanted: list[ShiftSpan], since: datetime, until: datetime, at: datetime) -> int:
    keys = {wanted_key(span) for span in wanted}
    future = shifts_of_owner(owner).filter(starts_at__gte=since, starts_at__lt=until, starts_at__gt=at, overtime=False)
    stale = [shift.pk for shift in future.prefetch_related("breaks") if stored_key(shift) not in keys]
    Shift.objects.filter(pk__in=stale).delete()
    return len(stale)


def _add_missing(owner: Owner, wanted: list[ShiftSpan]) -> int:
    if not wanted:
        return 0
    near = shifts_of_owner(owner).filter(starts_at__lt=wanted[-1].end, ends_at__gt=wanted[0].start)
    taken = list(near.order_by("starts_at").values_list("starts_at", "ends_at"))
    missing = [span for span in wanted if not any(start < span.end and span.start < end for start, end in taken)]
    return len(shifts_store(owner, missing))


def shifts_store(owner: Owner, spans: list[ShiftSpan]) -> list[Shift]:
    """Stores shifts with their breaks as they are, for an owner that has none at these times."""
    machine = owner if isinstance(owner, WorkCenter) else None
    shifts = Shift.objects.bulk_create(
        Shift(
            line=line_of(owner),
            work_center=machine,
            name=span.name,
            crew=span.crew or "",
            production_date=span.production_date,
            starts_at=span.start,
            ends_at=span.end,
        )
        for span in spans
    )
    breaks_store(shifts, spans)
    return shifts


def breaks_store(shifts: Sequence[Shift], spans: Sequence[ShiftSpan]) -> None:
    """Stores the breaks of shifts that have none yet; spans in the order of the shifts."""
    ShiftBreak.objects.bulk_create(
        ShiftBreak(shift=shift, name=pause.name, starts_at=pause.start, ends_at=pause.end)
        for shift, span in zip(shifts, spans, strict=True)
        for pause in span.breaks
    )


def wanted_key(span: ShiftSpan) -> tuple[object, ...]:
    """All that makes a wanted shift the same as a stored one."""
    breaks = tuple((pause.name, pause.start, pause.end) for pause in span.breaks)
    return (span.name, span.crew or "", span.production_date, span.start, span.end, breaks)


def stored_key(shift: Shift) -> tuple[object, ...]:
    """The same of a stored shift."""
    breaks = tuple((pause.name, pause.starts_at, pause.ends_at) for pause in shift.breaks.all())
    return (shift.name, shift.crew, shift.production_date, shift.starts_at, shift.ends_at, breaks)
