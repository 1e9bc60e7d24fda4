"""R28: total - reject = good; where people and the reject counter both report, the conflict is shown and decided."""

from datetime import timedelta
from uuid import uuid4

import pytest

from mes.plant.models import ChangedStretch, WorkCenter
from mes.production.models import WorkOrder
from mes.tracking.conflicts import scrap_conflicts, scrap_decide
from mes.tracking.held import CountsRefused
from mes.tracking.order_counts import made_of
from mes.tracking.scrap import scrap_enter
from tests.production.small_plant import SIX, SmallPlant, counted

MIN = timedelta(minutes=1)
LATER = SIX + timedelta(hours=3)


@pytest.fixture
def order(plant: SmallPlant) -> WorkOrder:
    """The packer made 200: 160 good, 40 rejected by its counter; otto entered 12 more as scrap."""
    order = plant.order("WO-1")
    counted(plant.packer, SIX + 30 * MIN, good=160, scrap=40, order=order, shift=plant.shift)
    scrap_enter(work_center=plant.packer, quantity=12, order=order, actor="otto", at=SIX + 40 * MIN, key=uuid4())
    return order


def made(order: WorkOrder) -> tuple[int, int]:
    numbers = made_of([order])[order.pk]
    return int(numbers.good), int(numbers.scrap)


def waiting() -> list[tuple[int, int]]:
    return [(one.counted, one.entered) for one in scrap_conflicts(WorkCenter.objects.all(), SIX)]


def test_r28_both_reported_is_a_question_in_words(order: WorkOrder) -> None:
    (one,) = scrap_conflicts(WorkCenter.objects.all(), SIX)
    assert one.text == "The reject counter says 40, people entered 12: are these the same pieces?"
    assert made(order) == (148, 52)


def test_r28_the_same_pieces_are_counted_once_and_good_is_total_less_reject(
    plant: SmallPlant, order: WorkOrder
) -> None:
    said = {"work_center": plant.packer, "shift": plant.shift, "counted": 40, "entered": 12, "actor": "mia"}
    assert scrap_decide(**said, same=True, at=LATER) is not None
    assert scrap_decide(**said, same=True, at=LATER) is None
    assert made(order) == (160, 40)
    assert waiting() == []
    assert ChangedStretch.objects.filter(why="scrap_decide").count() == 1


def test_r28_other_pieces_both_count_and_the_question_is_asked_again_when_a_number_changes(
    plant: SmallPlant, order: WorkOrder
) -> None:
    scrap_decide(work_center=plant.packer, shift=plant.shift, counted=40, entered=12, same=False, actor="mia", at=LATER)
    assert (made(order), waiting()) == ((148, 52), [])
    scrap_enter(work_center=plant.packer, quantity=1, order=order, actor="otto", at=SIX + 50 * MIN, key=uuid4())
    assert waiting() == [(40, 13)]


def test_r28_more_entered_than_rejected_leaves_the_larger_number(plant: SmallPlant, order: WorkOrder) -> None:
    scrap_enter(work_center=plant.packer, quantity=38, order=order, actor="otto", at=SIX + 50 * MIN, key=uuid4())
    scrap_decide(work_center=plant.packer, shift=plant.shift, counted=40, entered=50, same=True, actor="mia", at=LATER)
    assert made(order) == (150, 50)  # of 200 made, 50 are scrap
    assert waiting() == []


def test_r42_numbers_that_changed_meanwhile_are_told_and_nothing_is_decided(
    plant: SmallPlant, order: WorkOrder
) -> None:
    with pytest.raises(CountsRefused, match="The reject counter says 40 now and people entered 12"):
        scrap_decide(
            work_center=plant.packer, shift=plant.shift, counted=40, entered=11, same=True, actor="mia", at=LATER
        )
    assert waiting() == [(40, 12)]


def test_r28_more_scrap_than_pieces_is_shown_and_never_negative(plant: SmallPlant) -> None:
    from mes.tracking.rules import reconcile

    counted(plant.filler, SIX, good=5, scrap=0, shift=plant.shift)
    assert reconcile(5, None, 9) == reconcile(5, 9, 0)
    assert reconcile(5, None, 9).good == 0
