"""Counter deltas: rules R22 to R24, the vectors of rollover, reset, jump and resync, and long random runs."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.tracking.rules import CounterRule, Delta, DeltaKind, counter_delta, is_newer

# Other work on the machine must not fail a property for being slow.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FIVE_PER_S = Decimal(5)
PLAIN = CounterRule(2**31, FIVE_PER_S)


def test_r22_the_first_reading_counts_nothing() -> None:
    assert counter_delta(None, 4711, 1, PLAIN) == Delta(DeltaKind.BASELINE, 0, 0)


@pytest.mark.parametrize(
    ("last", "value", "rule", "expected"),
    [
        (2**31 - 2, 3, PLAIN, Delta(DeltaKind.ROLLOVER, 5)),
        (2**31 - 1, -(2**31) + 1, CounterRule(2**32, FIVE_PER_S, -(2**31)), Delta(DeltaKind.ROLLOVER, 2)),
        (100, 2, PLAIN, Delta(DeltaKind.RESET, 2)),
        (100, 5000, PLAIN, Delta(DeltaKind.JUMP, 0, 4900)),
        (50, 49, PLAIN, Delta(DeltaKind.RESYNC, 0)),
        (7, 7, PLAIN, Delta(DeltaKind.OK, 0)),
        (7, 12, PLAIN, Delta(DeltaKind.OK, 5)),
        (0, 7, PLAIN, Delta(DeltaKind.OK, 7)),  # 5 in a second and a slack of 2
        (0, 8, PLAIN, Delta(DeltaKind.JUMP, 0, 8)),
        (100, 0, PLAIN, Delta(DeltaKind.RESET, 0)),
        (32767, -32768, CounterRule(2**16, FIVE_PER_S, -(2**15)), Delta(DeltaKind.ROLLOVER, 1)),  # SLC, 16 bits signed
        (9998, 2, CounterRule(9999, FIVE_PER_S, 1), Delta(DeltaKind.ROLLOVER, 3)),  # counts 1 to 9999
        (2**31 + 4, 3, PLAIN, Delta(DeltaKind.RESET, 3)),  # read before the modulus was set
        (100, 8, PLAIN, Delta(DeltaKind.RESYNC, 0)),  # too much to be counts since a reset
    ],
)
def test_r23_vectors_a_second_apart(last: int, value: int, rule: CounterRule, expected: Delta) -> None:
    assert counter_delta(last, value, 1, rule) == expected
    assert counter_delta(last, value, 1.0, rule) == expected
    assert counter_delta(last, value, Decimal(1), rule) == expected


@pytest.mark.parametrize("modulus", [2**15, 2**16, 2**31, 2**32, 10_000])
def test_r23_counters_of_every_width_roll_over_without_losing_a_piece(modulus: int) -> None:
    rule = CounterRule(modulus, FIVE_PER_S)
    made = [0, 3, 5, 0, 4, 5, 2]
    raw, last, counted = modulus - 9, None, 0
    for pieces in made:
        raw = (raw + pieces) % modulus
        delta = counter_delta(last, raw, 1, rule)
        counted, last = counted + delta.quantity, raw
    assert counted == sum(made[1:])


@pytest.mark.parametrize(("floor", "modulus"), [(0, 2**16), (-(2**31), 2**32), (1, 9999)])
def test_r23_a_value_the_counter_cannot_have_is_invalid_and_keeps_the_last_reading(floor: int, modulus: int) -> None:
    rule = CounterRule(modulus, FIVE_PER_S, floor)
    for value in (floor - 1, floor + modulus):
        delta = counter_delta(floor + 10, value, 1, rule)
        assert (delta, delta.moves_cursor) == (Delta(DeltaKind.INVALID), False)
        assert counter_delta(None, value, 1, rule).kind is DeltaKind.INVALID
    assert counter_delta(floor + 10, floor + 11, 1, rule).moves_cursor


def test_r23_a_counter_without_a_modulus_never_wraps_and_may_be_any_size() -> None:
    rule = CounterRule(None, FIVE_PER_S)
    assert counter_delta(2**40, 2**40 + 3, 1, rule) == Delta(DeltaKind.OK, 3)
    assert counter_delta(2**31 - 2, 3, 1, rule) == Delta(DeltaKind.RESET, 3)


def test_r23_a_restart_the_controller_announces_counts_from_zero_even_where_the_value_grew() -> None:
    assert counter_delta(2, 6, 1, PLAIN, epoch_changed=True) == Delta(DeltaKind.RESET, 6)
    assert counter_delta(2, 7, 1, PLAIN, epoch_changed=True) == Delta(DeltaKind.RESET, 7)
    assert counter_delta(2, 8, 1, PLAIN, epoch_changed=True) == Delta(DeltaKind.JUMP, 0, 8)
    preset = CounterRule(2**31, FIVE_PER_S, reset_to=1000)
    assert counter_delta(4000, 1003, 1, preset) == Delta(DeltaKind.RESET, 3)
    assert counter_delta(4000, 900, 1, preset, epoch_changed=True) == Delta(DeltaKind.RESYNC)


def test_r23_a_restart_gap_is_judged_by_its_length() -> None:
    assert counter_delta(100, 5000, 1000, PLAIN) == Delta(DeltaKind.OK, 4900)
    assert counter_delta(100, 5000, 10, PLAIN) == Delta(DeltaKind.JUMP, 0, 4900)
    assert counter_delta(5000, 900, 600, PLAIN) == Delta(DeltaKind.RESET, 900)


@pytest.mark.parametrize("dt_s", [0, -5, Decimal("0"), -0.5])
def test_a_reading_without_time_between_has_only_the_slack(dt_s: float | Decimal) -> None:
    assert counter_delta(10, 12, dt_s, PLAIN) == Delta(DeltaKind.OK, 2)
    assert counter_delta(10, 13, dt_s, PLAIN) == Delta(DeltaKind.JUMP, 0, 3)


def test_the_believed_rate_is_exact_at_its_edge() -> None:
    rule = CounterRule(None, Decimal("0.3"), slack=0)
    assert counter_delta(0, 3, Decimal(10), rule).kind is DeltaKind.OK
    assert counter_delta(0, 4, Decimal("13.3333"), rule).kind is DeltaKind.JUMP


@calm
@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=60),
    st.sampled_from([2**15, 2**16, 10_000]),
    st.integers(0, 2**15 - 1),
)
def test_r23_any_production_within_the_believed_rate_is_counted_exactly(
    pieces: list[int], modulus: int, start: int
) -> None:
    raw = start % modulus
    last, counted = raw, 0
    for made in pieces:
        raw = (raw + made) % modulus
        counted += counter_delta(last, raw, 1, CounterRule(modulus, FIVE_PER_S)).quantity
        last = raw
    assert counted == sum(pieces)


@calm
@given(st.integers(-(2**33), 2**33), st.integers(-(2**33), 2**33), st.floats(0, 1e6), st.booleans())
def test_no_reading_ever_counts_below_zero_or_above_what_is_believed(
    last: int, value: int, dt_s: float, epoch: bool
) -> None:
    delta = counter_delta(last, value, dt_s, PLAIN, epoch_changed=epoch)
    assert 0 <= delta.quantity <= 5 * dt_s + 2
    assert delta.quarantined >= 0
    assert not (delta.quantity and delta.quarantined)


def test_r24_a_sample_is_new_only_beyond_the_last_fence_and_sequence() -> None:
    assert is_newer(None, 0, 0)
    assert [is_newer((3, 7), fence, seq) for fence, seq in ((3, 7), (3, 6), (2, 99), (3, 8), (4, 0))] == [
        False,
        False,
        False,
        True,
        True,
    ]


@calm
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_r24_repeats_and_late_copies_change_nothing(order: list[int], repeats: list[int]) -> None:
    """Samples arrive in order of sequence per stream; copies of old ones may follow at any time."""
    readings = [100, 103, 103, 108, 2, 6]
    last, cursor, counted = None, None, 0
    for seq in [*range(6), *order, *repeats]:
        if not is_newer(cursor, 1, seq):
            continue
        counted += counter_delta(last, readings[seq], 1, PLAIN).quantity
        last, cursor = readings[seq], (1, seq)
    assert counted == 3 + 0 + 5 + 2 + 4
