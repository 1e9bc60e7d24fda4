"""Which stops ask for a reason follows the schedule: maintenance, "not scheduled", overtime, a machine's own shifts."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from mes.downtime.models import Stop
from mes.downtime.queries import stops_that_need_a_reason
from mes.plant.models import OwnShifts, PlannedMaintenance, Shift
from mes.tracking.overrides import overtime_say, unscheduled_say
from tests.production.small_plant import SIX, SmallPlant

HOUR = timedelta(hours=1)
NOON = SIX + 6 * HOUR  # the shift is 06:00-14:00 UTC
EVENING = SIX + 12 * HOUR


@pytest.fixture
def stop(plant: SmallPlant) -> Stop:
    """The filler stands from 12:00 to 12:30, in the shift."""
    return Stop.objects.create(
        work_center=plant.filler, starts_at=NOON, ends_at=NOON + HOUR / 2, state="Held", kind="down"
    )


def _asks(now: datetime = EVENING) -> bool:
    return stops_that_need_a_reason(Stop.objects.all(), now).exists()


def test_planned_maintenance_over_the_whole_stop_asks_nobody(plant: SmallPlant, stop: Stop) -> None:
    assert _asks()
    row = PlannedMaintenance.objects.create(site=plant.line_1.area.site, name="x", starts_at=NOON, ends_at=NOON + HOUR)
    assert not _asks()
    PlannedMaintenance.objects.create(
        work_center=plant.filler, name="on", starts_at=NOON, ends_at=NOON + HOUR, works_on=True
    )
    assert _asks()  # this machine works on while the site stands
    PlannedMaintenance.objects.filter(works_on=True).delete()
    PlannedMaintenance.objects.filter(pk=row.pk).update(ends_at=NOON + HOUR / 4)
    assert _asks()  # the other quarter of an hour is a stop


def test_not_scheduled_asks_nobody_until_overtime_is_said_over_it(plant: SmallPlant, stop: Stop) -> None:
    def say(verb: object) -> None:
        verb(place=plant.line_1, starts_at=NOON, ends_at=NOON + HOUR, why="", key=uuid4(), actor="sue", at=NOON)  # type: ignore[operator]

    say(unscheduled_say)
    assert not _asks()
    say(overtime_say)
    assert _asks()


def test_a_stop_after_the_shift_asks_once_overtime_is_said(plant: SmallPlant, stop: Stop) -> None:
    Stop.objects.update(starts_at=SIX + 9 * HOUR, ends_at=SIX + 9.5 * HOUR)
    assert not _asks()
    start, end = SIX + 8 * HOUR, SIX + 10 * HOUR
    overtime_say(place=plant.line_1, starts_at=start, ends_at=end, why="", key=uuid4(), actor="sue", at=end)
    assert _asks()


def test_a_machine_with_shifts_of_its_own_does_not_follow_its_lines(plant: SmallPlant, stop: Stop) -> None:
    OwnShifts.objects.create(work_center=plant.filler, starts_at=SIX - HOUR)
    assert not _asks()
    Shift.objects.create(
        line=plant.line_1, work_center=plant.filler, name="Own", production_date=SIX.date(), starts_at=NOON,
        ends_at=NOON + HOUR,
    )  # fmt: skip
    assert _asks()
