"""What a machine is expected to make when: jobs one after the other in working time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mes.hourly.expected import Job, expected_runs, less

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
MIN = timedelta(minutes=1)
END = SIX + 480 * MIN


def minutes(found: list) -> list[tuple[int, float, float]]:
    return [(n, (a - SIX) / MIN, (b - SIX) / MIN) for n, a, b in found]


def job(pieces: int, cycle_ms: int | None) -> Job:
    return Job(1, Decimal(pieces), None if cycle_ms is None else Decimal(cycle_ms))


def test_a_break_inside_a_job_makes_it_end_later() -> None:
    """300 pieces at 10 s are 50 min of work; with a break of 10 min after half an hour they end at 7:00."""
    working = less([(SIX, END)], [(SIX + 30 * MIN, SIX + 40 * MIN)])
    found = expected_runs([job(300, 10_000), job(1, 10_000)], working, SIX, END)
    assert minutes(found) == [(0, 0, 60), (1, 60, 480)]


def test_the_last_job_goes_on_to_the_end() -> None:
    assert minutes(expected_runs([job(1, 1000)], [(SIX, END)], SIX, END)) == [(0, 0, 480)]


def test_a_job_of_unknown_pace_goes_on_because_nobody_knows_its_end() -> None:
    found = expected_runs([job(60, 60_000), job(5, None), job(7, 1000)], [(SIX, END)], SIX, END)
    assert minutes(found) == [(0, 0, 60), (1, 60, 480)]


def test_a_job_that_is_made_already_takes_no_time() -> None:
    found = expected_runs([job(0, 1000), job(60, 60_000), job(1, 1)], [(SIX, END)], SIX, END)
    assert minutes(found) == [(1, 0, 60), (2, 60, 480)]


def test_nothing_follows_after_the_end_and_no_jobs_are_no_runs() -> None:
    assert minutes(expected_runs([job(10_000, 60_000), job(1, 1)], [(SIX, END)], SIX, END)) == [(0, 0, 480)]
    assert expected_runs([], [(SIX, END)], SIX, END) == []


def test_pauses_are_cut_out_of_stretches() -> None:
    pauses = [(SIX - MIN, SIX + MIN), (SIX + 5 * MIN, SIX + 6 * MIN), (SIX + 9 * MIN, SIX + 12 * MIN)]
    found = less([(SIX, SIX + 10 * MIN), (SIX + 11 * MIN, SIX + 13 * MIN)], pauses)
    assert [((a - SIX) / MIN, (b - SIX) / MIN) for a, b in found] == [(1, 5), (6, 9), (12, 13)]
