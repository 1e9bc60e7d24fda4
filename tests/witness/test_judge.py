"""The judge of counters: what border, buffer and tolerance allow, who is believed, and what is never claimed.

Expected figures are reckoned by hand in the comments.
"""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.witness.judge import (
    Comparison,
    Hour,
    Link,
    Status,
    Word,
    consistency_of,
    counted_between,
    judge,
    minutes_between,
    summed,
)

HALF_PERCENT = Decimal("0.005")


def compared(
    counted: int,
    said: int,
    *,
    machine: str = "A",
    other: str | None = "B",
    loose: int = 2,
    tolerance: Decimal = HALF_PERCENT,
) -> Comparison:
    kind = "neighbour" if other else "tally"
    return Comparison(
        machine, kind, Decimal(counted), Decimal(counted), Decimal(said), Decimal(loose), tolerance, other
    )


def hour(counted: int, said: int, *, loose: int = 0, doubtful: int = 0, blind: bool = False) -> Hour:
    return Hour(Decimal(counted), Decimal(said), Decimal(loose), Decimal(doubtful), blind)


def statuses(codes: str, *comparisons: Comparison) -> str:
    """One letter a machine: w, u or c."""
    return "".join(verdict.status.value[0] for verdict in judge(codes, comparisons).values())


def test_a_difference_within_border_and_tolerance_agrees_and_one_piece_more_differs() -> None:
    # 1000 seen: 2 pieces at the borders and 0.5 % = 5 pieces are allowed, 7 together
    assert compared(1007, 1000).word is Word.AGREES
    assert compared(993, 1000).word is Word.AGREES
    assert compared(1008, 1000).word is Word.DIFFERS
    assert compared(992, 1000).word is Word.DIFFERS


def test_a_count_known_by_the_minute_only_may_be_anywhere_in_its_range() -> None:
    # 90 to 110 counted, 111 seen: 11 from the middle; 10 by the range, 2 at the borders and half a piece are allowed
    ranged = Comparison("A", "tally", Decimal(90), Decimal(110), Decimal(111), Decimal(2), HALF_PERCENT)
    assert ranged.word is not Word.DIFFERS
    assert replace(ranged, said=Decimal(113)).word is Word.DIFFERS


def test_a_buffer_allows_its_whole_size_and_no_more_however_long_the_stretch_is() -> None:
    # Buffer 200 with borders 2: an hour of 1000 may differ by 202 (+ 5), eight hours of 1000 each by 202 (+ 40) too
    assert compared(1000, 800, loose=202).word is not Word.DIFFERS
    whole = summed(Link("A", "neighbour", Decimal(202), HALF_PERCENT, "B"), [hour(1000, 950)] * 8)
    assert whole is not None
    assert whole.excess == 8 * 50 - 202 - 38  # 0.5 % of 7600 seen is 38


def test_each_unbroken_run_of_hours_has_a_buffer_of_its_own_and_blind_hours_are_left_out() -> None:
    link = Link("A", "neighbour", Decimal(12), HALF_PERCENT, "B")
    whole = summed(link, [hour(100, 90), hour(100, 90), hour(7, 99, blind=True), hour(100, 90)])
    assert whole is not None
    assert (whole.counted, whole.said, whole.loose) == (300, 270, 24)
    assert summed(link, [hour(7, 99, blind=True)]) is None


def test_pieces_of_a_neighbouring_hour_matter_at_the_ends_of_a_run_and_rework_always() -> None:
    link = Link("A", "neighbour", Decimal(12), HALF_PERCENT, "B")
    inside = [hour(100, 90), hour(100, 90, loose=40), hour(100, 90)]
    at_the_end = [hour(100, 90), hour(100, 90, loose=40, doubtful=3)]
    told = [summed(link, hours) for hours in (inside, at_the_end)]
    assert [one.loose for one in told if one] == [12, 12 + 40 + 3]


def test_a_blunt_witness_vouches_for_nothing_but_may_contradict() -> None:
    # With a buffer of 500 an hour of 600 pieces that differ by 400 proves nothing, in either direction
    assert compared(600, 200, loose=500).word is Word.BLUNT
    assert statuses("AB", compared(600, 590, loose=500)) == "uu"
    assert statuses("AB", compared(1600, 200, loose=500)) == "cc"


def test_nothing_compared_is_unwitnessed_never_witnessed() -> None:
    assert statuses("AB") == "uu"
    assert compared(0, 0).word is Word.SILENT
    assert statuses("AB", compared(0, 0)) == "uu"
    assert consistency_of([]) is None
    assert consistency_of([compared(0, 0), compared(600, 590, loose=500)]) is None


def test_two_neighbours_that_agree_vouch_for_each_other_and_that_differ_are_both_in_doubt() -> None:
    assert statuses("AB", compared(1000, 1003)) == "ww"
    assert statuses("AB", compared(1000, 500)) == "cc"


def test_in_a_chain_the_counter_that_stands_alone_is_found_and_its_neighbour_is_not_blamed() -> None:
    # B counts every second piece; C and D vouch for each other, so B is wrong, and B's word on A is worth nothing
    chain = [
        compared(1000, 500, machine="A", other="B"),
        compared(500, 1000, machine="B", other="C"),
        compared(1000, 1001, machine="C", other="D"),
    ]
    assert statuses("ABCD", *chain) == "ucww"


def test_two_pairs_that_differ_from_each_other_are_both_contradicted_at_the_break() -> None:
    chain = [
        compared(1000, 1000, machine="A", other="B"),
        compared(1000, 700, machine="B", other="C"),
        compared(700, 700, machine="C", other="D"),
    ]
    assert statuses("ABCD", *chain) == "wccw"


def test_a_count_by_hand_is_believed_against_the_counter_and_decides_between_neighbours() -> None:
    assert statuses("A", compared(1000, 998, other=None)) == "w"
    assert statuses("A", compared(500, 998, other=None)) == "c"
    by_hand = compared(1000, 998, machine="A", other=None)
    assert statuses("AB", compared(1000, 500), by_hand) == "wc"
    against_b = compared(500, 998, machine="B", other=None)
    assert statuses("AB", compared(1000, 500), against_b) == "uc"


def test_the_bounds_reach_from_the_counters_own_word_to_what_the_witness_allows() -> None:
    verdict = judge("A", [compared(500, 1000, other=None)])["A"]  # allowed: 2 + 5
    assert verdict.low_share == 1
    assert verdict.high_share == Decimal(1007) / 500
    verdict = judge("A", [compared(1000, 500, other=None)])["A"]  # allowed: 2 + 2.5
    assert verdict.low_share == Decimal("495.5") / 1000
    assert verdict.high_share == 1
    assert verdict.worst is not None
    assert verdict.worst.difference == 500
    assert verdict.worst.share == 1


def test_the_neighbour_is_bounded_by_the_machine_before_it() -> None:
    verdict = judge("AB", [compared(1000, 500, loose=0, tolerance=Decimal(0))])["B"]
    assert (verdict.low_share, verdict.high_share) == (1, 2)


def test_a_counter_that_stood_at_zero_has_no_upper_bound() -> None:
    assert judge("A", [compared(0, 1000, other=None)])["A"].high_share is None


def test_what_is_not_contradicted_has_no_bounds() -> None:
    verdict = judge("AB", [compared(1000, 1003)])["A"]
    assert (verdict.status, verdict.low_share, verdict.high_share) == (Status.WITNESSED, 1, 1)


def test_consistency_is_one_less_the_unexplained_share_of_what_witnesses_saw() -> None:
    # 60 apart, 7 of it allowed: 53 of 1000 unexplained; the other witness agrees on 1000
    assert consistency_of([compared(940, 1000), compared(1000, 1000)]) == 1 - Decimal(53) / 2000
    assert consistency_of([compared(1000, 0)]) == 0
    assert consistency_of([compared(9000, 1000)]) == 0


def test_a_piece_at_a_border_can_lie_on_either_side_of_it() -> None:
    # readings each second, one piece every two seconds; the stretch is 10 s: 4 pieces surely, 6 at most
    readings = [(second * 1000, 100 + second // 2) for second in range(-2, 14, 2)]
    assert counted_between(readings, 1_000, 11_000) == (Decimal(4), Decimal(6))
    assert counted_between(readings, 1_000, 11_000, Decimal(4)) == (Decimal(16), Decimal(24))


def test_a_counter_that_stood_still_or_went_backwards_or_was_not_read_is_told_apart() -> None:
    assert counted_between([(-5_000, 7)], 0, 60_000) == (0, 0)
    assert counted_between([(-5_000, 900), (1_000, 3)], 0, 60_000) is None
    assert counted_between([(1_000, 3)], 0, 60_000) is None


def test_minutes_that_a_stretch_cuts_are_open() -> None:
    minutes = {0: 20, 60_000: 21, 120_000: 22, 180_000: 23}
    assert minutes_between(minutes, 60_000, 180_000) == (43, 43)
    assert minutes_between(minutes, 30_000, 150_000) == (21, 63)


@given(
    st.lists(st.integers(0, 10_000), min_size=2, max_size=6),
    st.integers(0, 300),
)
def test_nobody_is_contradicted_where_every_difference_lies_in_the_buffer(flow: list[int], buffer: int) -> None:
    counts = [flow[0] + min(piece, buffer) for piece in flow]
    codes = [str(place) for place in range(len(counts))]
    links = [
        compared(before, after, machine=codes[n], other=codes[n + 1], loose=buffer + 2)
        for n, (before, after) in enumerate(pairwise(counts))
    ]
    assert all(verdict.status is not Status.CONTRADICTED for verdict in judge(codes, links).values())


@given(st.lists(st.tuples(st.integers(0, 9_999), st.integers(0, 9_999)), max_size=5))
def test_bounds_always_hold_the_counters_own_word_and_consistency_lies_in_zero_to_one(pairs: list) -> None:
    comparisons = [compared(a, b, machine=str(n), other=str(n + 1)) for n, (a, b) in enumerate(pairs)]
    for verdict in judge([str(n) for n in range(len(pairs) + 1)], comparisons).values():
        assert verdict.low_share <= 1
        assert verdict.high_share is None or verdict.high_share >= 1
    share = consistency_of(comparisons)
    assert share is None or 0 <= share <= 1


@pytest.mark.parametrize("wrong", range(5))
def test_one_counter_that_counts_every_second_piece_is_found_wherever_it_stands(wrong: int) -> None:
    counts = [500 if place == wrong else 1000 for place in range(5)]
    chain = [compared(counts[n], counts[n + 1], machine="ABCDE"[n], other="ABCDE"[n + 1], loose=30) for n in range(4)]
    said = judge("ABCDE", chain)
    assert [code for code, verdict in said.items() if verdict.status is Status.CONTRADICTED] == ["ABCDE"[wrong]]
