"""Gaps, heartbeats, no production, attribution to orders, factors, good against rejects: R18, R26 to R28."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.tracking.rules import (
    ActiveOrder,
    Attribution,
    Factor,
    Reconciled,
    attribute,
    heartbeat_frozen,
    is_gap,
    no_production_start,
    pieces,
    reconcile,
    tag_quality,
)

# Other work on the machine must not fail a property for being slow.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_r18_a_gap_is_more_than_three_periods_without_a_sample() -> None:
    assert [is_gap(NOON, after(s), 1) for s in (1, 3, 3.001)] == [False, False, True]
    assert is_gap(NOON, after(1), Decimal("0.25"))
    assert not is_gap(None, NOON, 1)


def test_r18_a_live_machine_without_counts_stops_after_its_cycles_back_dated_to_the_piece_that_was_due() -> None:
    assert no_production_start(NOON, after(59.9), Decimal(6), 10) is None
    assert no_production_start(NOON, after(60), Decimal(6), 10) == after(6)
    assert no_production_start(NOON, after(900), Decimal(6), 10) == after(6)


def test_r18_nothing_is_concluded_without_a_last_count_or_an_ideal_cycle() -> None:
    assert no_production_start(None, NOON, Decimal(6)) is None
    assert no_production_start(NOON, after(9999), None) is None


def test_a_heartbeat_is_frozen_after_five_seconds() -> None:
    assert [heartbeat_frozen(NOON, after(s)) for s in (4.9, 5)] == [False, True]
    assert not heartbeat_frozen(None, NOON)


@pytest.mark.parametrize(
    ("good", "last_good", "quality"),
    [(True, 0, "good"), (False, 0, "bad"), (False, -10, "stale"), (True, -10, "stale"), (False, None, "bad")],
)
def test_a_bad_read_is_data_and_old_data_is_stale(good: bool, last_good: int | None, quality: str) -> None:
    at = None if last_good is None else after(last_good)
    assert tag_quality(good, at, NOON, 1) == quality


ORDERS = [ActiveOrder(NOON, after(60), "1", "A"), ActiveOrder(after(60), None, "2", "B")]


def test_r26_a_sample_belongs_to_the_order_active_at_its_time() -> None:
    assert attribute(after(58), after(59), 3, ORDERS, gap=False) == Attribution("1", "A")
    assert attribute(after(59), after(60), 3, ORDERS, gap=False) == Attribution("2", "B")


def test_r26_counts_without_an_order_go_to_the_unassigned_list() -> None:
    assert attribute(after(-2), after(-1), 3, ORDERS, gap=False) == Attribution(None, None)
    assert attribute(after(-2), after(-1), 3, [], gap=True) == Attribution(None, None)


def test_r26_a_gap_inside_one_order_is_that_orders() -> None:
    assert attribute(after(10), after(50), 30, ORDERS, gap=True) == Attribution("1", "A")
    assert attribute(after(70), after(500), 30, ORDERS, gap=True) == Attribution("2", "B")


def test_r26_a_gap_over_two_orders_is_unassigned_with_a_split_proposed() -> None:
    said = attribute(after(30), after(120), 10, ORDERS, gap=True)
    assert said == Attribution(None, None, (("1", 3), ("2", 7)))  # 30 s and 60 s: 3.33 rounded down, the rest


def test_r26_a_gap_that_begins_before_its_order_is_only_proposed() -> None:
    assert attribute(after(-30), after(30), 10, ORDERS, gap=True) == Attribution(None, None, (("1", 10),))


@calm
@given(st.integers(0, 10_000), st.integers(-50, 200), st.integers(1, 300))
def test_r26_a_proposed_split_never_loses_a_piece(quantity: int, start: int, length: int) -> None:
    said = attribute(after(start), after(start + length), quantity, ORDERS, gap=True)
    assert not said.proposal or sum(share for _, share in said.proposal) == quantity


def test_r27_factors_hold_from_their_date() -> None:
    factors = [Factor(after(60), Decimal(8)), Factor(NOON, Decimal(4))]
    assert [pieces(10, after(s), factors) for s in (-1, 0, 59, 60)] == [10, 40, 40, 80]
    assert pieces(3, NOON, [Factor(NOON, Decimal("0.5"))]) == Decimal("1.5")


@pytest.mark.parametrize(
    ("total", "rejects", "typed", "good", "scrap", "conflict"),
    [
        (100, 7, 0, 93, 7, False),
        (100, None, 4, 96, 4, False),
        (100, 7, 5, 93, 7, False),  # people gave reasons for five of the seven
        (100, 7, 9, 91, 9, True),
        (5, 7, 0, 0, 5, True),
        (0, None, 0, 0, 0, False),
    ],
)
def test_r28_total_less_rejects_is_good_and_never_negative(
    total: int, rejects: int | None, typed: int, good: int, scrap: int, conflict: bool
) -> None:
    result = reconcile(total, rejects, typed)
    assert result == Reconciled(good, scrap, result.conflict)
    assert (result.conflict is not None) is conflict
    assert result.good + result.scrap == total
