"""The fake Odoo on the bench: no real one can be had, so its rows say what the recorded 17.0 said."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from erp_sync.connector import Settings
from erp_sync.connectors.odoo import Odoo
from tests.erp_sync.contract.line import Line
from tests.erp_sync.contract.rig import Books
from tests.erp_sync.contract.suite import WRONG_SECRET
from tests.erp_sync.odoo.model import FakeOdoo
from tests.erp_sync.odoo.server import DATABASE, PASSWORD, USER, served

TIME = "%Y-%m-%d %H:%M:%S"
PRODUCT, PREFORM = 2, 1
_WRITES = (b'"write"', b'"create"', b'"set_qty_producing"', b'"action_', b'"button_')


class OdooRig:
    """Enters and reads in the fake's own tables; the connector comes over JSON-RPC, through a line that can break."""

    unit = "Units"
    component = ("PRE-05", "Units")

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self.odoo = FakeOdoo(lambda: (datetime.now(UTC) + self.offset).strftime(TIME))
        for code in ("PRE-05", "FG-C10"):
            values = {"name": code.title(), "default_code": code, "tracking": "none", "uom_id": 1}
            self.odoo.execute("product.product", "create", [values], {})
        self.odoo.execute("mrp.workcenter", "create", [{"name": "Filler 2", "code": "L2"}], {})
        bom = {
            "product_tmpl_id": PRODUCT,
            "consumption": "flexible",
            "bom_line_ids": [[0, 0, {"product_id": PREFORM, "product_qty": 1}]],
            "operation_ids": [[0, 0, {"name": "Fill", "workcenter_id": 1}]],
        }
        self.odoo.execute("mrp.bom", "create", [bom], {})
        self._open = ExitStack()
        url = self._open.enter_context(served(self.odoo))
        self.line = Line(urlsplit(url).port or 0, _writes)
        self._open.callback(self.line.stop)
        self.faults = self.line.faults

    def close(self) -> None:
        self._open.close()

    def connect(self, *, wrong_secret: bool = False, time_out_s: float = 30) -> Odoo:
        options = {"database": DATABASE, "user": USER, "time_out_s": time_out_s}
        secrets = {"password": WRONG_SECRET if wrong_secret else PASSWORD}
        return Odoo(Settings("ODOO", self.line.address, options, secrets, demo=True))

    def make(self, quantity: int = 100) -> str:
        values = {"product_id": PRODUCT, "product_qty": quantity, "bom_id": 1}
        made = int(self.odoo.execute("mrp.production", "create", [values], {}))
        self.odoo.execute("mrp.production", "action_confirm", [[made]], {})
        self.odoo.execute("mrp.production", "action_assign", [[made]], {})
        return str(made)

    def make_at_once(self, count: int) -> list[str]:
        made = [self.make() for _ in range(count)]
        at = self._row(made[-1])["write_date"]
        for key in made:
            self._row(key)["write_date"] = at
        return made

    def make_late(self) -> str:
        return self._at(-timedelta(minutes=2), self.make)

    def make_odd(self, what: str) -> str:
        key = self.make()
        odd: dict[str, Any] = {
            "item": {"product_id": self.odoo.execute("product.product", "create", [_NEW], {})},
            "unit": {"product_uom_id": 2},
            "state": {"state": "thinking"},
            "quantity": {"product_qty": "many"},
        }
        self._row(key).update(odd[what])
        return key

    def change(self, key: str, quantity: int) -> None:
        asked = self.odoo.execute("change.production.qty", "create", [{"mo_id": int(key), "product_qty": quantity}], {})
        self.odoo.execute("change.production.qty", "change_prod_qty", [[asked]], {})

    def delete(self, key: str) -> None:
        del self.odoo.store.table("mrp.production")[int(key)]

    def cancel(self, key: str) -> None:
        self.odoo.execute("mrp.production", "action_cancel", [[int(key)]], {})

    def block(self, key: str) -> None:
        self.odoo.refused.append([int(key)])

    def skew(self, seconds: int) -> None:
        self.line.skew_s = seconds

    def books(self, key: str) -> Books:
        row = self._row(key)
        moves = self.odoo.store.table("stock.move").values()
        scraps = [
            scrap for scrap in self.odoo.store.table("stock.scrap").values() if scrap["production_id"] == int(key)
        ]
        posted = {move for scrap in scraps for move in scrap["move_ids"]}
        scrap = sum((Decimal(str(move["quantity"])) for move in moves if move["id"] in posted), Decimal(0))
        used = [move for move in moves if move["raw_material_production_id"] == int(key) and move["picked"]]
        consumed = {"PRE-05": sum((Decimal(str(move["quantity"])) for move in used), Decimal(0))}
        return Books(Decimal(str(row["qty_producing"])), scrap, consumed, row["state"] == "done")

    def _row(self, key: str) -> dict[str, Any]:
        return self.odoo.store.row("mrp.production", int(key))

    def _at(self, offset: timedelta, act: Callable[[], str]) -> str:
        self.offset = offset
        try:
            return act()
        finally:
            self.offset = timedelta(0)


_NEW = {"name": "Never heard", "default_code": "NEVER-HEARD", "tracking": "none", "uom_id": 1}


def _writes(_method: str, _path: str, body: bytes) -> bool:
    return any(word in body for word in _WRITES)
