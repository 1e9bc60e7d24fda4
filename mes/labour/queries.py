"""Labour of an order, in person-milliseconds; who is signed on; who seems to have forgotten to sign off."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from mes.labour.models import Crew, SignOn
from mes.plant.models import Shift, WorkCenter
from mes.plant.shift_of import shift_at
from mes.production.models import WorkOrder

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Labour:
    """Work on an order: of people by name, of people without one, and how many sign-ons are still open."""

    named_ms: int
    unnamed_ms: int
    open: int

    @property
    def total_ms(self) -> int:
        """Person-milliseconds of all; 3,600,000 are one person-hour."""
        return self.named_ms + self.unnamed_ms


class Forgotten(NamedTuple):
    """An open sign-on of somebody whose shift is over, and the end that is proposed for it."""

    sign_on: SignOn
    ends_at: datetime


def labour_of(order: WorkOrder, now: datetime) -> Labour:
    """What can be confirmed of the order until `now`.

    Worked: Ana 06:00-14:00 and two people without a name 08:00-09:30 are 8 h + 2 x 1.5 h = 11 person-hours, 39,600,000
    ms. Open stretches count until now, and none counts beyond the order's completion. Nobody signed on: 0.
    """
    last = min(now, order.completed_at) if order.completed_at else now
    signed = list(SignOn.objects.filter(order=order))
    crews = Crew.objects.filter(order=order)
    return Labour(
        sum(_ms(row.starts_at, row.ends_at, last) for row in signed),
        sum(row.people * _ms(row.starts_at, row.ends_at, last) for row in crews),
        sum(row.ends_at is None for row in signed),
    )


def labour_by_person(order: WorkOrder, now: datetime) -> dict[str, int]:
    """User name -> milliseconds on the order until `now`, as `labour_of` counts them."""
    last = min(now, order.completed_at) if order.completed_at else now
    told: dict[str, int] = {}
    for row in SignOn.objects.filter(order=order).select_related("person"):
        told[row.person.username] = told.get(row.person.username, 0) + _ms(row.starts_at, row.ends_at, last)
    return told


def signed_on(work_centers: Iterable[WorkCenter]) -> QuerySet[SignOn]:
    """Who is signed on at these machines now, with person and order."""
    found = SignOn.objects.filter(work_center__in=list(work_centers), ends_at=None)
    return found.select_related("person", "order", "work_center")


def crew_of(work_center: WorkCenter, order: WorkOrder) -> int:
    """How many people without a name work on the order here now."""
    row = Crew.objects.filter(work_center=work_center, order=order, ends_at=None).first()
    return row.people if row else 0


def forgotten_sign_ons(work_center: WorkCenter, now: datetime) -> list[Forgotten]:
    """Open sign-ons from a shift that is over, each with that shift's end as proposal; nothing is ended by itself.

    One that began outside any shift is proposed to end with the first shift that began and ended since; until then it
    is nobody's mistake.
    """
    told = []
    for row in signed_on([work_center]).order_by("starts_at"):
        shift = shift_at(work_center, row.starts_at)
        if shift is None:
            over = Shift.objects.filter(line=work_center.line_id, work_center=None, starts_at__gt=row.starts_at)
            shift = over.order_by("starts_at").first()
        if shift is not None and shift.ends_at <= now:
            told.append(Forgotten(row, shift.ends_at))
    return told


def _ms(start: datetime, end: datetime | None, last: datetime) -> int:
    return max(0, (min(end or last, last) - start) // _MS)
