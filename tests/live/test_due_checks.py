"""Due checks of real rows: runs, counts by the minute, stops and the checks that were made."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.downtime.models import Stop
from mes.live.due_checks import checks_due, pieces_made
from mes.production.models import Run
from mes.quality.models import Characteristic, Check, Trigger
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN = timedelta(minutes=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """The packer makes cola for WO-1 since six, after water for WO-0."""
    plant = small_plant()
    for number, item, start, end in (("WO-0", plant.water, -60, 0), ("WO-1", plant.cola, 0, None)):
        order = plant.order(number, item=item)
        Run.objects.create(
            work_center=plant.packer, order=order, item=item, starts_at=SIX + start * MIN,
            ends_at=None if end is None else SIX + end * MIN, started_by="otto",
        )  # fmt: skip
    return plant


def plan(plant: SmallPlant, kind: str, every: int | None = None, **more: object) -> Characteristic:
    made = Characteristic.objects.create(
        code=f"C-{kind}", name=kind, work_center=plant.packer, chart="individuals", **more
    )
    Trigger.objects.create(characteristic=made, kind=kind, every=every)
    return made


def checked(made: Characteristic, at: datetime) -> None:
    Check.objects.create(
        characteristic=made, work_center=made.work_center, at=at, values=[1], verdict="good", actor="q",
        recorded_at=at, key=uuid4(),
    )  # fmt: skip


def told(plant: SmallPlant, minute: float) -> dict[str, tuple[float, bool]]:
    found = checks_due([plant.packer], SIX + minute * MIN)
    return {one.characteristic.code: ((one.due.since - SIX) / MIN, one.overdue) for one in found}


def test_every_trigger_asks_from_stored_rows_in_few_queries(plant: SmallPlant) -> None:
    order = plant.packer.runs.get(ends_at=None).order
    counted(plant.packer, SIX + 4 * MIN, good=150, scrap=50, order=order)
    Stop.objects.create(work_center=plant.packer, starts_at=SIX + 10 * MIN, ends_at=SIX + 16 * MIN, state="Held")
    for kind, every in (("pieces", 200), ("minutes", 20), ("start", None), ("stop", 5)):
        plan(plant, kind, every)
    for kind in ("changeover", "first-piece", "last-piece"):
        plan(plant, kind)
    with CaptureQueriesContext(connection) as asked:
        found = told(plant, 20)
    assert found == {
        "C-start": (0, True), "C-changeover": (0, True), "C-pieces": (4, True), "C-first-piece": (4, True),
        "C-stop": (16, False), "C-minutes": (20, False),
    }  # fmt: skip
    assert len(asked) == 6
    assert told(plant, 19)["C-pieces"] == (4, False)  # the 15 minutes of grace are not over yet


def test_a_check_settles_it_and_one_taken_back_does_not(plant: SmallPlant) -> None:
    made = plan(plant, "start")
    checked(made, SIX + 2 * MIN)
    assert told(plant, 5) == {}
    Check.objects.update(withdrawn_at=SIX + 3 * MIN)
    assert told(plant, 5) == {"C-start": (0, False)}


def test_a_check_of_another_item_waits_for_that_item(plant: SmallPlant) -> None:
    plan(plant, "start", item=plant.water)
    assert told(plant, 5) == {}


def test_the_last_piece_asks_until_the_next_order_starts(plant: SmallPlant) -> None:
    plan(plant, "last-piece")
    Run.objects.filter(ends_at=None).update(ends_at=SIX + 60 * MIN)
    assert told(plant, 61) == {"C-last-piece": (60, False)}
    assert told(plant, 60 + 12 * 60) == {}
    order = plant.order("WO-2")
    Run.objects.create(
        work_center=plant.packer, order=order, item=plant.cola, starts_at=SIX + 70 * MIN, started_by="otto"
    )
    assert told(plant, 71) == {}


def test_archived_plans_and_other_machines_do_not_ask(plant: SmallPlant) -> None:
    made = plan(plant, "start")
    assert checks_due([plant.press], SIX + MIN) == []
    Characteristic.objects.filter(pk=made.pk).update(archived=True)
    assert told(plant, 5) == {}


def test_a_hold_is_about_the_pieces_of_the_minutes_it_touches(plant: SmallPlant) -> None:
    order = plant.packer.runs.get(ends_at=None).order
    counted(plant.packer, SIX + 4 * MIN, good=150, scrap=50, order=order)
    counted(plant.packer, SIX + 65 * MIN, good=7, order=order)
    assert pieces_made(plant.packer, order, SIX + 4.5 * MIN, SIX + 64 * MIN) == 200
    assert pieces_made(plant.packer, order, SIX + 5 * MIN, SIX + 65 * MIN) == 7
