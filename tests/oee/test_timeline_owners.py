"""Who owns an instant: rules R3 to R20 and R36, one by one."""

from dataclasses import replace

import pytest

from mes.oee.policy import DEFAULT, Claim, Policy
from mes.oee.timeline import OrderSpan, Owner
from mes.tracking.states import Kind
from tests.oee.timeline_kit import MIN, NO_MICRO, codes, down, judged, made, minutes, own, run, spent, state, stop

TWO_MINUTES = DEFAULT
ORDER = OrderSpan(0, None, "WO-1", "A")


def test_r3_a_state_that_ends_on_the_border_is_not_in_the_later_window() -> None:
    states = [down(0, 10), run(10, 20)]
    assert spent(own(10, states=states)) == {"unplanned": 10}
    assert spent(own(20, start=10, states=states)) == {"run": 10}


def test_r5_windows_cut_events_and_the_parts_add_up_to_the_event() -> None:
    states = [run(0, 50), down(50, 70), run(70, 120)]
    parts = [spent(own(end, start=end - 30, states=states)).get("unplanned", 0) for end in (30, 60, 90, 120)]
    assert parts == [0, 10, 10, 0]


def test_r6_a_millisecond_is_kept() -> None:
    owned = own(1, states=[run(0, 0.5), down(0.5, None)], now_ms=30_001)
    assert [(piece.owner, piece.duration_ms) for piece in owned] == [(Owner.RUN, 30_000), (Owner.UNPLANNED_STOP, 1)]


def test_r9_scheduled_time_without_any_data_is_unknown() -> None:
    assert spent(own(60)) == {"unknown": 60}


def test_r10_default_ranks_run_planned_failure_setup_unplanned() -> None:
    everything = [stop(0, 60, "unplanned", "U")]
    assert own(60, states=[down(0, 60)], stops=everything)[0].reason == "U"
    everything.append(stop(0, 60, "changeover", "C"))
    assert own(60, states=[down(0, 60)], stops=everything)[0].owner is Owner.SETUP
    everything.append(stop(0, 60, "failure", "F"))
    assert own(60, states=[down(0, 60)], stops=everything)[0].klass == "failure"
    everything.append(stop(0, 60, "planned", "P"))
    assert own(60, states=[down(0, 60)], stops=everything)[0].owner is Owner.PLANNED_STOP
    assert own(60, states=[run(0, 60)], stops=everything)[0].owner is Owner.RUN


def test_r10_a_failure_inside_a_changeover_is_a_failure_once_explained() -> None:
    setup = [OrderSpan(0, minutes(60), "WO-2", "B", "setup")]
    states = [down(0, 60)]
    assert spent(own(60, states=states, orders=setup, stops=[stop(20, 30)])) == {"setup": 60}
    owned = own(60, states=states, orders=setup, stops=[stop(20, 30, "failure", "Jam")])
    assert spent(owned) == {"setup": 50, "unplanned": 10}


def test_r10_the_ranking_is_a_policy() -> None:
    ranking = (Claim.PLANNED_STOP, Claim.RUN, *DEFAULT.precedence[2:])
    strict = replace(NO_MICRO, precedence=ranking)
    planned = [(20, 30, "Break")]
    assert spent(own(60, states=[run(0, 60)], planned=planned)) == {"run": 60}
    assert spent(own(60, states=[run(0, 60)], planned=planned, policy=strict)) == {"run": 50, "planned_stop": 10}
    with pytest.raises(ValueError, match="exactly once"):
        Policy("half", precedence=(Claim.RUN,))


def test_r10_run_outside_the_schedule_is_apart_until_overtime_is_declared() -> None:
    states = [run(0, 90)]
    before = own(120, scheduled=[(0, 60)], states=states)
    assert spent(before) == {"run": 60, "unscheduled_run": 30}
    elements, _ = judged(before, made(0, 60, 60, "60"), made(60, 90, 30, "60"))
    assert (elements.good, elements.unscheduled_good, elements.scheduled_ms) == (60, 30, 60 * MIN)
    assert spent(own(120, scheduled=[(0, 60), (60, 90)], states=states)) == {"run": 90}


def test_r11_a_late_state_splits_the_one_it_lies_in() -> None:
    owned = own(60, states=[run(0, 60), down(20, 30)])
    assert [(piece.owner, piece.duration_ms // MIN) for piece in owned] == [
        (Owner.RUN, 20),
        (Owner.UNPLANNED_STOP, 10),
        (Owner.RUN, 30),
    ]


def test_r12_an_orphan_stop_closes_where_the_machine_runs_again() -> None:
    states = [down(0, 10), run(10, 20), down(20, 30), run(30, 60)]
    owned = own(60, states=states, stops=[stop(0, None, "failure", "Belt")])
    assert [(piece.klass, piece.duration_ms // MIN) for piece in owned if piece.owner is Owner.UNPLANNED_STOP] == [
        ("failure", 10),
        (None, 10),
    ]


def test_r13_an_open_stop_counts_to_now() -> None:
    states = [run(0, 10), down(10, None)]
    owned = own(60, states=states, stops=[stop(10, None, "failure", "Belt")], now_ms=minutes(25))
    assert spent(owned) == {"run": 10, "unplanned": 15}
    assert owned[-1].end_ms == minutes(25)


def test_r14_a_planned_stop_that_overruns_is_unplanned_and_needs_a_reason() -> None:
    cleaning = stop(10, 40, "planned", "Cleaning", planned_limit_ms=20 * MIN)
    owned = own(60, states=[run(0, 10), down(10, 40), run(40, 60)], stops=[cleaning])
    assert [(piece.owner, piece.reason, piece.duration_ms // MIN) for piece in owned] == [
        (Owner.RUN, None, 10),
        (Owner.PLANNED_STOP, "Cleaning", 20),
        (Owner.UNPLANNED_STOP, None, 10),
        (Owner.RUN, None, 20),
    ]
    assert owned[2].klass == "overrun"


def test_r14_a_break_that_drags_on_is_unplanned_after_its_end() -> None:
    owned = own(60, states=[run(0, 10), down(10, 45), run(45, 60)], planned=[(10, 40, "Lunch")])
    assert spent(owned) == {"run": 25, "planned_stop": 30, "unplanned": 5}


def test_r9_two_breaks_at_once_are_one_planned_stop_and_cut_nothing_twice() -> None:
    owned = own(60, states=[down(0, 60)], planned=[(10, 40, "Lunch"), (20, 30, "Audit")])
    assert [(piece.reason, piece.duration_ms // MIN) for piece in owned if piece.klass == "break"] == [
        ("Lunch", 10),
        ("Audit", 10),
        ("Lunch", 10),
    ]


def test_r15_running_through_a_break_gives_the_time_back() -> None:
    owned = own(60, states=[run(0, 60)], planned=[(10, 40, "Lunch")])
    elements, result = judged(owned)
    assert result.pbt_ms == 60 * MIN
    assert elements.run_in_planned_ms == 30 * MIN


def test_r15_running_through_a_planned_stop_gives_the_time_back_too() -> None:
    elements, _ = judged(own(60, states=[run(0, 60)], stops=[stop(10, 30, "planned", "Cleaning"), stop(40, 50)]))
    assert (elements.planned_stop_ms, elements.run_in_planned_ms) == (0, 20 * MIN)


def test_r16_a_stop_is_micro_only_if_the_whole_event_is_short() -> None:
    states = [run(0, 10), down(10, 11), run(11, 20), down(20, 22), run(22, 30)]
    assert spent(own(30, states=states, policy=TWO_MINUTES)) == {"run": 27, "micro": 1, "unplanned": 2}
    assert spent(own(30, states=states)) == {"run": 27, "unplanned": 3}  # threshold 0: off


def test_r16_a_shift_border_makes_no_micro_stops() -> None:
    states = [run(0, 29), down(29, 31), run(31, 60)]
    assert spent(own(30, states=states, policy=TWO_MINUTES)) == {"run": 29, "unplanned": 1}
    assert spent(own(60, start=30, states=states, policy=TWO_MINUTES)) == {"run": 29, "unplanned": 1}


def test_r16_states_inside_one_standstill_are_one_event() -> None:
    states = [run(0, 10), down(10, 11.5), down(11.5, 13, "Stopped"), run(13, 20)]
    assert spent(own(20, states=states, policy=TWO_MINUTES)) == {"run": 17, "unplanned": 3}


def test_r16_dividing_a_long_stop_among_reasons_makes_no_micro_stops() -> None:
    stops = [stop(10, 11, "unplanned", "Jam"), stop(11, 20, "unplanned", "Material")]
    owned = own(30, states=[run(0, 10), down(10, 20), run(20, 30)], stops=stops, policy=TWO_MINUTES)
    assert spent(owned) == {"run": 20, "unplanned": 10}


def test_r16_a_short_stop_that_was_explained_keeps_its_reason_and_a_failure_its_class() -> None:
    states = [run(0, 10), down(10, 11), run(11, 20)]
    jam = own(20, states=states, stops=[stop(10, 11, "unplanned", "Jam")], policy=TWO_MINUTES)[1]
    assert (jam.owner, jam.reason) == (Owner.MICRO_STOP, "Jam")
    fuse = own(20, states=states, stops=[stop(10, 11, "failure", "Fuse")], policy=TWO_MINUTES)[1]
    assert (fuse.owner, fuse.klass) == (Owner.UNPLANNED_STOP, "failure")


def test_r16_the_class_decides_whether_micro_stops_cost_availability_or_performance() -> None:
    owned = own(60, states=[run(0, 30), down(30, 31), run(31, 60)], policy=TWO_MINUTES)
    counts = made(0, 60, 59, "60")
    _, lean = judged(owned, counts, policy=TWO_MINUTES)
    _, iso = judged(owned, counts, policy=replace(TWO_MINUTES, micro_class="iso"))
    assert (lean.availability, lean.performance) == (1.0, 59 / 60)
    assert (iso.availability, iso.performance) == (59 / 60, 1.0)
    assert lean.oee == iso.oee == 59 / 60


def test_r17_a_run_shorter_than_the_minimum_merges_into_the_stop_around_it() -> None:
    states = [run(0, 10), down(10, 20), run(20, 20.05), down(20.05, 30), run(30, 60)]
    filtered = replace(NO_MICRO, min_run_ms=5_000)
    owned = own(60, states=states, policy=filtered)
    assert spent(owned) == {"run": 40, "unplanned": 20}
    assert len(owned) == 3
    assert spent(own(60, states=states))["run"] == pytest.approx(40.05)


def test_r17_a_short_run_next_to_unknown_time_stays() -> None:
    filtered = replace(NO_MICRO, min_run_ms=5_000)
    owned = own(20, states=[down(0, 10), run(10, 10.05)], policy=filtered)
    assert spent(owned)["run"] == pytest.approx(0.05)


def test_r18_lost_communication_is_unknown_whatever_the_open_stop_and_the_order_say() -> None:
    states = [down(0, 10), state(10, 40, Kind.UNKNOWN), run(40, 60)]
    owned = own(60, states=states, stops=[stop(0, 40)], orders=[ORDER])
    assert spent(owned) == {"unplanned": 10, "unknown": 30, "run": 20}
    assert spent(own(60, states=states)) == {"unplanned": 10, "unknown": 30, "run": 20}


def test_r18_a_persons_word_holds_over_unknown_time() -> None:
    states = [state(0, 60, Kind.UNKNOWN)]
    assert spent(own(60, states=states, stops=[stop(0, 20, "failure", "Fire")])) == {"unplanned": 20, "unknown": 40}
    assert spent(own(60, states=states, stops=[stop(0, 20, manual=True)])) == {"unplanned": 20, "unknown": 40}
    assert spent(own(60, states=states, planned=[(0, 20, "Break")])) == {"planned_stop": 20, "unknown": 40}


def test_r19_waiting_is_told_apart_within_unplanned_time() -> None:
    states = [run(0, 30), state(30, 45, Kind.WAITING), down(45, 60)]
    elements, _ = judged(own(60, states=states, orders=[ORDER]))
    assert (elements.unplanned_ms, elements.waiting_ms) == (30 * MIN, 15 * MIN)


def test_r20_the_changeover_lasts_from_the_last_good_piece_of_a_to_the_first_of_b() -> None:
    orders = [
        OrderSpan(0, minutes(20), "1", "A"),
        OrderSpan(minutes(20), minutes(35), "2", "B", "setup"),
        OrderSpan(minutes(35), None, "2", "B"),
    ]
    owned = own(60, states=[run(0, 20), down(20, 30), run(30, 32), down(32, 35), run(35, 60)], orders=orders)
    assert spent(owned) == {"run": 47, "setup": 13}  # the trial run is seen running, and running ranks first
    assert {piece.item for piece in owned if piece.owner is Owner.SETUP} == {"B"}


def test_idle_without_an_order_is_no_order_and_with_one_it_is_lost_time() -> None:
    states = [state(0, 60, Kind.IDLE)]
    assert spent(own(60, states=states)) == {"no_order": 60}
    assert spent(own(60, states=states, orders=[ORDER])) == {"unplanned": 60}
    assert spent(own(60, states=[down(0, 60)])) == {"unplanned": 60}


def test_no_order_is_planned_busy_time_or_not_by_policy() -> None:
    owned = own(60, states=[state(0, 30, Kind.IDLE), run(30, 60)])
    _, counted = judged(owned)
    _, left_out = judged(owned, policy=replace(NO_MICRO, no_order_in_pbt=False))
    assert (counted.availability, left_out.availability) == (0.5, 1.0)


def test_r36_a_trial_order_is_out_of_every_kpi() -> None:
    trial = OrderSpan(minutes(30), minutes(45), "TRIAL", "A", excluded=True)
    owned = own(60, states=[run(0, 60)], orders=[ORDER, trial])
    assert spent(owned) == {"run": 45, "planned_stop": 15}
    elements, result = judged(owned, made(0, 30, 30, "60"), made(30, 45, 99, "60", excluded=True))
    assert (elements.good, result.pbt_ms, result.performance) == (30, 45 * MIN, 30 / 45)


def test_r39_a_running_shift_is_judged_by_the_time_that_has_passed() -> None:
    owned = own(480, states=[run(0, None)], now_ms=minutes(120))
    _, result = judged(owned, made(0, 120, 120, "60"))
    assert (result.pbt_ms, result.oee) == (120 * MIN, 1.0)
    assert codes(result) == set()
