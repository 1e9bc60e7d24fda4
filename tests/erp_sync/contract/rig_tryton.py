"""A running Tryton on the bench: its planner enters the orders, its own tables are read, the line can be broken."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from erp_sync.connectors.tryton import Tryton
from erp_sync.demo.series import DATABASE
from erp_sync.transport.client import HttpDoor
from erp_sync.transport.limits import Limits
from mes.config.bench.erp_ledger import WRITES, booked
from tests.erp_sync.contract.line import Line
from tests.erp_sync.contract.rig import Books
from tests.erp_sync.contract.suite import WRONG_SECRET
from tests.erp_sync.tryton import RunningTryton

ITEM, COMPONENT, LOT_TRACKED = "GLASS-07", "BOTTLE-GLASS", "CAP-28"
TOLERANCE = 0.1
DAY = {"__class__": "date", "year": 2026, "month": 11, "day": 25}


class TrytonRig:
    """Orders of one item made of one component. Its bill has a tolerance, so series 8 asks back when it is left."""

    unit = "u"
    component = (COMPONENT, "u")

    def __init__(self, erp: RunningTryton) -> None:
        self.erp = erp
        self.line = Line(erp.server.port, lambda method, path, body: _writes(body))
        self.faults = self.line.faults
        self.planner = erp.admin()
        self._place = self.planner.find("stock.location", [["type", "=", "warehouse"]], _PLACES)[0]
        self._ids = {row["code"]: row["id"] for row in self.planner.find("product.product", [], ["code"])}
        self._company = self.planner.find("company.company", [], ["currency"])[0]
        self._units = {row["symbol"]: row["id"] for row in self.planner.find("product.uom", [], ["symbol"])}
        self._bill = self._bill_made()

    def close(self) -> None:
        self.line.stop()

    def connect(self, *, wrong_secret: bool = False, time_out_s: float = 30) -> Tryton:
        settings = replace(self.erp.settings, address=self.line.address)
        if wrong_secret:
            settings = replace(settings, secrets={**settings.secrets, "password": WRONG_SECRET})
        return Tryton(settings, HttpDoor(settings, limits=Limits(total_s=time_out_s)))

    def make(self, quantity: int = 100) -> str:
        return self._made([self._order(quantity)])[0]

    def make_at_once(self, count: int) -> list[str]:
        return self._made([self._order(100)] * count)

    def make_late(self) -> str:
        """Its rows are dated back in the database, as those of a transaction are that began before and ends now."""
        key = self.make()
        began = (datetime.now(UTC) - timedelta(seconds=120)).strftime("%Y-%m-%d %H:%M:%S.%f")
        for table, where in (
            ("production", "id"),
            ("stock_move", "production_input"),
            ("stock_move", "production_output"),
        ):
            self._sql(f"UPDATE {table} SET create_date = ?, write_date = ? WHERE {where} = ?", began, began, int(key))  # noqa: S608
        return key

    def make_odd(self, what: str) -> str:
        if what == "quantity":  # neither product nor quantity, as Tryton allows for a draft
            empty = {
                name: value for name, value in self._order(0).items() if name in ("warehouse", "location", "company")
            }
            return str(self.planner.call("production.create", [empty])[0])
        key = self.make()
        if what == "state":  # a word that a module of theirs may bring
            self._sql("UPDATE production SET state = 'thinking' WHERE id = ?", int(key))
        if what == "unit":
            self._replan(key, {"unit": self._units["pk24"]})
        if what == "item":
            self._replan(key, {"product": self._ids["TEA-05"], "bom": None})
        return key

    def change(self, key: str, quantity: int) -> None:
        self._replan(key, {"quantity": float(quantity)})

    def delete(self, key: str) -> None:
        self.planner.call("production.draft", [int(key)])
        self.planner.call("production.delete", [int(key)])

    def cancel(self, key: str) -> None:
        """Series 7.0 has no way from running to cancelled: its planner goes back first."""
        if self.erp.series == "7.0":
            self.planner.call("production.wait", [int(key)])
        self.planner.call("production.cancel", [int(key)])

    def block(self, key: str) -> None:
        """The planner adds a material that only moves with a lot, and names none."""
        line = self._move(LOT_TRACKED, 1.0, is_input=True)
        self._replan(key, {"inputs": [["create", [line]]]})

    def skew(self, seconds: int) -> None:
        self.line.skew_s = seconds

    def books(self, key: str) -> Books:
        rows = booked(int(key), self._file)
        sums: dict[tuple[str, str], Decimal] = {}
        for (what, item, _lot), quantity in rows.items():
            sums[what, item] = sums.get((what, item), Decimal(0)) + quantity
        zero = Decimal(0)
        used = {item: quantity for (what, item), quantity in sums.items() if what == "used"}
        over = self.planner.find("production", [["id", "=", int(key)]], ["state"])[0]["state"] == "done"
        return Books(sums.get(("good", ITEM), zero), sums.get(("scrap", ITEM), zero), used, over)

    @property
    def _file(self) -> Any:
        return self.erp.server.folder / f"{DATABASE}.sqlite"

    def _sql(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self._file, timeout=30)) as rows:
            rows.execute(statement, values)
            rows.commit()

    def _made(self, orders: list[dict[str, Any]]) -> list[str]:
        ids = self.planner.call("production.create", orders)
        self.planner.call("production.wait", ids)
        return [str(order) for order in ids]

    def _replan(self, key: str, values: dict[str, Any]) -> None:
        self.planner.call("production.draft", [int(key)])
        self.planner.call("production.write", [int(key)], values)
        self.planner.call("production.wait", [int(key)])

    def _order(self, quantity: int) -> dict[str, Any]:
        return {
            "product": self._ids[ITEM],
            "bom": self._bill,
            "unit": self._units["u"],
            "quantity": float(quantity),
            "planned_date": DAY,
            "planned_start_date": DAY,
            "company": self._company["id"],
            "warehouse": self._place["id"],
            "location": self._place["production_location"],
            "inputs": [["create", [self._move(COMPONENT, float(quantity), is_input=True)]]],
            "outputs": [["create", [self._move(ITEM, float(quantity), is_input=False)]]],
        }

    def _move(self, item: str, quantity: float, *, is_input: bool) -> dict[str, Any]:
        inside, place = self._place["storage_location"], self._place["production_location"]
        found = {
            "product": self._ids[item],
            "quantity": quantity,
            "unit": self._units["u"],
            "company": self._company["id"],
            "from_location": inside if is_input else place,
            "to_location": place if is_input else inside,
        }
        priced = {"unit_price": Decimal(0), "currency": self._company["currency"]}
        return found if is_input else found | priced

    def _bill_made(self) -> int:
        line = {"unit": self._units["u"], "quantity": 1.0}
        values: dict[str, Any] = {
            "name": "One bottle",
            "inputs": [["create", [line | {"product": self._ids[COMPONENT]}]]],
            "outputs": [["create", [line | {"product": self._ids[ITEM]}]]],
        }
        if self.erp.series != "7.0":
            values["tolerance"] = TOLERANCE
        found: list[int] = self.planner.call("production.bom.create", [values])
        return found[0]


def _writes(body: bytes) -> bool:
    """Whether a call changes something, by the last part of its name."""
    return json.loads(body)["method"].rpartition(".")[2] in WRITES


_PLACES = ["storage_location", "production_location"]
