"""Pure rules of orders: their life, their tolerance, their routings."""

from decimal import Decimal
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.production.lifecycle import OPEN, OVER, STATES, STEPS, is_there, may_step, steps_from
from mes.production.models import WorkOrder
from mes.production.routing_rules import driving, mistakes, waits_for
from mes.production.tolerance import limits_of, verdict

ALLOWED = {
    "received": {"release", "cancel"},
    "released": {"dispatch", "start", "cancel"},
    "dispatched": {"dispatch", "start", "cancel"},
    "running": {"start", "pause", "complete", "cancel"},
    "paused": {"start", "resume", "complete", "cancel"},
    "completed": {"reopen", "close"},
    "closed": set(),
    "cancelled": set(),
}


def test_each_state_allows_just_the_steps_of_its_life() -> None:
    found = {state: {step for step in STEPS if may_step(step, state)} for state in STATES}
    assert found == ALLOWED
    assert {state: set(steps_from(state)) for state in STATES} == ALLOWED


def test_the_states_are_those_that_are_stored() -> None:
    assert tuple(WorkOrder.Status.values) == STATES
    assert set(OPEN) & set(OVER) == set()


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=30))
def test_closed_and_cancelled_are_never_left_and_nothing_is_completed_unstarted(steps: list[str]) -> None:
    state, begun, ended = "received", False, ""
    for step in steps:
        if not may_step(step, state):
            continue
        assert not ended
        if step == "complete":
            assert begun
        state = STEPS[step].target
        begun = begun or step == "start"
        ended = state if state in ("closed", "cancelled") else ""
    assert state in STATES


def test_a_step_that_leads_where_the_order_is_changes_nothing() -> None:
    same = [(step, state) for step, state in product(STEPS, STATES) if is_there(step, state)]
    assert len(same) == len(STEPS)


@pytest.mark.parametrize(
    ("good", "said"),
    [("979.999", "short"), ("980", "within"), ("1030", "within"), ("1030.001", "over"), ("0", "short")],
)
def test_exactly_on_a_limit_is_within(good: str, said: str) -> None:
    limits = limits_of(Decimal(1000), under_percent=(Decimal(2),), over_percent=(Decimal(3),))
    assert limits == (Decimal(980), Decimal(1030))
    assert verdict(Decimal(good), limits) == said


def test_the_order_says_first_then_the_item_then_the_plant() -> None:
    own = limits_of(Decimal(200), under_percent=(Decimal(0), Decimal(10)), over_percent=(None, Decimal(50)))
    assert own == (
        Decimal(200),
        Decimal(300),
    )  # 0 % of the order wins over 10 % of the item; 50 % of the item is all there is
    assert limits_of(Decimal(200), under_percent=(None, None), over_percent=(None, None)) == (200, 210)


class Step(NamedTuple):
    sequence: int
    count_source: str


@pytest.mark.parametrize(
    ("sources", "counts"),
    [
        (["plc"], 10),
        (["plc", "plc"], 20),
        (["manual", "upstream"], 10),
        (["plc", "upstream", "upstream"], 10),
        (["plc", "manual", "upstream"], 20),
        ([], None),
    ],
)
def test_the_last_operation_that_counts_gives_the_order_its_quantity(sources: list[str], counts: int | None) -> None:
    steps = [Step(10 * n, source) for n, source in enumerate(sources, 1)]
    found = driving(steps[::-1])  # in whatever order they come
    assert (found.sequence if found else None) == counts


def test_an_operation_waits_for_the_nearest_earlier_one_that_is_not_done() -> None:
    steps = [Step(n, "plc") for n in (10, 20, 30)]
    assert waits_for(steps[2], steps, frozenset()) == steps[1]
    assert waits_for(steps[2], steps, frozenset({20})) == steps[0]
    assert waits_for(steps[2], steps, frozenset({10, 20})) is None
    assert waits_for(steps[0], steps, frozenset()) is None


def test_a_routing_that_makes_sense_has_no_mistakes_and_others_say_each_of_theirs() -> None:
    line = frozenset({"A", "B"})
    assert mistakes([(10, "plc", frozenset("A")), (20, "upstream", frozenset("B"))], line) == []
    found = mistakes([(10, "upstream", frozenset("A")), (20, "plc", frozenset("AC")), (20, "plc", frozenset())], line)
    assert len(found) == 5, found
    assert mistakes([], line) == ["A routing has no steps: give it one at least."]
