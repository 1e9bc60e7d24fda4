"""The demo's real ERP: built once, seeded with the demo plant, reset, ended without a trace, with few rights."""

from typing import Any

import pytest

from tests.erp_sync.tryton import Refused, RunningTryton


def test_orders_in_every_state_belong_to_the_demo_plant(each_tryton: RunningTryton) -> None:
    """The planner sees thirteen orders: two done, one running, one assigned, six waiting, two drafts, one cancelled."""
    found = each_tryton.service().find("production", [], ["state", "quantity", "product.code", "work_center.name"])
    states = [row["state"] for row in found]
    assert {state: states.count(state) for state in set(states)} == {
        "done": 2, "running": 1, "assigned": 1, "waiting": 6, "draft": 2, "cancelled": 1
    }  # fmt: skip
    first = found[0]
    assert (first["product."]["code"], first["work_center."]["name"], first["quantity"]) == (
        "STILL-05", "BOTTLE-1", 12000.0
    )  # fmt: skip


def test_a_reset_forgets_what_was_entered(each_tryton: RunningTryton) -> None:
    before = {row["id"] for row in each_tryton.admin().find("production", [], ["id"])}
    each_tryton.admin().call("production.copy", [max(before)])
    assert len(each_tryton.admin().find("production", [], ["id"])) == len(before) + 1
    each_tryton.reset()
    assert {row["id"] for row in each_tryton.admin().find("production", [], ["id"])} == before


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("production.bom.write", ([1], {"name": "cheaper"})),
        ("production.delete", ([11],)),
        ("production.copy", ([11],)),
        ("product.product.write", ([1], {"suffix_code": "X", "code": "X"})),
        ("production.work.center.write", ([1], {"name": "X"})),
        ("stock.location.write", ([1], {"name": "X"})),
        ("stock.inventory.create", ([{"location": 1}],)),
        ("res.user.write", ([1], {"name": "X"})),
    ],
)
def test_the_account_of_millwright_may_not(each_tryton: RunningTryton, method: str, params: tuple[Any, ...]) -> None:
    """It confirms what was made; bills, items, places, stock taking, people and the making of orders are not its own."""
    with pytest.raises(Refused) as refusal:
        each_tryton.service().call(method, *params)
    assert refusal.value.kind == "UserError"
    assert "access" in str(refusal.value)
