"""Rows against their plan: due so far, difference, running sum; and what cost the most time."""

from datetime import UTC, datetime, timedelta

from mes.hourly.rows import Made, compared, due_of
from mes.hourly.top_loss import MICRO, NO_DATA, NO_REASON, SETUP, WAITING, Loss, losses
from mes.oee.timeline import Owned, Owner
from mes.tracking.states import Kind

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOUR_MS = 3_600_000


def made(number: int, plan: int | None, good: int | None, elapsed: float = 1) -> Made:
    start = SIX + number * HOUR
    return Made(start, start + HOUR, plan, plan, good, 0, HOUR_MS, int(HOUR_MS * elapsed))


def test_differences_add_up_and_an_hour_that_has_not_begun_differs_from_nothing() -> None:
    rows = compared([made(0, 600, 590), made(1, 600, 650), made(2, 600, 280, 0.5), made(3, 600, None, 0)])
    assert [row.delta for row in rows] == [-10, 50, -20, None]
    assert [row.total_delta for row in rows] == [-10, 40, 20, None]
    assert [(row.behind, row.total_behind) for row in rows] == [
        (True, True),
        (False, False),
        (True, False),
        (False, False),
    ]


def test_an_hour_without_a_plan_leaves_the_running_sum_alone() -> None:
    rows = compared([made(0, 100, 90), made(1, None, 70), made(2, 100, 100)])
    assert [row.total_delta for row in rows] == [-10, None, -10]


def test_on_plan_is_not_behind() -> None:
    [row] = compared([made(0, 100, 100)])
    assert (row.delta, row.behind, row.total_behind) == (0, False, False)


def test_a_plan_is_due_as_far_as_planned_time_has_passed_rounded_down() -> None:
    assert due_of(100, HOUR_MS, HOUR_MS // 3) == 33
    assert due_of(100, HOUR_MS, 0) == 0
    assert due_of(100, 0, 0) == 100


def owned(start: int, end: int, owner: Owner, reason: str | None = None, kind: Kind = Kind.DOWN) -> Owned:
    return Owned(start * 60_000, end * 60_000, owner, reason=reason, kind=kind)


def test_r19_waiting_micro_stops_and_missing_data_are_never_the_first_loss_beside_an_own_one() -> None:
    found = losses(
        [
            owned(0, 30, Owner.UNPLANNED_STOP, kind=Kind.WAITING),
            owned(30, 40, Owner.UNKNOWN),
            owned(40, 48, Owner.MICRO_STOP),
            owned(48, 50, Owner.UNPLANNED_STOP, "Jam"),
            owned(50, 53, Owner.SETUP, kind=Kind.SETUP),
            owned(53, 54, Owner.UNPLANNED_STOP),
            owned(54, 60, Owner.RUN),
        ],
        0,
        60 * 60_000,
    )
    named = [(loss.reason, loss.lost_ms // 60_000) for loss in found]
    assert named == [(SETUP, 3), ("Jam", 2), (NO_REASON, 1), (WAITING, 30), (NO_DATA, 10), (MICRO, 8)]


def test_only_what_lies_in_the_hour_counts_and_planned_stops_are_no_loss() -> None:
    stretches = [owned(50, 70, Owner.UNPLANNED_STOP, "Jam"), owned(70, 90, Owner.PLANNED_STOP, "Break")]
    assert losses(stretches, 60 * 60_000, 120 * 60_000) == [Loss("Jam", 600_000)]
    assert losses(stretches, 200 * 60_000, 260 * 60_000) == []
