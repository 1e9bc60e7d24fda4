"""The engine's UTC never runs backwards, whatever is done to the host's clock."""

import itertools
from datetime import UTC, datetime, timedelta

from mes.plc.engine_clock import SteadyUtc, SystemClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_it_follows_a_clock_that_runs_true() -> None:
    steady = SteadyUtc()
    assert [steady.read(100.0 + s, at(s)) for s in (0, 1, 2.5)] == [at(0), at(1), at(2.5)]


def test_it_jumps_forward_with_the_clock() -> None:
    steady = SteadyUtc()
    steady.read(100.0, at(0))
    assert steady.read(101.0, at(3601)) == at(3601)


def test_it_slows_down_by_a_tenth_when_the_clock_was_set_back_until_both_agree() -> None:
    steady = SteadyUtc()
    steady.read(100.0, at(0))
    seen = [steady.read(100.0 + s, at(s - 0.5)) for s in range(1, 9)]
    assert seen[:4] == [at(0.9), at(1.8), at(2.7), at(3.6)]
    assert seen[4] == at(4.5)  # caught up: the host says 4.5 as well
    assert seen[5:] == [at(5.5), at(6.5), at(7.5)]


def test_an_hour_set_back_keeps_order_and_almost_keeps_distances() -> None:
    steady = SteadyUtc()
    steady.read(100.0, at(0))
    seen = [steady.read(100.0 + s, at(s - 3600)) for s in range(1, 100)]
    assert all(b - a == timedelta(seconds=0.9) for a, b in itertools.pairwise(seen))
    assert 3580 < steady.ahead_s < 3600


def test_the_systems_clock_gives_aware_utc() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
