"""The change matrix: what a change in the ERP does to an order that waits, runs, or is finished here."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from erp_sync.inbound.changes import Action, Aspect, Here, decide
from erp_sync.messages import RequestState
from tests.erp_sync.orders import DUE, an_order, needs, packs, step

W, R, F = Here.WAITING, Here.RUNNING, Here.FINISHED
MADE = Decimal(100)  # packs


def decided(here: Here, made: Decimal = MADE, **change: Any) -> list[tuple[Aspect, Action]]:
    verdicts = decide(an_order(), an_order(**change), here, made if here is not W else Decimal(0))
    return [(verdict.aspect, verdict.action) for verdict in verdicts]


# Copied by hand from the change matrix: what changed, then what is done while waiting, running, finished.
CELLS: list[tuple[str, dict[str, Any], Aspect, tuple[Action, Action, Action]]] = [
    ("due date", {"due_at": DUE + timedelta(days=1)}, Aspect.DUE, (Action.APPLY, Action.NOTICE, Action.LOG)),
    ("priority", {"priority": 5}, Aspect.PRIORITY, (Action.APPLY, Action.NOTICE, Action.LOG)),
    ("more", {"quantity": packs("450")}, Aspect.QUANTITY, (Action.APPLY, Action.NOTICE, Action.CONFLICT)),
    (
        "less, not below made",
        {"quantity": packs("100")},
        Aspect.QUANTITY,
        (Action.APPLY, Action.NOTICE, Action.CONFLICT),
    ),
    ("product", {"item": "FG-WATER"}, Aspect.ITEM, (Action.APPLY, Action.HOLD, Action.CONFLICT)),
    ("bill", {"materials": (needs("SUGAR", "60", "kg"),)}, Aspect.BILL, (Action.APPLY, Action.HOLD, Action.CONFLICT)),
    ("routing", {"segments": (step(10, "MIX"),)}, Aspect.ROUTING, (Action.APPLY, Action.HOLD, Action.CONFLICT)),
    ("line", {"work_center": "L2"}, Aspect.LINE, (Action.APPLY, Action.CONFLICT, Action.LOG)),
    ("cancelled", {"state": RequestState.CANCELLED}, Aspect.STATE, (Action.CANCEL, Action.BANNER, Action.DIFFERENCE)),
    ("back to draft", {"state": RequestState.PLANNED}, Aspect.STATE, (Action.PARK, Action.BANNER, Action.DIFFERENCE)),
    ("closed", {"state": RequestState.CLOSED}, Aspect.STATE, (Action.CLOSE, Action.COMPARE, Action.COMPARE)),
    ("completed", {"state": RequestState.COMPLETED}, Aspect.STATE, (Action.CLOSE, Action.COMPARE, Action.COMPARE)),
]


@pytest.mark.parametrize(("change", "aspect", "actions"), [cell[1:] for cell in CELLS], ids=[cell[0] for cell in CELLS])
def test_each_cell_of_the_matrix(change: dict[str, Any], aspect: Aspect, actions: tuple[Action, ...]) -> None:
    assert [decided(here, **change) for here in (W, R, F)] == [[(aspect, action)] for action in actions]


def test_a_quantity_below_what_is_made_is_for_the_planner() -> None:
    assert decided(R, quantity=packs("99.999")) == [(Aspect.QUANTITY, Action.CONFLICT)]
    assert decided(R, quantity=packs("100")) == [(Aspect.QUANTITY, Action.NOTICE)]


def test_another_unit_is_never_applied_to_an_order_that_runs() -> None:
    other = replace(packs("9600"), unit="u")
    assert decided(R, quantity=other) == [(Aspect.QUANTITY, Action.CONFLICT)]
    assert decided(W, quantity=other) == [(Aspect.QUANTITY, Action.APPLY)]


def test_nothing_changed_leads_to_nothing() -> None:
    assert decided(W) == decided(R) == decided(F) == []


def test_rows_made_anew_in_another_order_are_no_change() -> None:
    order = an_order(materials=(needs("SYRUP", "1200"), needs("CAP", "9600", "u")))
    again = replace(
        order,
        materials=tuple(replace(row, line_key="99") for row in reversed(order.materials)),
        segments=tuple(reversed(order.segments)),
    )
    assert decide(order, again, W, Decimal(0)) == []


def test_materials_in_proportion_to_a_new_quantity_are_no_other_bill() -> None:
    assert decided(W, quantity=packs("500"), materials=(needs("SYRUP", "1500"),)) == [(Aspect.QUANTITY, Action.APPLY)]
    assert decided(W, quantity=packs("500"), materials=(needs("SYRUP", "1400"),)) == [
        (Aspect.QUANTITY, Action.APPLY),
        (Aspect.BILL, Action.APPLY),
    ]


def test_what_was_reported_as_used_is_no_change_of_the_bill_of_a_running_order() -> None:
    assert decided(R, materials=(needs("SYRUP", "1234"),)) == []
    told = decide(
        an_order(),
        an_order(materials=(needs("SYRUP", "1234"), needs("CAP", "9"))),
        R,
        MADE,
        told_items=frozenset({"CAP"}),
    )
    assert told == []


def test_an_erp_that_says_no_materials_any_more_takes_none_away() -> None:
    assert decided(W, materials=()) == decided(R, materials=()) == []


def test_an_erp_that_begins_a_released_order_is_no_news() -> None:
    assert decided(R, state=RequestState.RUNNING, erp_state="running") == []


def test_a_planned_order_that_is_released_is_released_here() -> None:
    verdicts = decide(an_order(state=RequestState.PLANNED), an_order(), W, Decimal(0))
    assert [(verdict.aspect, verdict.action) for verdict in verdicts] == [(Aspect.STATE, Action.RELEASE)]


def test_completed_then_closed_is_decided_once() -> None:
    done = an_order(state=RequestState.COMPLETED)
    assert decide(done, an_order(state=RequestState.CLOSED), F, MADE) == []


def test_several_changes_each_find_their_own_cell() -> None:
    changes = {"due_at": None, "quantity": packs("50"), "item": "FG-WATER"}
    assert decided(R, **changes) == [
        (Aspect.DUE, Action.NOTICE),
        (Aspect.QUANTITY, Action.CONFLICT),
        (Aspect.ITEM, Action.HOLD),
    ]
