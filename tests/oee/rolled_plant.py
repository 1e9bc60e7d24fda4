"""A plant with one eventful shift for tests of roll-ups and figures, small enough to reckon by hand."""

from datetime import datetime, timedelta

from mes.downtime.models import Stop
from mes.plant.models import WorkCenter
from mes.production.models import Run
from mes.tracking.models import CountFlag, StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

HOUR = timedelta(hours=1)
MIN = timedelta(minutes=1)
LATE = SIX + 12 * HOUR + 20 * MIN  # when everything up to 18:00 has settled


def eventful_plant() -> SmallPlant:
    """One shift of FILL and PACK: an order, a stop over an hour's border, a micro-stop, silence with a gap's count."""
    plant = small_plant()
    order = plant.order("WO-1")
    for wc in (plant.filler, plant.packer):
        Run.objects.create(work_center=wc, order=order, item=plant.cola, starts_at=SIX, started_by="op")
        counted(wc, SIX + 20 * MIN, good=100, scrap=5, order=order, shift=plant.shift)
        counted(wc, SIX + 3 * HOUR + 2 * MIN, good=50, order=order, shift=plant.shift)
        state(wc, 0, 50, "run")
        state(wc, 50, 80, "down")  # 06:50-07:20, over the border
        state(wc, 80, 119.5, "run")
        state(wc, 119.5, 121, "down")  # 07:59:30-08:01: a micro-stop over the border
        state(wc, 121, 180, "run")
        state(wc, 185, None, "run")  # 09:00-09:05 is unknown, with a gap's count over it
        Stop.objects.create(work_center=wc, starts_at=at(50), ends_at=at(80), state="Held")
    CountFlag.objects.create(
        work_center=plant.packer,
        kind="gap",
        role="good",
        quantity=7,
        from_at=at(179),
        to_at=at(185),
        item=plant.cola,
        order=order,
        shift=plant.shift,
    )
    return plant


def at(minutes: float) -> datetime:
    """Minutes after six."""
    return SIX + timedelta(minutes=minutes)


def state(wc: WorkCenter, start: float, end: float | None, kind: str) -> None:
    """What a machine did, in minutes after six."""
    until = None if end is None else at(end)
    StateInterval.objects.create(work_center=wc, starts_at=at(start), ends_at=until, state=kind.title(), kind=kind)
