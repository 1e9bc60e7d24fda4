"""What people of the demo counted by hand, so that all three words about counts are seen: one agrees, one does not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from mes.plant.models import WorkCenter
from mes.tracking.models import CountHour
from mes.witness.tallies import tally_enter

MINUTE = timedelta(minutes=1)
MINUTES = 10
LOOK_BACK = timedelta(hours=12)
TOLD_AFTER = timedelta(minutes=20)


@dataclass(frozen=True)
class Counted:
    """A count by hand: at which machine, by whom, and how many of a hundred counted pieces the person saw."""

    machine: str
    actor: str
    seen_percent: int
    note: str


COUNTS = (
    Counted("CRATE-2", "otto", 100, "Crates of twenty"),
    # The multipacker's counter also counts cases that are turned back and go through twice.
    Counted("MULTI-3", "otto", 93, "Two cases in this time went round a second time"),
)


def counts_write(*, now: datetime) -> None:
    """Enters each count for the latest ten minutes in which its machine ran without a break; needs the story."""
    for count in COUNTS:
        place = WorkCenter.objects.select_related("line").get(code=count.machine)
        start = _steady(place, now)
        if start is None:
            continue
        end = start + MINUTES * MINUTE
        made = sum(good for at, good in _minutes(place, now) if start <= at < end)
        tally_enter(
            work_center=place,
            starts_at=start,
            ends_at=end,
            pieces=made * count.seen_percent // 100,
            actor=count.actor,
            at=end + MINUTE,
            key=uuid5(NAMESPACE_URL, f"demo:{count.machine}:{start.isoformat()}"),
            note=count.note,
        )


def _minutes(place: WorkCenter, now: datetime) -> list[tuple[datetime, int]]:
    """Minutes with pieces of the last hours, in order of time."""
    rows = CountHour.objects.filter(work_center=place, hour__gte=now - LOOK_BACK).order_by("hour")
    return sorted(
        (hour + place_in * MINUTE, pieces)
        for hour, good in rows.values_list("hour", "good")
        for place_in, pieces in enumerate(good)
        if pieces
    )


def _steady(place: WorkCenter, now: datetime) -> datetime | None:
    """The beginning of the latest ten minutes in a row that all have nearly the most pieces of a minute."""
    minutes = _minutes(place, now)
    most = max((pieces for _, pieces in minutes), default=0)
    full = {at for at, pieces in minutes if pieces * 10 >= most * 8}
    for at, _ in reversed(minutes):
        if at + MINUTES * MINUTE + TOLD_AFTER <= now and all(at + n * MINUTE in full for n in range(MINUTES)):
            return at
    return None
