"""What becomes of states: intervals, stops with the controller's code, silence, transitions, missing production."""

from decimal import Decimal

import pytest

from mes.plc.drivers.port import Quality, TagValue
from mes.plc.engine import CommState, Poll
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.tracking.bindings import controller_plans, readings_of
from tests.production.small_plant import SIX, SmallPlant
from tests.tracking.ingest_kit import HELD, RUN, Told, rules

ABORTED = ("Aborted", "down")


@pytest.mark.parametrize("together", [True, False])
def test_a_standstill_is_one_stop_with_the_first_code_of_the_controller(told: Told, together: bool) -> None:
    readings = [
        told.reading(0, reason=0),
        told.reading(1, HELD, reason=0),
        told.reading(2, HELD, reason=17),
        told.reading(3, ABORTED, reason=18),
        told.reading(4, ABORTED, reason=0),
        told.reading(5, reason=0),
    ]
    for batch in [readings] if together else [[one] for one in readings]:
        told.store(*batch)
    assert told.stops() == [(1, 5, "Held", 17)]
    assert told.states() == [
        (0, 1, "Execute", "run"),
        (1, 3, "Held", "down"),
        (3, 5, "Aborted", "down"),
        (5, None, "Execute", "run"),
    ]


@pytest.mark.parametrize("together", [True, False])
def test_acting_states_never_cut_a_stop(told: Told, together: bool) -> None:
    names = ["Execute", "Holding", "Held", "Unholding", "Held", "Unholding", "Execute"]
    readings = [told.reading(s, (n, {"Execute": "run", "Held": "down"}.get(n, "acting"))) for s, n in enumerate(names)]
    for batch in [readings] if together else [[one] for one in readings]:
        told.store(*batch)
    assert told.stops() == [(1, 6, "Held", None)]
    assert told.states() == [(0, 1, "Execute", "run"), (1, 6, "Held", "down"), (6, None, "Execute", "run")]


def test_an_own_transition_stays_with_the_state_before_it(told: Told) -> None:
    told.store(told.reading(0), told.reading(1, ("Winding up", "acting")), told.reading(2, HELD), told.reading(3))
    assert told.states() == [(0, 2, "Execute", "run"), (2, 3, "Held", "down"), (3, None, "Execute", "run")]


def test_a_stop_in_which_the_machine_fell_silent_ends_where_it_was_last_heard(told: Told) -> None:
    told.store(told.reading(0), told.reading(1, HELD), told.reading(2, HELD))
    told.store(told.reading(60, HELD), told.reading(61))
    assert told.stops() == [(1, 2, "Held", None), (60, 61, "Held", None)]
    assert [row[:2] for row in told.states() if row[3] == "unknown"] == [(2, 60)]


@pytest.mark.parametrize("stored_before", [True, False])
def test_a_stop_of_no_length_leaves_no_row(told: Told, stored_before: bool) -> None:
    """Held seen once, then silence: nothing is known to have lasted."""
    readings = [told.reading(0), told.reading(1, HELD), told.reading(60)]
    if stored_before:
        told.store(*readings[:2])
        told.store(readings[2])
    else:
        told.store(*readings)
    assert told.stops() == []
    assert told.states() == [(0, 1, "Execute", "run"), (1, 60, "Unknown", "unknown"), (60, None, "Execute", "run")]


def test_running_without_counts_is_a_stop_from_when_the_next_piece_was_due_r18(told: Told) -> None:
    told.rules = rules(slowest_cycle_s=Decimal(2), no_production_cycles=10)
    told.store(*[told.reading(s, good=s // 2) for s in range(11)])  # the last piece is counted at second 10
    for second in range(11, 40):
        told.store(told.reading(second, good=5))
    assert told.stops() == [(12, None, "No production", None)]
    told.store(told.reading(40, good=6))
    assert told.stops() == [(12, 40, "No production", None)]
    assert told.states()[-1] == (40, None, "Execute", "run")


def test_a_machine_without_a_state_tag_runs_while_it_counts(told: Told) -> None:
    told.rules = rules(state_from_counts=True, slowest_cycle_s=Decimal(1), no_production_cycles=5)
    told.store(*[told.reading(s, None, good=max(0, s - 2)) for s in range(6)])
    for second in range(6, 15):
        told.store(told.reading(second, None, good=3))
    told.store(told.reading(15, None, good=4))
    assert told.states() == [
        (0, 3, "Unknown", "unknown"),
        (3, 6, "Running", "run"),
        (6, 15, "No production", "down"),
        (15, None, "Running", "run"),
    ]


def test_a_state_tag_that_is_not_good_is_unknown_time_and_no_stop(told: Told) -> None:
    told.store(told.reading(0, good=0), told.reading(1, None, quality="bad", good=1), told.reading(2, good=2))
    assert told.states() == [(0, 1, "Execute", "run"), (1, 2, "Unknown", "unknown"), (2, None, "Execute", "run")]
    assert told.stops() == []


def test_a_reading_of_which_nothing_could_be_read_is_no_sign_of_life(told: Told) -> None:
    told.store(told.reading(0, good=0), told.reading(1, good=1))
    for second in range(2, 9):
        told.store(told.reading(second, None, quality="bad", good=None))
    told.store(told.reading(9, good=8))
    assert ("gap", "good", 7) in told.flags()
    unknown = [row for row in told.states() if row[3] == "unknown"]
    assert unknown
    assert (unknown[0][0], unknown[-1][1]) in [(1, 9), (2, 9)]


def test_a_code_that_is_not_in_the_map_is_unknown_and_not_running(plant: SmallPlant) -> None:
    site = plant.line_1.area.site
    controller = Controller.objects.create(code="PLC-1", name="One", site=site, address="127.0.0.1")
    mapped = StateMap.objects.create(code="FILLER", name="Filler")
    StateMapEntry.objects.create(state_map=mapped, raw_code=4, state="Execute", kind="run")
    TagBinding.objects.create(
        controller=controller, work_center=plant.filler, role="state", tag="State", state_map=mapped, valid_from=SIX
    )
    plan = controller_plans(at=SIX)["PLC-1"]

    def state_of(raw: int) -> tuple[str, str] | None:
        values = {"State": TagValue(raw, Quality.GOOD, "")}
        poll = Poll("PLC-1", 1, raw, SIX, 0.01, CommState.ONLINE, values, None, False, None)
        return readings_of(poll, plan)[0].state

    assert state_of(4) == RUN
    assert state_of(99) == ("Code 99 (not in the state map)", "unknown")
