"""Target so far (R41) and elapsed planned time."""

from decimal import Decimal
from fractions import Fraction

from mes.oee.targets import TargetSegment, elapsed_planned_ms, target_so_far
from tests.oee.timeline_kit import MIN


def test_r41_planned_time_counts_whether_the_line_runs_or_not() -> None:
    assert target_so_far([TargetSegment("A", 60 * MIN, Decimal(6000))]).pieces == 600


def test_r41_a_target_rate_below_the_ideal_asks_for_less() -> None:
    assert target_so_far([TargetSegment("A", 60 * MIN, Decimal(6000), Decimal("0.85"))]).pieces == 510


def test_r41_segments_of_one_item_add_without_rounding() -> None:
    third = TargetSegment("A", MIN, Decimal(180_000))
    assert target_so_far([third, third, third]).pieces == 1
    assert target_so_far([third]).pieces == Fraction(1, 3)


def test_r41_items_are_never_mixed() -> None:
    target = target_so_far([TargetSegment("B", MIN, Decimal(1000)), TargetSegment("A", MIN, Decimal(2000))])
    assert (target.by_item, target.pieces) == ((("A", Fraction(30)), ("B", Fraction(60))), None)


def test_an_item_without_an_ideal_cycle_is_named_and_makes_no_target() -> None:
    target = target_so_far([TargetSegment("A", MIN, Decimal(1000)), TargetSegment("X", MIN, None)])
    assert (target.missing, target.pieces) == (("X",), None)
    assert target_so_far([]).pieces is None


def test_r41_elapsed_planned_time_leaves_out_breaks_and_unscheduled_time() -> None:
    scheduled, breaks = [(0, 240), (300, 480)], [(100, 130), (120, 140), (230, 310)]
    assert elapsed_planned_ms(0, 480, scheduled, breaks) == 420 - 40 - 10 - 10
    assert elapsed_planned_ms(0, 110, scheduled, breaks) == 100
    assert elapsed_planned_ms(110, 305, scheduled, breaks) == 130 - 30 - 10 + 5 - 5
    assert elapsed_planned_ms(300, 100, scheduled, breaks) == 0
