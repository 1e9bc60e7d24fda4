"""R26: counts without an order wait in a list with a split proposed, and move to an order without losing a piece."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.plant.models import ChangedStretch, WorkCenter
from mes.production.models import IdealCycle, Run, WorkOrder
from mes.tracking.held import CountsRefused
from mes.tracking.late_write import flags_change
from mes.tracking.load import count_owners
from mes.tracking.models import CountFlag, CountHour
from mes.tracking.reading import CountFlagged
from mes.tracking.splits import Share, proposed_split
from mes.tracking.unassigned import (
    gap_parts,
    gap_split,
    gaps_unassigned,
    hours_assign,
    hours_unassigned,
    orders_in_question,
)
from tests.production.small_plant import SIX, SmallPlant, counted

MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = SIX + 10 * HOUR


def test_r26_a_split_goes_by_time_and_ideal_rate() -> None:
    """60 s at 1 s a piece and 60 s at 2 s a piece: 60 and 30 expected, so 100 pieces are 66 and 34."""
    shares = [Share("A", 60_000, Decimal(1)), Share("B", 60_000, Decimal(2))]
    assert proposed_split(100, shares) == [66, 34]
    assert proposed_split(100, [shares[0], Share("B", 60_000, None)]) == [50, 50]
    assert proposed_split(7, [Share("A", 0, Decimal(1)), Share("B", 0, Decimal(1))]) == [7, 0]
    assert proposed_split(7, []) == []


@given(st.integers(0, 10**6), st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 900)), min_size=1, max_size=6))
def test_r26_no_split_loses_a_piece(quantity: int, parts: list[tuple[int, int]]) -> None:
    shares = [Share(str(n), ms, Decimal(cycle) / 10) for n, (ms, cycle) in enumerate(parts)]
    proposed = proposed_split(quantity, shares)
    assert sum(proposed) == quantity
    assert min(proposed) >= 0


@pytest.fixture
def gap(plant: SmallPlant) -> CountFlag:
    """90 pieces between 07:00 and 07:30: WO-1 (0.8 s) until 07:20, then WO-2 (1.6 s): 1500 and 375 expected."""
    first, second = plant.order("WO-1"), plant.order("WO-2", item=plant.water)
    IdealCycle.objects.create(
        item=plant.water, work_center=plant.filler, ideal_cycle_s=Decimal("1.6"), valid_from=SIX - 99 * HOUR
    )
    for order, start, end in ((first, SIX, SIX + 80 * MIN), (second, SIX + 80 * MIN, None)):
        Run.objects.create(
            work_center=plant.filler, order=order, item=order.item, starts_at=start, ends_at=end, started_by="o"
        )
    return CountFlag.objects.create(
        work_center=plant.filler,
        kind="gap",
        role="good",
        quantity=90,
        from_at=SIX + 60 * MIN,
        to_at=SIX + 90 * MIN,
        shift=plant.shift,
    )


def test_r26_a_gap_over_two_orders_waits_with_a_split_and_is_counted_by_its_parts(gap: CountFlag) -> None:
    parts = gap_parts(gap)
    assert [(p.order.number, p.pieces) for p in parts] == [("WO-1", 72), ("WO-2", 18)]
    gap_split(flag_id=gap.pk, parts=[(p.order, p.pieces) for p in parts], actor="mia", at=LATER)
    rows = CountFlag.objects.filter(kind="gap").order_by("from_at").values_list("order__number", "quantity")
    assert list(rows) == [("WO-1", 72), ("WO-2", 18)]
    spans = CountFlag.objects.filter(kind="gap").order_by("from_at").values_list("from_at", "to_at")
    assert list(spans) == [(SIX + 60 * MIN, SIX + 80 * MIN), (SIX + 80 * MIN, SIX + 90 * MIN)]
    gap.refresh_from_db()
    assert (gap.kind, gap.decision) == ("replaced", "split")
    assert not gaps_unassigned(WorkCenter.objects.all(), SIX).exists()
    mark = ChangedStretch.objects.get()
    assert (mark.starts_at, mark.ends_at) == (SIX + 60 * MIN, SIX + 90 * MIN)


def test_parts_that_do_not_add_up_are_refused_and_the_second_person_is_told_r42(gap: CountFlag) -> None:
    order = WorkOrder.objects.get(number="WO-1")
    with pytest.raises(CountsRefused, match="add up to 90"):
        gap_split(flag_id=gap.pk, parts=[(order, 89)], actor="mia", at=LATER)
    gap_split(flag_id=gap.pk, parts=[(order, 90)], actor="mia", at=LATER)
    with pytest.raises(CountsRefused, match="mia gave these pieces"):
        gap_split(flag_id=gap.pk, parts=[(order, 90)], actor="otto", at=LATER)
    assert CountFlag.objects.filter(kind="gap").count() == 1


def test_r26_hours_without_an_order_are_listed_by_machine_and_shift(plant: SmallPlant) -> None:
    counted(plant.filler, SIX + 30 * MIN, good=40, scrap=2, shift=plant.shift)
    counted(plant.filler, SIX + 90 * MIN, good=10, shift=plant.shift)
    counted(plant.packer, SIX + 30 * MIN, good=7, order=plant.order("WO-9"), shift=plant.shift)
    (one,) = hours_unassigned(WorkCenter.objects.all(), SIX, LATER)
    assert (one.work_center.code, one.good, one.scrap, one.pieces) == ("FILL", 50, 2, 52)
    assert (one.first_hour, one.end) == (SIX, SIX + 2 * HOUR)


def test_r26_assigned_pieces_join_what_the_order_has_in_that_hour_already(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    counted(plant.filler, SIX + 30 * MIN, good=40, scrap=2, shift=plant.shift)
    counted(plant.filler, SIX + 40 * MIN, good=5, order=order, shift=plant.shift)
    said = {"work_center": plant.filler, "shift": plant.shift, "start": SIX, "end": SIX + HOUR, "order": order}
    assert hours_assign(**said, seen=42, actor="mia", at=LATER) == 42
    row = CountHour.objects.get()
    assert (row.order, row.item, row.good_sum, row.scrap_sum) == (order, plant.cola, 45, 2)
    assert (row.good[30], row.good[40], row.scrap[30]) == (40, 5, 2)
    with pytest.raises(CountsRefused, match="0 pieces without an order now, not 42"):
        hours_assign(**said, seen=42, actor="otto", at=LATER)


def test_an_order_of_another_line_is_refused(plant: SmallPlant) -> None:
    counted(plant.filler, SIX, good=1, shift=plant.shift)
    order = plant.order("WO-2", line=plant.line_2)
    with pytest.raises(CountsRefused, match="not an order of LINE-1"):
        hours_assign(
            work_center=plant.filler,
            shift=plant.shift,
            start=SIX,
            end=SIX + HOUR,
            order=order,
            seen=1,
            actor="mia",
            at=LATER,
        )


def test_orders_in_question_are_those_that_ran_near_and_the_open_ones(gap: CountFlag, plant: SmallPlant) -> None:
    old = plant.order("WO-OLD")
    WorkOrder.objects.filter(pk=old.pk).update(status="completed")
    waiting = plant.order("WO-3")
    found = {order.number for order in orders_in_question(plant.filler, gap.from_at, gap.to_at)}
    assert found == {"WO-1", "WO-2", waiting.number}


def test_r24_a_gap_that_late_observations_tell_otherwise_takes_its_parts_with_it(gap: CountFlag) -> None:
    parts = [(part.order, part.pieces) for part in gap_parts(gap)]
    gap_split(flag_id=gap.pk, parts=parts, actor="mia", at=LATER)
    told = CountFlagged("gap", "good", gap.from_at, gap.to_at, 90, "")
    flags_change(gap.work_center_id, [told], [], count_owners({}))
    assert not CountFlag.objects.exists()
