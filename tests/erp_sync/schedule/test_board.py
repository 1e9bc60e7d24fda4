"""The board from rows: the rate of the exit of a serial line, ERP dates before our own, late ones first."""

from datetime import datetime, timedelta

import pytest

from erp_sync.schedule.board import LineBoard, boards
from erp_sync.schedule.finish import Basis
from mes.production.models import Run, WorkOrder
from mes.tracking.models import StateInterval
from tests.erp_sync.erp_rows import connection, link
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

NOON = SIX + timedelta(hours=2)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def running(plant: SmallPlant, number: str, *, due: timedelta) -> WorkOrder:
    """Since six on both machines of the serial line: 0.1 a second leave the packer, 0.5 a second the filler."""
    order = plant.order(number, quantity="1440")
    order.status, order.started_at, order.due_at = "running", SIX, SIX + due
    order.save()
    for place, pieces in ((plant.filler, 1800), (plant.packer, 360)):
        Run.objects.create(work_center=place, order=order, item=plant.cola, starts_at=SIX, started_by="otto")
        StateInterval.objects.create(work_center=place, starts_at=SIX, state="Running", kind="run")
        for hour in (0, 1):
            counted(place, SIX + timedelta(hours=hour, minutes=30), good=pieces, order=order, shift=plant.shift)
    return order


def board(plant: SmallPlant, now: datetime = NOON, limit: int = 10) -> LineBoard:
    return boards([plant.line_1], now, limit=limit)[0]


def test_the_end_is_reckoned_from_what_leaves_the_line(plant: SmallPlant) -> None:
    """1440 less 720 at 0.1 a second: 7200 s from eight o'clock; lunch begins just then and costs nothing."""
    running(plant, "WO-1", due=timedelta(hours=3))
    [row] = board(plant).rows
    assert (row.made.remaining, row.rate_per_h) == (720, 360)
    assert (row.outlook.basis, row.outlook.finish_at) == (Basis.RATE, SIX + timedelta(hours=4))
    assert row.outlook.late == timedelta(hours=1)


def test_a_break_moves_the_end(plant: SmallPlant) -> None:
    running(plant, "WO-1", due=timedelta(hours=9))
    WorkOrder.objects.update(quantity=1446)
    [row] = board(plant).rows
    assert row.outlook.finish_at == SIX + timedelta(hours=4, minutes=31)  # one minute after half an hour of lunch


def test_what_the_erp_says_of_the_dates_goes_first(plant: SmallPlant) -> None:
    order = running(plant, "WO-1", due=timedelta(hours=3))
    erp = connection(plant.line_1.area.site, NOON)
    link(
        erp, "7", NOON, order, request={"due_at": "2026-03-02T10:30:00+00:00", "starts_at": "2026-03-02T05:00:00+00:00"}
    )
    [row] = board(plant).rows
    assert (row.starts_at, row.due_at) == (SIX - timedelta(hours=1), SIX + timedelta(hours=4, minutes=30))
    assert row.outlook.late == timedelta(minutes=-30)


def test_late_orders_stand_first_and_those_that_ended_yesterday_not_at_all(plant: SmallPlant) -> None:
    running(plant, "WO-1", due=timedelta(hours=3))
    waits = plant.order("WO-2")
    WorkOrder.objects.filter(pk=waits.pk).update(due_at=SIX - timedelta(hours=5))
    gone = {"status": "completed", "completed_at": NOON - timedelta(hours=25)}
    WorkOrder.objects.filter(pk=plant.order("WO-3").pk).update(**gone)
    WorkOrder.objects.filter(pk=plant.order("WO-4").pk).update(**gone | {"completed_at": NOON - timedelta(hours=1)})
    found = board(plant)
    assert [row.order.number for row in found.rows] == ["WO-2", "WO-1", "WO-4"]
    assert found.late == 2


def test_a_machine_that_runs_without_counting_has_no_rate(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    WorkOrder.objects.filter(pk=order.pk).update(status="running", started_at=SIX)
    Run.objects.create(work_center=plant.packer, order=order, item=plant.cola, starts_at=SIX, started_by="otto")
    [row] = board(plant).rows
    assert (row.outlook.basis, row.rate_per_h) == (Basis.NO_RATE, None)


def test_only_so_many_that_wait_are_shown_and_the_others_counted(plant: SmallPlant) -> None:
    for n in range(5):
        plant.order(f"WO-{n}")
    found = board(plant, limit=3)
    assert (len(found.rows), found.more) == (3, 2)
