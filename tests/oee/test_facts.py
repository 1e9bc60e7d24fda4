"""Stored facts over windows: what lies across a border is shared out once, and targets of units are not mixed."""

from mes.oee.counted import shared_out


def test_pieces_of_a_gap_across_a_shift_border_are_shared_out_and_none_is_lost() -> None:
    # 10 pieces in 300 s, the border after 100 s: 3 before, 7 after
    assert shared_out(10, (0, 300_000), (0, 100_000)) == 3
    assert shared_out(10, (0, 300_000), (100_000, 300_000)) == 7


def test_a_pulse_is_never_divided() -> None:
    assert shared_out(4, (5, 5), (5, 5)) == 4
