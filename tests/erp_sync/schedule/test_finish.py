"""When an order ends at the present rate: every figure reckoned by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from erp_sync.schedule.finish import Basis, Known, outlook, rate_window, worked_until

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)


def after(**time: float) -> datetime:
    return SIX + timedelta(**time)


def known(**change: Any) -> Known:
    fields: dict[str, Any] = {"remaining": Decimal(600), "starts_at": None, "due_at": after(minutes=100)}
    fields |= {"started_at": SIX, "ended_at": None, "runs": True, "rate_per_s": Decimal("0.1")}
    return Known(**(fields | change))


WORKING = [(SIX, after(minutes=60)), (after(minutes=90), after(hours=8))]


def test_pieces_left_at_the_rate_end_after_the_break_and_so_late() -> None:
    found = outlook(known(), WORKING, SIX)  # 6000 s = 100 min of work, 30 min of break between
    assert (found.basis, found.finish_at, found.late) == (Basis.RATE, after(minutes=130), timedelta(minutes=30))
    assert found.is_late


def test_an_order_with_time_to_spare_is_not_late() -> None:
    found = outlook(known(due_at=after(minutes=150)), WORKING, SIX)
    assert (found.late, found.is_late) == (timedelta(minutes=-20), False)


def test_work_that_no_known_shift_can_hold_has_no_end() -> None:
    found = outlook(known(remaining=Decimal(60_000)), WORKING, SIX)
    assert (found.basis, found.finish_at, found.late) == (Basis.NO_CALENDAR, None, None)


def test_without_a_rate_nobody_knows_and_a_passed_due_date_is_the_least() -> None:
    found = outlook(known(rate_per_s=None, due_at=SIX - timedelta(hours=3)), WORKING, SIX)
    assert (found.basis, found.finish_at, found.late, found.at_least) == (Basis.NO_RATE, None, timedelta(hours=3), True)
    assert outlook(known(rate_per_s=Decimal(0)), WORKING, SIX).basis is Basis.NO_RATE


def test_an_order_that_should_have_started_says_since_when() -> None:
    waits = known(started_at=None, runs=False, starts_at=SIX - timedelta(minutes=45))
    assert outlook(waits, [], SIX).start_late == timedelta(minutes=45)
    assert outlook(known(started_at=None, runs=False), [], SIX).start_late is None


def test_made_paused_and_ended_orders_say_so() -> None:
    assert outlook(known(remaining=Decimal(0)), [], SIX).basis is Basis.MADE
    assert outlook(known(runs=False), [], SIX).basis is Basis.STANDS
    ended = outlook(known(ended_at=after(hours=2)), [], after(hours=3))
    assert (ended.basis, ended.late) == (Basis.ENDED, timedelta(minutes=20))


def test_the_latest_comes_first_then_overdue_starts_then_the_tightest() -> None:
    late = outlook(known(), WORKING, SIX)
    later = outlook(known(due_at=SIX - timedelta(days=1), runs=False), WORKING, SIX)
    overdue = outlook(known(started_at=None, runs=False, starts_at=SIX - timedelta(hours=1)), [], SIX)
    tight = outlook(known(due_at=after(minutes=140)), WORKING, SIX)
    easy = outlook(known(due_at=after(hours=9)), WORKING, SIX)
    unknown = outlook(known(due_at=None, rate_per_s=None), WORKING, SIX)
    ended = outlook(known(ended_at=SIX), [], SIX)
    wrong = [ended, unknown, easy, tight, overdue, late, later]
    assert sorted(wrong, key=lambda one: one.urgency) == [later, late, overdue, tight, easy, unknown, ended]


def test_the_rate_is_that_of_the_last_hour_of_running() -> None:
    ran = [(SIX, after(hours=2)), (after(hours=3), after(hours=3, minutes=20))]
    start, run = rate_window(ran, after(hours=4)) or (None, None)
    assert (start, run) == (after(hours=1, minutes=20), timedelta(hours=1))


def test_a_window_begins_with_a_full_minute_and_its_run_time_with_it() -> None:
    ran = [(SIX, after(hours=2, seconds=30))]
    assert rate_window(ran, after(hours=2, seconds=30)) == (after(hours=1), timedelta(hours=1, seconds=30))


def test_four_minutes_of_running_are_no_rate() -> None:
    assert rate_window([(SIX, after(minutes=4))], after(minutes=4)) is None
    assert rate_window([], SIX) is None


def test_working_time_is_counted_from_the_instant_on() -> None:
    assert worked_until(WORKING, after(minutes=50), timedelta(minutes=10)) == after(minutes=60)
    assert worked_until(WORKING, after(minutes=70), timedelta(minutes=10)) == after(minutes=100)
    assert worked_until([], SIX, timedelta(minutes=1)) is None
