"""Whose board it is: a machine's or a line's; which machines it reads, and where its good pieces leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from mes.hourly.models import HourNote, HourPlan, HoursSigned
from mes.oee.places import machines_of
from mes.plant.models import Line, Shift, WorkCenter
from mes.plant.shift_of import shifts_of


@dataclass(frozen=True, slots=True)
class BoardPlace:
    """A machine, or a line with its machines in order of flow (`line__area__site` at hand)."""

    line: Line
    work_center: WorkCenter | None
    machines: tuple[WorkCenter, ...]

    @property
    def code(self) -> str:
        """Its code."""
        return (self.work_center or self.line).code

    @property
    def name(self) -> str:
        """Its name."""
        return (self.work_center or self.line).name

    @property
    def zone(self) -> ZoneInfo:
        """The plant's time zone."""
        return ZoneInfo(self.line.area.site.time_zone)

    @property
    def leaving(self) -> tuple[WorkCenter, ...]:
        """The machines whose good pieces are its output: the exit of a serial line, all parallel ones.

        Empty for a serial line without exactly one exit: it has no output that anybody could name.
        """
        if self.work_center is not None or self.line.flow == "parallel":
            return self.machines
        exits = tuple(wc for wc in self.machines if wc.is_exit)
        return exits if len(exits) == 1 else ()

    def shifts(self, start: datetime, end: datetime) -> list[Shift]:
        """Its shifts that touch [start, end), in order of time."""
        if self.work_center is not None:
            return shifts_of([self.work_center], start, end)[self.work_center.pk]
        rows = Shift.objects.filter(line=self.line, work_center=None, starts_at__lt=end, ends_at__gt=start)
        return list(rows.order_by("starts_at"))

    def plans(self, shifts: Iterable[Shift]) -> QuerySet[HourPlan]:
        """The versions of its plans, the first version of a shift first."""
        rows = HourPlan.objects.filter(line=self.line, work_center=self.work_center, shift__in=list(shifts))
        return rows.prefetch_related("hours").order_by("shift", "version")

    def notes(self, shifts: Iterable[Shift]) -> QuerySet[HourNote]:
        """What was said of its hours."""
        return HourNote.objects.filter(line=self.line, work_center=self.work_center, shift__in=list(shifts))

    def signed(self, shifts: Iterable[Shift]) -> QuerySet[HoursSigned]:
        """Its signatures."""
        return HoursSigned.objects.filter(line=self.line, work_center=self.work_center, shift__in=list(shifts))


def machine_board(work_center: WorkCenter) -> BoardPlace:
    """The board of one machine."""
    return BoardPlace(work_center.line, work_center, (work_center,))


def line_board(line: Line) -> BoardPlace:
    """The board of a line, without its archived machines."""
    return BoardPlace(line, None, tuple(machines_of([line])[line.pk]))


def shift_named(place: BoardPlace, shift: Shift) -> str:
    """How the journal names a place's shift: LINE-1/2026-03-02/Early, or PACK@LINE-1/2026-03-02/Early."""
    own = f"{place.work_center.code}@" if place.work_center is not None else ""
    return f"{own}{place.line.code}/{shift.production_date}/{shift.name}"
