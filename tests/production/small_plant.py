"""A plant small enough to reckon by hand: two lines, the first with two machines, and people of each role."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from mes.downtime.models import Reason
from mes.people.models import Person, Role
from mes.plant.models import Area, Line, Shift, ShiftBreak, Site, WorkCenter
from mes.production.models import IdealCycle, Item, WorkOrder
from mes.tracking.models import CountHour

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)  # a Monday; the site's zone is UTC+1 then, so its early shift starts at 7


@dataclass(slots=True)
class SmallPlant:
    """The rows tests ask for most."""

    line_1: Line
    line_2: Line
    filler: WorkCenter
    packer: WorkCenter
    press: WorkCenter
    cola: Item
    water: Item
    shift: Shift
    jam: Reason
    motor: Reason
    cleaning: Reason

    def order(
        self, number: str, *, line: Line | None = None, item: Item | None = None, quantity: str = "1000"
    ) -> WorkOrder:
        """A released order."""
        return WorkOrder.objects.create(
            number=number, item=item or self.cola, line=line or self.line_1, quantity=Decimal(quantity)
        )

    def person(self, role: Role, *lines: Line, name: str = "") -> Person:
        """Somebody of a role who sees these lines; without lines, all of them."""
        person = Person.objects.create_user(name or role.value, password=None, role=role, all_lines=not lines)
        person.lines.set(lines)
        return person


def small_plant() -> SmallPlant:
    """LINE-1 (serial: FILL, then PACK as exit), LINE-2 (PRESS alone), and a shift 06:00-14:00 UTC with a break."""
    site = Site.objects.create(code="SITE", name="Site", time_zone="Europe/Berlin")
    area = Area.objects.create(code="AREA", name="Area", site=site)
    line_1 = Line.objects.create(code="LINE-1", name="Line one", area=area)
    line_2 = Line.objects.create(
        code="LINE-2", name="Line two", area=area, orders_run_on="work-center", flow="parallel"
    )
    filler = WorkCenter.objects.create(code="FILL", name="Filler", line=line_1, position=1)
    packer = WorkCenter.objects.create(code="PACK", name="Packer", line=line_1, position=2, is_exit=True)
    press = WorkCenter.objects.create(code="PRESS", name="Press", line=line_2, is_exit=True)
    cola = Item.objects.create(code="COLA-05", name="Cola 0.5 l")
    water = Item.objects.create(code="WATER-05", name="Water 0.5 l")
    for place in (filler, packer, press):
        IdealCycle.objects.create(
            item=cola, work_center=place, ideal_cycle_s=Decimal("0.8"), valid_from=SIX - timedelta(days=365)
        )
    shift = Shift.objects.create(
        line=line_1, name="Early", production_date=date(2026, 3, 2), starts_at=SIX, ends_at=SIX + timedelta(hours=8)
    )
    ShiftBreak.objects.create(
        shift=shift, name="Lunch", starts_at=SIX + timedelta(hours=4), ends_at=SIX + timedelta(hours=4, minutes=30)
    )
    machine = Reason.objects.create(code="MACHINE", name="Machine", position=1)
    jam = Reason.objects.create(code="JAM", name="Jam infeed", parent=machine, plc_code=17, position=1)
    motor = Reason.objects.create(code="MOTOR", name="Motor fault", parent=machine, klass="failure", position=2)
    cleaning = Reason.objects.create(code="CLEAN", name="Cleaning", klass="planned", position=2)
    return SmallPlant(line_1, line_2, filler, packer, press, cola, water, shift, jam, motor, cleaning)


def shift_around(line: Line, now: datetime, *, began: timedelta = timedelta(hours=2)) -> Shift:
    """A shift of eight hours that began some time before `now`: for pages, which read the clock themselves."""
    start = now - began
    return Shift.objects.create(
        line=line, name="Now", production_date=start.date(), starts_at=start, ends_at=start + timedelta(hours=8)
    )


def counted(
    place: WorkCenter,
    at: datetime,
    *,
    good: int,
    scrap: int = 0,
    order: WorkOrder | None = None,
    shift: Shift | None = None,
) -> None:
    """Pieces the machine counted in the minute of `at`."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    minutes = {"good": [0] * 60, "scrap": [0] * 60}
    minutes["good"][at.minute], minutes["scrap"][at.minute] = good, scrap
    CountHour.objects.create(
        work_center=place,
        hour=hour,
        shift=shift,
        order=order,
        item=order.item if order else None,
        good_sum=good,
        scrap_sum=scrap,
        **minutes,
    )
