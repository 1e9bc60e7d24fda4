"""A shift reckoned by hand, used wherever a number is explained."""

from datetime import datetime, timedelta

from mes.downtime.models import Stop
from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder
from mes.tracking.models import CountFlag, MachineCursor, StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted

MIN = timedelta(minutes=1)
EIGHT_H = (SIX, SIX + 480 * MIN)


def shift_story(plant: SmallPlant, begin: datetime = SIX) -> WorkOrder:
    """The packer's 480 min: 330 run, 40 jam, 1 micro-stop, 59 nobody knows why, 20 silent, 30 lunch.

    24,000 good and 500 scrap in two minutes, 1,000 good across the silence.
    """
    order = plant.order("WO-1", quantity="30000")
    ends = begin + 480 * MIN
    for place in (plant.filler, plant.packer):
        Run.objects.create(
            work_center=place, order=order, item=plant.cola, starts_at=begin, ends_at=ends, started_by="otto"
        )
    _states(plant.filler, begin, [(0, 240, "run", ""), (240, 270, "idle", ""), (270, 480, "run", "")])
    silent = "PLC-1 did not answer"
    _states(
        plant.packer,
        begin,
        [
            (0, 100, "run", ""),
            (100, 140, "down", ""),
            (140, 141, "run", ""),
            (141, 142, "down", ""),
            (142, 240, "run", ""),
            (240, 270, "idle", ""),
            (270, 329, "down", ""),
            (329, 349, "unknown", silent),
            (349, 480, "run", ""),
        ],
    )
    for place in (plant.filler, plant.packer):
        MachineCursor.objects.create(work_center=place, heard_at=ends, silence_s=3600)
    Stop.objects.create(
        work_center=plant.packer,
        starts_at=begin + 100 * MIN,
        ends_at=begin + 140 * MIN,
        state="Held",
        kind="down",
        reason=plant.jam,
        explained_by="otto",
    )
    counted(plant.filler, begin + 30 * MIN, good=27000, order=order, shift=plant.shift)
    counted(plant.packer, begin + 30 * MIN, good=20000, scrap=500, order=order, shift=plant.shift)
    counted(plant.packer, begin + 400 * MIN, good=4000, order=order, shift=plant.shift)
    CountFlag.objects.create(
        work_center=plant.packer,
        kind="gap",
        role="good",
        quantity=1000,
        from_at=begin + 329 * MIN,
        to_at=begin + 349 * MIN,
        order=order,
        item=plant.cola,
        shift=plant.shift,
    )
    return order


def _states(place: WorkCenter, begin: datetime, spans: list[tuple[int, int, str, str]]) -> None:
    for start, end, kind, why in spans:
        StateInterval.objects.create(
            work_center=place,
            starts_at=begin + start * MIN,
            ends_at=begin + end * MIN,
            state=kind.title(),
            kind=kind,
            why=why,
        )
