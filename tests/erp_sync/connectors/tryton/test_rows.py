"""What a running Tryton does that decides the design of its connector, one test per behaviour."""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from erp_sync.connectors.tryton import Tryton
from erp_sync.demo.series import DATABASE
from erp_sync.errors import ConflictError, RejectedError, TransientError
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
from erp_sync.transport.client import Answer, HttpDoor
from mes.config.bench.erp_ledger import booked
from tests.erp_sync.tryton import RunningTryton

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USED, MADE, SCRAP = MaterialUse.CONSUMED, MaterialUse.PRODUCED, MaterialUse.SCRAP
Line = tuple[MaterialUse, str, float, str, str]  # use, item, quantity, unit, lot


class Hooked(HttpDoor):
    """Does something of the test's before one call, once."""

    before: tuple[str, Any] | None = None

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        if self.before is not None and str(body["method"]).endswith(self.before[0]):
            (_, act), self.before = self.before, None
            act()
        return super().post(path, body, headers)


def waiting(erp: RunningTryton, item: str, unit: str = "u") -> str:
    """The key of a seeded order for an item that waits to be made."""
    domain = [["product.code", "=", item], ["state", "=", "waiting"], ["unit.symbol", "=", unit]]
    return str(erp.admin().find("production", domain, ["id"])[0]["id"])


def lots(erp: RunningTryton, item: str) -> list[str]:
    """Lots of a material in stock, the older first."""
    return [row["number"] for row in erp.admin().find("stock.lot", [["product.code", "=", item]], ["number"])]


def said(key: str, sequence: int, good: float, scrap: float = 0, *lines: Line, **more: Any) -> OperationsResponse:
    unit = more.pop("unit", "u")
    materials = tuple(
        MaterialActual(use, item, Quantity(Decimal(str(quantity)), its), lot) for use, item, quantity, its, lot in lines
    )
    count = [Quantity(Decimal(str(value)), unit) for value in (good, scrap, 0)]
    total = Actuals(*count, materials, run_s=5400, setup_s=600)
    order = ExternalRef("production", key)
    return OperationsResponse(
        UUID(int=sequence),
        order,
        sequence,
        NOW,
        more.pop("day", ""),
        bool(more.pop("final", False)),
        total,
        total,
        **more,
    )


def rows_of(erp: RunningTryton, key: str) -> dict[tuple[str, str, str], Decimal]:
    """Everything booked on an order by the tables of the database, without noughts."""
    found = booked(int(key), erp.server.folder / f"{DATABASE}.sqlite")
    return {name: quantity for name, quantity in found.items() if quantity}


def state(erp: RunningTryton, key: str) -> str:
    return str(erp.admin().find("production", [["id", "=", int(key)]], ["state"])[0]["state"])


def test_an_order_is_started_confirmed_by_lot_and_ended_with_its_operations(each_tryton: RunningTryton) -> None:
    """Partial output stands in stock while the order runs; used is what was scanned, not what was planned."""
    erp = each_tryton
    key, (old, new) = waiting(erp, "SPARK-05"), lots(erp, "CAP-28")
    preform, labels = lots(erp, "PREFORM")[0], lots(erp, "LABELS-05")[0]
    none: list[Line] = [(USED, item, 0, unit, "") for item, unit in _SPARK]
    with closing(Tryton(erp.settings)) as connector:
        assert connector.push_response(said(key, 1, 0, 0, *none)).erp_state == "running"
        assert rows_of(erp, key) == {("open", "SPARK-05", ""): 14400}
        used: list[Line] = [(USED, "PREFORM", 104, "u", preform), (USED, "LABELS-05", 0.0104, "roll", labels)]
        caps: list[Line] = [(USED, "CAP-28", 100, "u", old), (USED, "CAP-28", 4, "u", new)]
        made: list[Line] = [(MADE, "SPARK-05", 60, "u", "S-1"), (MADE, "SPARK-05", 40, "u", "S-2")]
        connector.push_response(said(key, 2, 100, 4, *used, *caps, *made, day="2026-01-02"))
        booked_now = {
            ("good", "SPARK-05", "S-1"): 60,
            ("good", "SPARK-05", "S-2"): 40,
            ("scrap", "SPARK-05", "S-1"): 4,
            ("used", "PREFORM", preform): 104,
            ("used", "LABELS-05", labels): Decimal("0.0104"),
            ("used", "CAP-28", old): 100,
            ("used", "CAP-28", new): 4,
        }
        assert rows_of(erp, key) == booked_now | {("open", "SPARK-05", ""): 14300}
        request = connector.get_order(key)
        assert request is not None
        assert (request.state, request.materials) == (RequestState.RUNNING, ())
        last = said(key, 3, 100, 4, *used, *caps, *made, final=True)
        assert connector.push_response(last).erp_state == "done"
        assert connector.push_response(last).outcome is Outcome.ALREADY_APPLIED
    assert rows_of(erp, key) == booked_now
    works = erp.admin().find("production.work", [["production", "=", int(key)]], ["state", "cycles.duration"])
    assert {work["state"] for work in works} == {"done"}
    assert [cycle["duration"]["seconds"] for work in works for cycle in work["cycles."]] == [6000.0] * len(works)
    dated = erp.admin().find("stock.move", [["lot.number", "=", "S-1"]], ["effective_date"])
    assert {row["effective_date"]["day"] for row in dated} == {2}


def test_moves_that_a_dead_worker_left_open_are_done_and_none_is_left(each_tryton: RunningTryton) -> None:
    """Output is written and done in two calls; the worker dies between them, and again before a start."""
    erp = each_tryton
    key = waiting(erp, "GLASS-07") if _has(erp, "GLASS-07") else waiting(erp, "GLASS-033")
    item = "GLASS-07" if _has(erp, "GLASS-07") else "GLASS-033"
    cap = lots(erp, "CAP-28")[0]
    syrup: list[Line] = [(USED, "SYRUP-LEMON", 0, "g", "")] if item == "GLASS-033" else []
    message = said(key, 1, 50, 1, (USED, "BOTTLE-GLASS", 51, "u", ""), (USED, "CAP-28", 51, "u", cap), *syrup)
    for died_before in ("production.run", "stock.move.do"):
        door = Hooked(erp.settings)
        door.before = (died_before, _die)
        with closing(Tryton(erp.settings, door)) as connector, pytest.raises(TransientError):
            connector.push_response(message)
    left = rows_of(erp, key)
    assert sum(quantity for (what, code, lot), quantity in left.items() if (what, code) == ("open", item) and lot) == 51
    with closing(Tryton(erp.settings)) as connector:
        connector.push_response(message)
    sums: dict[tuple[str, str], Decimal] = {}
    for (what, code, _lot), quantity in rows_of(erp, key).items():
        sums[what, code] = sums.get((what, code), Decimal(0)) + quantity
    ordered = erp.admin().find("production", [["id", "=", int(key)]], ["quantity"])[0]["quantity"]
    assert sums == {
        ("good", item): 50,
        ("scrap", item): 1,
        ("open", item): Decimal(ordered) - 50,
        ("used", "BOTTLE-GLASS"): 51,
        ("used", "CAP-28"): 51,
    }


def test_too_little_stock_is_refused_with_what_is_lacking_and_leaves_the_next_one_a_way(tryton: RunningTryton) -> None:
    """Tryton says nothing when stock is short, and keeps the order waiting."""
    key, (cap, *_) = waiting(tryton, "GLASS-033"), lots(tryton, "CAP-28")
    syrup: Line = (USED, "SYRUP-LEMON", 0, "g", "")
    with closing(Tryton(tryton.settings)) as connector:
        much: Line = (USED, "BOTTLE-GLASS", 5_000_000, "u", "")
        with pytest.raises(RejectedError, match=r"too little .* \d+ u BOTTLE-GLASS"):
            connector.push_response(said(key, 1, 10, 0, much, (USED, "CAP-28", 10, "u", cap), syrup))
        unknown: Line = (USED, "CAP-28", 10, "u", "NO-SUCH-LOT")
        with pytest.raises(RejectedError, match="no lot NO-SUCH-LOT of CAP-28"):
            connector.push_response(said(key, 2, 10, 0, (USED, "BOTTLE-GLASS", 10, "u", ""), unknown, syrup))
        right: list[Line] = [(USED, "BOTTLE-GLASS", 10, "u", ""), (USED, "CAP-28", 10, "u", cap), syrup]
        connector.push_response(said(key, 3, 10, 0, (MADE, "GLASS-033", 10, "u", "G-1"), *right))
    found = rows_of(tryton, key)
    assert found.pop(("open", "GLASS-033", ""))
    assert found == {
        ("good", "GLASS-033", "G-1"): 10,
        ("used", "BOTTLE-GLASS", ""): 10,
        ("used", "CAP-28", cap): 10,
    }


def test_a_lot_that_stands_there_twice_gets_no_third(tryton: RunningTryton) -> None:
    admin = tryton.admin()
    (product,) = admin.find("product.product", [["code", "=", "STILL-05"]], ["id"])
    first, _second = admin.call("stock.lot.create", [{"number": "TWICE", "product": product["id"]}] * 2)
    key = waiting(tryton, "STILL-05", "pk24")
    none: list[Line] = [(USED, item, 0, unit, "") for item, unit in _SPARK]
    with closing(Tryton(tryton.settings)) as connector:
        request = connector.get_order(key)
        assert request is not None
        assert (request.quantity.value, request.quantity.unit) == (400, "pk24")
        connector.push_response(said(key, 1, 2, 0, (MADE, "STILL-05", 2, "pk24", "TWICE"), *none, unit="pk24"))
        assert connector.totals([key])[key].good == 2
    assert rows_of(tryton, key)["good", "STILL-05", "TWICE"] == 2  # in the order's unit, packs of 24
    moves = admin.find("stock.move", [["production_output", "=", int(key)], ["state", "=", "done"]], ["lot"])
    assert {move["lot"] for move in moves} == {first}
    assert len(admin.find("stock.lot", [["number", "=", "TWICE"]], ["id"])) == 2


def test_an_edited_line_is_seen_though_the_order_itself_is_not_dated_anew(tryton: RunningTryton) -> None:
    with closing(Tryton(tryton.settings)) as connector:
        cursor = connector.pull_orders("", limit=1000).cursor
        key = waiting(tryton, "LEMON-05")
        line = tryton.admin().find("stock.move", [["production_input", "=", int(key)]], ["quantity"])[0]
        tryton.admin().call("stock.move.write", [line["id"]], {"quantity": line["quantity"] + 7})
        changed = connector.pull_orders(cursor, overlap_s=0).requests
    assert key in {request.ref.key for request in changed}


def test_operations_keep_their_codes_when_a_planner_opens_the_order_again(tryton: RunningTryton) -> None:
    """Their rows get new ids, so nothing may hang on those."""
    key = waiting(tryton, "LEMON-05")
    admin = tryton.admin()
    mine = [["production", "=", int(key)]]
    before = {row["id"] for row in admin.find("production.work", mine, ["id"])}
    with closing(Tryton(tryton.settings)) as connector:
        seen = connector.get_order(key)
        admin.call("production.draft", [int(key)])
        admin.call("production.wait", [int(key)])
        again = connector.get_order(key)
    assert before.isdisjoint(row["id"] for row in admin.find("production.work", mine, ["id"]))
    assert seen is not None
    assert again is not None
    names = [(segment.sequence, segment.code) for segment in seen.segments]
    assert names == [(segment.sequence, segment.code) for segment in again.segments] != []


def test_somebody_elses_change_at_the_same_moment_is_a_conflict_and_nothing_is_written_over_it(
    tryton: RunningTryton,
) -> None:
    key = waiting(tryton, "LEMON-05")
    admin = tryton.admin()
    door = Hooked(tryton.settings)
    door.before = ("production.write", lambda: admin.call("production.write", [int(key)], {"reference": "PO 4711"}))
    none: list[Line] = [(USED, item, 0, unit, "") for item, unit in (*_SPARK, ("SYRUP-LEMON", "g"))]
    with closing(Tryton(tryton.settings, door)) as connector:
        with pytest.raises(ConflictError):
            connector.push_response(said(key, 1, 0, 0, *none))
        assert state(tryton, key) == "waiting"
        connector.push_response(said(key, 1, 0, 0, *none))
        request = connector.get_order(key)
    assert request is not None
    assert (request.customer, request.erp_state) == ("PO 4711", "running")


def test_an_order_that_is_no_longer_released_takes_nothing(tryton: RunningTryton) -> None:
    (draft, *_) = tryton.admin().find("production", [["state", "=", "draft"]], ["id"])
    (done, *_) = tryton.admin().find("production", [["state", "=", "done"]], ["id"])
    with closing(Tryton(tryton.settings)) as connector:
        with pytest.raises(ConflictError, match="is draft in Tryton"):
            connector.push_response(said(str(draft["id"]), 1, 5))
        with pytest.raises(ConflictError, match="done in Tryton, with other totals"):
            connector.push_response(said(str(done["id"]), 1, 5))


def test_the_account_of_millwright_reads_stock_and_all_master_data(each_tryton: RunningTryton) -> None:
    with closing(Tryton(each_tryton.settings)) as connector:
        stock = {(row.item, row.lot): row for row in connector.pull_stock(["CAP-28", "GLASS-07"])}
        kinds = {kind: list(connector.pull_master(kind)) for kind in MasterKind}
    whole = sum(row.on_hand.value for (item, lot), row in stock.items() if item == "CAP-28" and lot)
    assert stock["CAP-28", ""].on_hand.value == whole > 0
    coming = stock["GLASS-07", ""].expected
    assert coming is not None
    assert coming.value > 0
    keys = {kind: {row["key"] for row in rows} for kind, rows in kinds.items()}
    assert {"CAP-28", "GLASS-07"} <= keys[MasterKind.ITEM]
    assert {"BOTTLE-1", "BOTTLE-2"} <= keys[MasterKind.WORK_CENTER]
    packs = next(row for row in kinds[MasterKind.UNIT] if row["key"] == "pk24")
    assert (packs["factor"], packs["digits"]) == ("24", 0)
    bill = next(row for row in kinds[MasterKind.BILL] if row["item"] == "LEMON-05")
    assert {"item": "SYRUP-LEMON", "quantity": "24", "unit": "g"} in bill["lines"]
    assert all(row["segments"] for row in kinds[MasterKind.ROUTING])
    assert all(row["name"] for row in kinds[MasterKind.PERSON])


def _has(erp: RunningTryton, item: str) -> bool:
    return bool(erp.admin().find("production", [["product.code", "=", item], ["state", "=", "waiting"]], ["id"]))


def _die() -> None:
    raise TransientError("The worker is gone.")


_SPARK = (("PREFORM", "u"), ("CAP-28", "u"), ("LABELS-05", "roll"))
