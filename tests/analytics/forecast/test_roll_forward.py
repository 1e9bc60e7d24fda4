"""The queue laid on the calendar: by hand arithmetic, behind the queue, and at a place that nobody knows exactly."""

import numpy as np
import pytest

from analytics.forecast import roll_forward
from analytics.forecast.own_rates import OwnRates
from analytics.forecast.roll_forward import laid, plan_of
from analytics.forecast.series import Queue, Queued

NAN = float("nan")


def rates(level: float = 1.0, mix: float = 1.5, changeover_min: float = NAN) -> OwnRates:
    return OwnRates(level, {}, {"C": 3.0}, mix, changeover_min, 0.0)


def queue(*orders: tuple[str, float, float, float]) -> Queue:
    return Queue(0, tuple(Queued(*order) for order in orders))


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_forward, "SLIP", 0.0)


@pytest.mark.usefixtures("exact")
def test_orders_take_their_time_at_the_own_rate_and_a_change_makes_nothing() -> None:
    # 60 pieces at 1 a minute: one hour. 30 minutes of change, then 30 minutes at 2 a minute: 60. Then 120.
    plan = queue(("A", 60, 60, 0), ("B", 1000, 120, 30))
    assert laid(plan, rates(), "A", np.full(3, 60.0)) == pytest.approx([60, 60, 120])


@pytest.mark.usefixtures("exact")
def test_a_line_at_half_its_ideal_rate_takes_twice_as_long() -> None:
    # A for two hours at half a piece a minute; the change still takes 30 minutes; then half of 120.
    plan = queue(("A", 60, 60, 0), ("B", 1000, 120, 30))
    assert laid(plan, rates(level=0.5), "A", np.full(4, 60.0)) == pytest.approx([30, 30, 30, 60])


@pytest.mark.usefixtures("exact")
def test_behind_the_queue_stands_the_usual_mix() -> None:
    assert laid(queue(("A", 30, 60, 0)), rates(), "A", np.full(2, 60.0)) == pytest.approx([30 + 30 * 1.5, 90])
    assert laid(None, rates(), "", np.full(2, 60.0)) == pytest.approx([90, 90])


@pytest.mark.usefixtures("exact")
def test_where_nothing_is_planned_exactly_nothing_is_made() -> None:
    made = laid(queue(("A", 90, 60, 0)), rates(), "A", np.array([60.0, 0.0, 60.0]))
    assert made == pytest.approx([60, 0, 30 + 30 * 1.5])
    assert made[1] == 0.0


@pytest.mark.usefixtures("exact")
def test_another_item_on_the_line_means_a_change_first_and_measured_minutes_win() -> None:
    # The line holds B: 20 measured minutes (the plan says 50) before A's first piece.
    first = laid(queue(("A", 600, 60, 50)), rates(changeover_min=20.0), "B", np.full(1, 60.0))
    assert first == pytest.approx([40])


def test_an_order_without_an_ideal_rate_runs_at_its_item_or_the_mix() -> None:
    times, pieces = plan_of(queue(("C", 30, 0, 0), ("D", 30, 0, 0)), rates(changeover_min=0.0), "C", 60)
    # C was seen at 3 a minute: 10 minutes; nobody ever saw D: 1.5 a minute, 20 minutes.
    assert times.tolist() == [0, 10, 10, 30]
    assert pieces.tolist() == [0, 30, 30, 60]


def test_slip_smooths_the_step_between_two_items_and_leaves_a_steady_line_alone() -> None:
    minutes = np.full(40, 60.0)
    steady = laid(queue(("A", 1e6, 60, 0)), rates(), "A", minutes)
    assert steady == pytest.approx(np.full(40, 60.0))
    step = laid(queue(("A", 1200, 60, 0), ("B", 1e6, 120, 0)), rates(), "A", minutes)
    assert 60 < step[19] < step[20] < 120  # the 20th hour is the last of A by the plan, and may be B already
    assert (step[0], step[39]) == pytest.approx((60, 120))
    assert (np.diff(step) >= -1e-9).all()
