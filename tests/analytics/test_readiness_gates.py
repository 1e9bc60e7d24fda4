"""Gates, blockers and dates, worked by hand."""

from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.readiness.assess import assess
from analytics.readiness.blockers import r_if_green, two_biggest
from analytics.readiness.dimensions import dimensions
from analytics.readiness.gains import gain_of
from analytics.readiness.gates import Check, days_until, gates, phase_of
from analytics.readiness.tallies import Inputs, Share
from analytics.readiness_pages.words import blocker_text
from tests.analytics.test_readiness_scores import EARNED, HOUR, whole, whole_day

# A busy machine is no mistake of the code.
STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(inputs: Inputs, key: str) -> Check:
    return next(one for gate in gates(inputs) for one in gate.checks if one.key == key)


def test_a_whole_line_passes_the_five_gates_and_says_it_has_no_witness() -> None:
    found = gates(whole())
    assert [gate.is_open for gate in found] == [True] * 5
    assert phase_of(found) == 5
    assert check(whole(), "witness").state == "unwitnessed"


def test_phase_one_needs_three_good_days_in_a_row() -> None:
    bad = whole_day(1, heard_ms=8 * HOUR)  # .80 of the day, .90 needed
    inputs = whole(days=(whole_day(0), bad, whole_day(2), whole_day(3)))
    found = check(inputs, "completeness")
    assert (found.state, found.value, found.days, found.wait_days) == ("closed", pytest.approx(0.8), 2, 1)
    assert phase_of(gates(inputs)) == 0
    assert phase_of(gates(whole(days=(bad, whole_day(2), whole_day(3), whole_day(4))))) == 5


def test_a_line_of_one_day_waits_two_more() -> None:
    found = check(whole(days=(whole_day(0),)), "plausible")
    assert (found.state, found.value, found.days, found.wait_days) == ("closed", 1.0, 1, 2)


def test_a_day_that_still_runs_neither_counts_nor_breaks_the_row() -> None:
    three = tuple(whole_day(n) for n in range(3))
    torn = whole_day(3, heard_ms=HOUR, running=True)
    found = check(whole(days=(*three, torn)), "completeness")
    assert (found.state, found.value, found.days) == ("open", 1.0, 3)
    found = check(whole(days=(*three[:2], torn)), "completeness")
    assert (found.state, found.value, found.days, found.wait_days) == ("closed", 1.0, 2, 1)
    found = check(whole(days=(*three[:1], whole_day(1, running=True))), "completeness")
    assert (found.days, found.wait_days) == (1, 1)  # today will be the second
    found = check(whole(days=(whole_day(0, running=True),)), "completeness")
    assert (found.state, found.value, found.days, found.wait_days) == ("closed", 1.0, 0, 2)


def test_a_line_without_data_is_unmeasured_and_shut() -> None:
    found = gates(Inputs())
    assert [gate.is_open for gate in found] == [False] * 5
    assert check(Inputs(), "completeness").state == "unmeasured"
    assert check(Inputs(), "coded").state == "unmeasured"


def test_a_later_gate_stays_shut_while_an_earlier_one_is() -> None:
    inputs = whole(days=tuple(whole_day(n, coded_ms=HOUR // 2) for n in range(28)))
    assert [gate.is_open for gate in gates(inputs)] == [True, False, False, False, False]


def test_a_contradicted_count_closes_the_third_gate() -> None:
    days = tuple(whole_day(n, witness="witnessed", consistency=0.99) for n in range(28))
    assert phase_of(gates(whole(days=days, witness="witnessed", consistency=0.99))) == 5
    shut = whole(days=days, witness="contradicted", consistency=0.80)
    assert phase_of(gates(shut)) == 2
    assert (check(shut, "witness").state, check(shut, "witness").wait_days) == ("closed", 14)
    (blocker,) = two_biggest(gates(shut), dimensions(shut))
    assert "a witness contradicts one" in blocker_text(asdict(blocker))
    assert blocker.owner == "operations"


def test_only_days_a_witness_spoke_of_count_and_a_bad_one_must_leave_the_fortnight() -> None:
    days = [whole_day(n) for n in range(28)]
    days[27] = whole_day(27, witness="witnessed", consistency=0.97)
    found = check(whole(days=tuple(days), witness="witnessed", consistency=0.97), "witness")
    assert (found.state, found.value) == ("open", 0.97)
    days[20] = whole_day(20, witness="witnessed", consistency=0.90)  # seven days ago
    found = check(whole(days=tuple(days), witness="witnessed", consistency=0.93), "witness")
    assert (found.state, found.value, found.wait_days) == ("closed", 0.90, 7)
    days[20], days[13] = whole_day(20), whole_day(13, witness="witnessed", consistency=0.90)  # before the fortnight
    assert check(whole(days=tuple(days), witness="witnessed", consistency=0.93), "witness").state == "open"


def test_days_until_a_sliding_share_is_reached() -> None:
    # after 20 days the window of 28 holds 20 full days: 20 / 28 = .714
    assert days_until([Share(0, 1)] * 10, 0.70) == 20
    # 14 of 28 full: each passing day replaces one of the empty first ones; .7 x 28 = 19.6
    assert days_until([Share(0, 1)] * 14 + [Share(1, 1)] * 14, 0.70) == 6
    assert days_until([Share(1, 1)], 0.70) == 0
    assert days_until([Share(0, 0)], 0.70) is None


@STEADY
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=28), st.floats(0.01, 1))
def test_every_sliding_share_is_reached_within_the_window(days: list[tuple[int, int]], needs: float) -> None:
    found = days_until([Share(min(part, whole_), whole_) for part, whole_ in days], needs)
    assert (found is None) == (sum(whole_ for _, whole_ in days) == 0)
    assert found is None or 0 <= found <= 28


def test_the_gains_follow_the_measured_table() -> None:
    # 60 % of running time unlinked: .407 against .394
    assert gain_of("linked", 0.60) == pytest.approx(1 - 0.394 / 0.407)
    # half way between 0 and 30 %: .396
    assert gain_of("linked", 0.15) == pytest.approx(1 - 0.394 / 0.396)
    assert gain_of("weeks", 5) == pytest.approx(1 - 0.402 / 0.413)
    assert gain_of("weeks", 0) == pytest.approx(1 - 0.402 / 0.450)
    assert gain_of("weeks", 30) == 0
    assert gain_of("plausible", 0.02) == pytest.approx(1 - 0.394 / 0.473)
    assert gain_of("completeness", 0.05) == 0
    assert gain_of("calendar", 1.0) == pytest.approx(1 - 0.394 / 1.27)
    assert gain_of("archived", 1.0) == pytest.approx(1 - 0.402 / 0.447)
    assert gain_of("coded", 0.5) is None


def test_the_next_gate_comes_first_and_in_it_the_greater_gain() -> None:
    days = tuple(whole_day(n, coded_ms=HOUR // 2, linked_ms=3 * HOUR, archived=n > 14) for n in range(28))
    inputs = whole(days=days, calendar_days=2.0)
    found = two_biggest(gates(inputs), dimensions(inputs))
    assert [(blocker.phase, blocker.key) for blocker in found] == [(2, "calendar"), (2, "linked")]
    assert found[0].gain == pytest.approx(1 - 0.394 / 1.27)
    assert found[0].owner == "planning"


def test_stops_without_reasons_block_with_their_share_and_a_number_of_days() -> None:
    inputs = whole(days=tuple(whole_day(n, coded_ms=2_088_000) for n in range(28)))
    (found, *_) = two_biggest(gates(inputs), dimensions(inputs))
    assert (found.key, found.owner, found.gain) == ("coded", "operations", None)
    assert (found.value, found.needs) == (pytest.approx(0.58), 0.70)
    # each passing day adds .42 of one of 28 days; .12 x 28 / .42 = 8
    assert found.wait_days == 8


def test_weeks_that_the_last_gate_lacks_come_before_what_only_lowers_the_score() -> None:
    six = whole(usable_weeks=6.0)
    found = two_biggest(gates(six), dimensions(six))
    # six weeks score .25 of quantity: R = 100 x .25 ** (.10 / .85) = 84.95, just under the 85 of phase 5; the weeks
    # are named already, and nothing else lowers R
    assert check(six, "r").state == "closed"
    assert [(one.key, one.phase, one.wait_days) for one in found] == [("weeks_12", 5, 42)]
    assert found[0].gain == pytest.approx(1 - 0.402 / 0.410)
    assert found[0].r_gain == pytest.approx(100 - 100 * 0.25 ** (0.10 / 0.85))
    assert two_biggest(gates(whole()), dimensions(whole())) == ()


def test_a_low_score_is_blamed_on_the_measure_that_lowers_it() -> None:
    late = whole(psi=0.24)  # (.25 - .24) / .15 = .0667: R = 100 x .0667 ** (.10 / .85) = 72.7
    (found,) = two_biggest(gates(late), dimensions(late))
    assert (found.key, found.phase, check(late, "r").value) == ("psi", 5, pytest.approx(72.7, abs=0.1))


def test_what_one_mending_takes_away_is_named_once() -> None:
    days = tuple(whole_day(n, heard_ms=5 * HOUR, linked_ms=HOUR) for n in range(28))
    silent = whole(days=days, fresh=0.5)
    shut = [one.key for gate in gates(silent)[:2] for one in gate.checks if not one.is_open]
    assert shut == ["completeness", "fresh", "linked"]
    assert [one.key for one in two_biggest(gates(silent), dimensions(silent))] == ["completeness", "linked"]


def test_with_all_gates_open_the_weakest_measures_are_named() -> None:
    # .175 is half way between .25 and .10; the gates do not ask for it: R = 100 x .5 ** (.10 / .85) = 92.2
    wobbly = whole(psi=0.175)
    found = two_biggest(gates(wobbly), dimensions(wobbly))
    assert [(one.key, one.phase) for one in found] == [("psi", 0)]
    assert found[0].r_gain == pytest.approx(100 - 100 * 0.5 ** (0.10 / 0.85))


@pytest.mark.parametrize(
    ("earned", "weeks", "shut", "phase"),
    [
        ({}, 4.0, ["weeks_12", "r"], 4),
        ({}, 3.9, ["weeks"], 3),
        ({"forecasts": 59}, 12.0, ["own_forecasts"], 3),
        ({"forecasts": 60}, 12.0, [], 5),
        ({"skill": 0.0}, 12.0, ["skill"], 3),
        ({"skill": None}, 12.0, ["skill"], 3),
        ({"held": 0.69}, 12.0, ["held"], 3),
        ({"held": 0.91}, 12.0, ["held"], 3),
        ({"held": 0.70}, 12.0, [], 5),
        ({"held": 0.90}, 12.0, [], 5),
        ({"held_long": 0.85}, 12.0, ["held_long"], 4),
        ({"held_long": 0.76}, 12.0, [], 5),
        ({"record_days": 83}, 12.0, ["held_long"], 4),
        ({"drift_open": True}, 12.0, ["drift_open"], 4),
        ({"drift_open": None}, 12.0, ["drift_open"], 4),
        ({"approver": ""}, 12.0, ["approver"], 4),
    ],
)
def test_the_gates_of_forecasts_ask_for_a_record(
    earned: dict[str, object], weeks: float, shut: list[str], phase: int
) -> None:
    inputs = whole(earned=replace(EARNED, **earned), usable_weeks=weeks)  # type: ignore[arg-type]
    found = gates(inputs)
    closed = [one.key for gate in found if gate.phase == phase + 1 for one in gate.checks if not one.is_open]
    assert (phase_of(found), closed) == (phase, shut)


def test_the_days_of_record_are_waited_for() -> None:
    found = check(whole(earned=replace(EARNED, record_days=70)), "held_long")
    assert (found.days, found.needs_days, found.wait_days, found.needs, found.most) == (70, 84, 14, 0.76, 0.84)
    assert "good on 70 of the 84 days" in blocker_text(asdict(found))


def test_a_forecast_needs_more_running_time_linked_than_a_plan() -> None:
    # 9.4 of 10 hours run on an order: enough for phase 2 and 3, not for phase 4
    days = tuple(whole_day(n, run_ms=100, linked_ms=94) for n in range(28))
    found = gates(whole(days=days))
    assert phase_of(found) == 3
    assert [one.key for one in found[3].checks if not one.is_open] == ["linked_95"]


def test_a_plan_without_orders_is_archived_but_no_queue() -> None:
    days = tuple(whole_day(n, queued=n > 3) for n in range(28))  # 24 of 28: .857
    found = check(whole(days=days), "queue")
    assert (found.state, found.value, found.needs) == ("closed", pytest.approx(24 / 28), 0.90)
    assert phase_of(gates(whole(days=days))) == 2


def test_a_line_that_fell_silent_is_shut_before_its_day_is_over() -> None:
    assert phase_of(gates(whole(fresh=0.75))) == 5
    assert phase_of(gates(whole(fresh=0.74))) == 0
    assert check(whole(fresh=None), "fresh").state == "left_out"  # nothing was planned


def test_r_without_what_only_time_mends() -> None:
    young = assess(whole(usable_weeks=1.0, psi=None))
    assert young.r == 0
    assert young.r_with_time == pytest.approx(100)
    assert r_if_green(dimensions(whole(usable_weeks=1.0)), "coded") == 0
