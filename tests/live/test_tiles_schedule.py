"""A tile follows the schedule: what the floor took off it, and planned maintenance, ask nobody for a reason."""

from datetime import timedelta
from uuid import uuid4

import pytest

from mes.live.tiles import tiles_of
from mes.plant.models import PlannedMaintenance
from mes.tracking.overrides import override_withdraw, unscheduled_say
from tests.live.conftest import NOW, Floor

STOPPED = ("Aborted", "down")
HOUR = timedelta(hours=1)


@pytest.fixture
def later(floor: Floor) -> timedelta:
    """The filler stands since NOW; three minutes later it is heard again."""
    for second in range(0, 181, 2):
        floor.hear(NOW + timedelta(seconds=second), good=0, state=STOPPED)
    return timedelta(seconds=180)


def test_not_scheduled_until_turns_a_stop_that_asks_into_time_that_asks_nobody(floor: Floor, later: timedelta) -> None:
    now = NOW + later
    assert tiles_of([floor.filler], now=now)["FILL-1"]["needs_reason"]
    said = unscheduled_say(
        place=floor.filler, starts_at=NOW, ends_at=NOW + HOUR, why="", key=uuid4(), actor="sue", at=now
    )
    tile = tiles_of([floor.filler], now=now)["FILL-1"]
    assert (tile["state"], tile["word"], tile["needs_reason"]) == ("planned", "Not scheduled", False)
    assert tile["target_rate_per_s"] == 0
    override_withdraw(override_id=said.pk, actor="sue", at=now)
    assert tiles_of([floor.filler], now=now)["FILL-1"]["needs_reason"]


def test_planned_maintenance_names_the_stop(floor: Floor, later: timedelta) -> None:
    PlannedMaintenance.objects.create(line=floor.filler.line, name="Overhaul", starts_at=NOW - HOUR, ends_at=NOW + HOUR)
    tile = tiles_of([floor.filler], now=NOW + later)["FILL-1"]
    assert (tile["state"], tile["word"], tile["detail"]) == ("planned", "Planned stop", "Overhaul")
    assert not tile["needs_reason"]
