"""The Odoo connector against the fake that answers as the recorded 17.0 did; 19 by its documentation only."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from erp_sync.connector import Settings
from erp_sync.connectors.odoo import Odoo
from erp_sync.errors import AuthError, ConflictError, RejectedError, WarningError
from erp_sync.messages import (
    Actuals,
    ExternalRef,
    MasterKind,
    MaterialActual,
    MaterialUse,
    OperationsResponse,
    Outcome,
    Quantity,
    RequestState,
)
from tests.erp_sync.odoo.model import FakeOdoo
from tests.erp_sync.odoo.server import DATABASE, PASSWORD, USER, served

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def odoo() -> FakeOdoo:
    """Cola of a preform and 0.01 l of concentrate with lots; order 1 over 1,000 is released."""
    fake = FakeOdoo()
    for code, unit, tracking in (("PRE-05", 1, "none"), ("CONC", 10, "lot"), ("FG-C10", 1, "lot")):
        values = {"name": code.title(), "default_code": code, "tracking": tracking, "uom_id": unit}
        fake.execute("product.product", "create", [values], {})
    fake.execute("stock.lot", "create", [{"name": "CONC-1", "product_id": 2}], {})
    fake.execute("mrp.workcenter", "create", [{"name": "Filler 2", "code": "L2"}], {})
    lines = [
        [0, 0, {"product_id": 1, "product_qty": 1}],
        [0, 0, {"product_id": 2, "product_qty": 0.01, "product_uom_id": 10}],
    ]
    bom = {"product_tmpl_id": 3, "bom_line_ids": lines, "operation_ids": [[0, 0, {"name": "Fill", "workcenter_id": 1}]]}
    fake.execute("mrp.bom", "create", [bom], {})
    ordered(fake)
    return fake


def ordered(fake: FakeOdoo, quantity: float = 1000) -> int:
    made = fake.execute("mrp.production", "create", [{"product_id": 3, "product_qty": quantity, "bom_id": 1}], {})
    fake.execute("mrp.production", "action_confirm", [[made]], {})
    fake.execute("mrp.production", "action_assign", [[made]], {})
    return int(made)


@pytest.fixture(params=["17.0", "19.0"])
def connector(odoo: FakeOdoo, request: pytest.FixtureRequest) -> Iterator[Odoo]:
    with served(odoo, request.param) as url:
        opened = Odoo(Settings("ODOO", url, {"database": DATABASE, "user": USER}, {"password": PASSWORD}, demo=True))
        yield opened
        opened.close()


def message(number: int, good: int, scrap: int = 0, *, conc: str = "", final: bool = False) -> OperationsResponse:
    materials = (MaterialActual(MaterialUse.CONSUMED, "CONC", Quantity(Decimal(conc), "L"), "CONC-1"),) if conc else ()
    total = Actuals(*(Quantity(Decimal(value), "Units") for value in (good, scrap, 0)), materials=materials)
    return OperationsResponse(
        UUID(int=number), ExternalRef("mrp.production", "1"), number, NOON, "2026-11-22", final, total, total
    )


def test_an_order_is_read_with_its_parts_in_our_words(connector: Odoo) -> None:
    page = connector.pull_orders("")
    [order] = page.requests
    assert (order.ref.key, order.ref.number, order.item, order.state) == (
        "1",
        "WH/MO/00001",
        "FG-C10",
        RequestState.RELEASED,
    )
    assert (order.quantity, order.work_center, page.more) == (Quantity(Decimal(1000), "Units"), "Filler 2", False)
    used = [(row.item, row.quantity) for row in order.materials if row.use is MaterialUse.CONSUMED]
    assert used == [("PRE-05", Quantity(Decimal(1000), "Units")), ("CONC", Quantity(Decimal(10), "L"))]
    assert [order.ref.key for order in connector.pull_orders(page.cursor).requests] == [
        "1"
    ]  # the overlap says it again


def test_pages_follow_the_id_so_that_a_change_between_them_hides_no_order(connector: Odoo, odoo: FakeOdoo) -> None:
    for _ in range(4):
        ordered(odoo)
    first = connector.pull_orders("", limit=2)
    odoo.execute("mrp.production", "write", [[1], {"priority": "1"}], {})
    second = connector.pull_orders(first.cursor, limit=2)
    third = connector.pull_orders(second.cursor, limit=2)
    since_it_began = connector.pull_orders(third.cursor, limit=2)
    pages = (first, second, third, since_it_began)
    assert [[order.ref.key for order in page.requests] for page in pages] == [["1", "2"], ["3", "4"], ["5"], []]
    assert [page.more for page in pages] == [True, True, True, False]
    assert len(second.cursor) <= 200
    assert next(connector.list_open_keys())[0] == "1"


def test_totals_are_reached_once_however_often_a_message_is_sent(connector: Odoo, odoo: FakeOdoo) -> None:
    assert connector.push_response(message(1, 600, 4, conc="6.2")).outcome is Outcome.APPLIED
    assert connector.push_response(message(1, 600, 4, conc="6.2")).outcome is Outcome.ALREADY_APPLIED
    booked = connector.totals(["1", "77"])
    assert list(booked) == ["1"]
    assert (booked["1"].good, booked["1"].scrap) == (600, 4)
    assert (booked["1"].consumed or {})["CONC"] == Decimal("6.2")
    posted = [move["quantity"] for move in odoo.store.table("stock.move").values() if move["scrapped"]]
    assert posted == [4.0]
    connector.push_response(message(2, 590, 6, conc="6.3"))  # good may fall, scrap rises by the difference
    assert (connector.totals(["1"])["1"].good, connector.totals(["1"])["1"].scrap) == (590, 6)


def test_a_scrap_draft_of_a_push_that_broke_off_is_finished_and_not_made_again(connector: Odoo, odoo: FakeOdoo) -> None:
    draft = {"product_id": 3, "scrap_qty": 4, "product_uom_id": 1, "production_id": 1, "origin": f"MES:{UUID(int=1)}"}
    odoo.execute("stock.scrap", "create", [draft], {})
    connector.push_response(message(1, 600, 4))
    assert connector.totals(["1"])["1"].scrap == 4
    assert len(odoo.store.table("stock.scrap")) == 1


def test_scrap_that_is_taken_back_is_for_a_person(connector: Odoo) -> None:
    connector.push_response(message(1, 600, 4))
    with pytest.raises(RejectedError, match="takes nothing back"):
        connector.push_response(message(2, 600, 3))


def test_the_end_asks_back_about_components_and_is_booked_once_somebody_said_yes(connector: Odoo) -> None:
    last = message(3, 990, 4, conc="12", final=True)
    with pytest.raises(WarningError) as asked:
        connector.push_response(last)
    assert asked.value.said == "Consumption Warning"
    assert connector.push_response(replace(last, accept_warning=True)).erp_state == "done"
    assert connector.push_response(last).outcome is Outcome.ALREADY_APPLIED
    with pytest.raises(ConflictError, match="done in Odoo"):
        connector.push_response(message(4, 991, 4))


def test_an_order_that_was_cancelled_or_is_gone_takes_nothing(connector: Odoo, odoo: FakeOdoo) -> None:
    odoo.execute("mrp.production", "action_cancel", [[1]], {})
    with pytest.raises(ConflictError, match="cancelled"):
        connector.push_response(message(1, 10))
    del odoo.store.table("mrp.production")[1]
    with pytest.raises(ConflictError, match="no longer"):
        connector.push_response(message(1, 10))
    assert connector.get_order("1") is None


def test_a_wrong_password_is_said_as_such_and_never_repeated(odoo: FakeOdoo) -> None:
    with served(odoo) as url:
        settings = Settings("ODOO", url, {"database": DATABASE, "user": USER}, {"password": "wrong-word"}, demo=True)
        with pytest.raises(AuthError) as refused:
            Odoo(settings).check(NOON)
    assert "wrong-word" not in f"{refused.value} {refused.value.said}"


def test_master_data_and_stock_are_read(connector: Odoo, odoo: FakeOdoo) -> None:
    quant = {"product_id": 2, "location_id": 8, "inventory_quantity": 50.5, "lot_id": 1}
    odoo.execute("stock.quant", "action_apply_inventory", [[odoo.execute("stock.quant", "create", [quant], {})]], {})
    [stock] = connector.pull_stock(["CONC"])
    assert (stock.item, stock.lot, stock.on_hand) == ("CONC", "CONC-1", Quantity(Decimal("50.5"), "L"))
    assert {row["key"] for row in connector.pull_master(MasterKind.ITEM)} == {"PRE-05", "CONC", "FG-C10"}
    assert connector.check(NOON).version in ("17.0", "19.0")
