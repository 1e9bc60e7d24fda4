"""The fake Odoo's manufacturing: what its methods do, as the recorded exchanges with a running 17.0 show it."""

from collections.abc import Callable
from typing import Any

from tests.erp_sync.odoo.store import OdooError, Row, Store

READS = ("search_read", "read")
UNITS = {1: "Units", 2: "Dozens", 10: "L", 12: "kg", 13: "g"}
LOSSES = [
    "Material Availability", "Equipment Failure", "Setup and Adjustments", "Reduced Speed", "Process Defect",
    "Reduced Yield", "Fully Productive Time",
]  # fmt: skip


class FakeOdoo:
    """A database of it. `execute(model, method, arguments, named)` is what RPC calls."""

    def __init__(self, clock: Callable[[], str] = lambda: "2026-11-22 10:22:22") -> None:
        self.store = Store(clock)
        self.refused: list[list[int]] = []  # ids of whatever is to be refused, as a call names them
        self.store.tables["uom.uom"] = {pk: {"id": pk, "name": name} for pk, name in UNITS.items()}
        losses = {pk: {"id": pk, "name": name} for pk, name in enumerate(LOSSES, start=1)}
        self.store.tables["mrp.workcenter.productivity.loss"] = losses
        self.store.tables["stock.location"] = {8: {"id": 8, "name": "WH/Stock", "usage": "internal"}}
        self.store.tables["res.company"] = {1: {"id": 1, "name": "My Company"}}
        self.store.tables["stock.warehouse"] = {1: {"id": 1, "lot_stock_id": 8, "company_id": 1}}

    def execute(self, model: str, method: str, arguments: list[Any], named: Row) -> Any:
        """One call; OdooError for what Odoo answers as an error."""
        if method not in READS and arguments and arguments[0] in self.refused:
            raise OdooError("UserError", "The order is locked by an inventory count.")
        own = getattr(self, f"{model.replace('.', '_')}__{method}", None)
        if own is not None:
            return own(*arguments, **named)
        context = {key: value for key, value in named.items() if key != "context"}
        if method == "search_read":
            domain = context.pop("domain", None)
            return self.store.search_read(model, arguments[0] if domain is None else domain, **context)
        if method == "create":
            values = context.get("vals_list", arguments[0] if arguments else None)
            if isinstance(values, list):
                return [self._create(model, one) for one in values]
            return self._create(model, values)
        if method == "write":
            self._write(model, arguments[0], context.get("vals", arguments[1] if len(arguments) > 1 else {}))
            return True
        if method == "read":
            return [self.store.shown(self.store.row(model, one), arguments[1]) for one in arguments[0]]
        raise OdooError("AttributeError", f"'{model}' has no '{method}'")

    def _create(self, model: str, values: Row) -> int:
        if model == "stock.lot" and self.store.search(
            model, [["name", "=", values["name"]], ["product_id", "=", values["product_id"]]]
        ):
            raise OdooError("ValidationError", "The combination of serial number and product must be unique")
        if model == "mrp.production":
            return self._order(values)
        if model == "product.product":
            values = values | {"product_tmpl_id": len(self.store.table(model)) + 1}
        if model == "stock.scrap":
            values = values | {"state": "draft", "move_ids": [], "name": f"SP/{len(self.store.table(model)) + 2:05}"}
        if model == "stock.move.line":
            made = self.store.create(model, values)
            self._sum(values["move_id"])
            return made
        return self.store.create(model, values)

    def _write(self, model: str, ids: list[int], values: Row) -> None:
        if model == "stock.move" and "quantity" in values:
            for one in ids:
                self._move_quantity(one, values["quantity"])
            self._header_of(ids)
        self.store.write(model, ids, {k: v for k, v in values.items() if (model, k) != ("stock.move", "quantity")})
        if model == "stock.move.line":
            for one in ids:
                self._sum(self.store.row(model, one)["move_id"])
        if model == "mrp.production" and "qty_producing" in values:
            self.store.write(model, ids, {"state": "progress"})

    # Orders

    def _order(self, values: Row) -> int:
        [bom] = [row for row in self.store.table("mrp.bom").values() if row["id"] == values["bom_id"]]
        number = len(self.store.table("mrp.production")) + 1
        row = {
            "name": f"WH/MO/{number:05}", "state": "draft", "reservation_state": False, "qty_producing": 0.0,
            "qty_produced": 0.0, "product_uom_id": 1, "date_start": "2026-11-22 10:22:21", "date_deadline": False,
            "lot_producing_id": False, "priority": "0", "backorder_sequence": 0,
        }  # fmt: skip
        made = self.store.create("mrp.production", row | values | {"product_qty": float(values["product_qty"])})
        for _zero, _none, line in bom["bom_line_ids"]:
            move = {
                "raw_material_production_id": made, "production_id": False, "product_id": line["product_id"],
                "product_uom": line.get("product_uom_id", 1), "per_piece": line["product_qty"], "quantity": 0.0,
                "product_uom_qty": line["product_qty"] * values["product_qty"], "picked": False, "state": "draft",
                "scrapped": False,
            }  # fmt: skip
            self.store.create("stock.move", move)
        return made

    def mrp_production__action_confirm(self, ids: list[int], **_named: Any) -> bool:
        """Releases: work orders come to be, the first is ready."""
        for one in ids:
            self.store.write("mrp.production", [one], {"state": "confirmed"})
            bom = self.store.row("mrp.bom", self.store.row("mrp.production", one)["bom_id"])
            for place, (_zero, _none, operation) in enumerate(bom["operation_ids"]):
                work = {"production_id": one, "name": operation["name"], "workcenter_id": operation["workcenter_id"]}
                state = "pending" if place else "ready"
                self.store.create("mrp.workorder", work | {"state": state, "qty_produced": 0.0, "duration": 0.0})
        return True

    def mrp_production__action_assign(self, ids: list[int], **_named: Any) -> bool:
        """Reserves what is needed; lots are chosen where there is one."""
        for one in ids:
            self.store.write("mrp.production", [one], {"reservation_state": "assigned"})
            for move in self._raws(one):
                lots = self.store.search("stock.lot", [["product_id", "=", move["product_id"]]])
                lot = lots[0]["id"] if lots and self._tracked(move) else False
                self._line(move, move["product_uom_qty"], lot)
                move["state"] = "assigned"
        return True

    def mrp_production__action_cancel(self, ids: list[int], **_named: Any) -> bool:
        """Cancels the order with its parts."""
        for one in ids:
            self.store.write("mrp.production", [one], {"state": "cancel"})
            for row in (*self._raws(one), *self.store.search("mrp.workorder", [["production_id", "=", one]])):
                row["state"] = "cancel"
        return True

    def mrp_production__set_qty_producing(self, ids: list[int], **_named: Any) -> None:
        """Components follow what is being produced."""
        for one in ids:
            row = self.store.row("mrp.production", one)
            for move in self._raws(one):
                wanted = round(move["per_piece"] * row["qty_producing"], 6)
                lines = self.store.search("stock.move.line", [["move_id", "=", move["id"]]])
                for spare in lines[1:]:
                    del self.store.table("stock.move.line")[spare["id"]]
                if lines:
                    lines[0]["quantity"] = wanted
                else:
                    self._line(move, wanted, False)
                self._sum(move["id"])

    def mrp_production__button_mark_done(self, ids: list[int], context: Row | None = None) -> Any:
        """Ends the order, or answers with a wizard and changes nothing."""
        [one], context = ids, context or {}
        row = self.store.row("mrp.production", one)
        if row["state"] in ("done", "cancel"):
            raise OdooError(
                "ValidationError", "The operation cannot be completed: The quantity to produce must be positive!"
            )
        moves = self._raws(one)
        differs = any(abs(m["quantity"] - m["per_piece"] * row["qty_producing"]) > 0.001 for m in moves)
        flexible = self.store.row("mrp.bom", row["bom_id"]).get("consumption") == "flexible"
        if differs and not flexible and not context.get("skip_consumption"):
            return {"display_name": "Consumption Warning", "res_model": "mrp.consumption.warning", "res_id": 0}
        for move in moves:
            lines = self.store.search("stock.move.line", [["move_id", "=", move["id"]]])
            if self._tracked(move) and any(line["quantity"] and not line["lot_id"] for line in lines):
                code = self.store.name("product.product", move["product_id"])
                raise OdooError("UserError", f"You need to supply a Lot/Serial Number for product: \n - {code}")
        less = row["qty_producing"] < row["product_qty"]
        if less and not context.get("skip_backorder"):
            said = "You produced less than initial demand"
            return {"display_name": said, "res_model": "mrp.production.backorder", "res_id": 0}
        answer: Any = True
        if less and one in (context.get("mo_ids_to_backorder") or []):
            answer = {"res_model": "mrp.production", "res_id": self._backorder(row)}
        self.store.write("mrp.production", [one], {"state": "done", "qty_produced": row["qty_producing"]})
        for work in self.store.search("mrp.workorder", [["production_id", "=", one]]):
            if work["state"] != "cancel":
                work["qty_produced"] = work["qty_produced"] or row["qty_producing"]
                work["state"] = "done"
        for move in moves:
            move["state"] = "done"
        return answer

    def change_production_qty__change_prod_qty(self, ids: list[int], **_named: Any) -> Row:
        """The planner's wizard: quantity and components change."""
        asked = self.store.row("change.production.qty", ids[0])
        self.store.write("mrp.production", [asked["mo_id"]], {"product_qty": float(asked["product_qty"])})
        for move in self._raws(asked["mo_id"]):
            move["product_uom_qty"] = move["per_piece"] * asked["product_qty"]
        return {}

    # Work orders, scrap, stock

    def mrp_workorder__button_start(self, ids: list[int], **_named: Any) -> bool:
        """Starts; a second time changes nothing."""
        for one in ids:
            work = self.store.row("mrp.workorder", one)
            if work["state"] not in ("progress", "done", "cancel"):
                work["state"] = "progress"
                self.store.write("mrp.production", [work["production_id"]], {"state": "progress"})
                productive = {"workorder_id": one, "workcenter_id": work["workcenter_id"], "loss_id": 7}
                self.store.create("mrp.workcenter.productivity", productive | {"user_id": False})
        return True

    def mrp_workorder__button_finish(self, ids: list[int], **_named: Any) -> bool:
        """Books the full quantity of the order, whatever was made; of a cancelled one it says True and does nothing."""
        for one in ids:
            work = self.store.row("mrp.workorder", one)
            if work["state"] != "cancel":
                work["state"] = "done"
                work["qty_produced"] = self.store.row("mrp.production", work["production_id"])["product_qty"]
        return True

    def stock_scrap__action_validate(self, ids: list[int], **_named: Any) -> bool:
        """Posts a move, each time it is called."""
        for one in ids:
            row = self.store.row("stock.scrap", one)
            move = {
                "product_id": row["product_id"], "quantity": float(row["scrap_qty"]), "state": "done", "scrapped": True,
                "raw_material_production_id": False, "production_id": False, "picked": True,
            }  # fmt: skip
            row["move_ids"] = [*row["move_ids"], self.store.create("stock.move", move)]
            row["state"] = "done"
        return True

    def stock_quant__action_apply_inventory(self, ids: list[int], **_named: Any) -> None:
        """The counted quantity becomes the quantity."""
        for one in ids:
            row = self.store.row("stock.quant", one)
            product = self.store.row("product.product", row["product_id"])
            row["quantity"], row["product_uom_id"] = row["inventory_quantity"], product["uom_id"]

    def _backorder(self, row: Row) -> int:
        rest = row["product_qty"] - row["qty_producing"]
        base = row["name"]
        new = self._order({"product_id": row["product_id"], "product_qty": rest, "bom_id": row["bom_id"]})
        self.mrp_production__action_confirm([new])
        self.mrp_production__action_assign([new])
        values = {"name": f"{base}-002", "origin": row["origin"], "backorder_sequence": 2}
        self.store.write("mrp.production", [new], values)
        first = self.store.search("mrp.workorder", [["production_id", "=", new]])
        first[0]["state"], first[1]["state"] = "cancel", "ready"
        values = {"name": f"{base}-001", "product_qty": row["qty_producing"], "backorder_sequence": 1}
        self.store.write("mrp.production", [row["id"]], values)
        return new

    def _raws(self, order: int) -> list[Row]:
        return self.store.search("stock.move", [["raw_material_production_id", "=", order]])

    def _tracked(self, move: Row) -> bool:
        return bool(self.store.row("product.product", move["product_id"])["tracking"] == "lot")

    def _line(self, move: Row, quantity: float, lot: int | bool) -> None:
        line = {"move_id": move["id"], "product_id": move["product_id"], "quantity": quantity, "lot_id": lot}
        self.store.create("stock.move.line", line | {"picked": True})
        self._sum(move["id"])

    def _move_quantity(self, one: int, quantity: float) -> None:
        """Writing a move's sum adds a line for the difference, without a lot."""
        move = self.store.row("stock.move", one)
        if quantity > move["quantity"]:
            self._line(move, round(quantity - move["quantity"], 6), False)
            return
        lines = self.store.search("stock.move.line", [["move_id", "=", one]])
        for spare in lines[1:]:
            spare["quantity"] = 0.0
        if lines:
            lines[0]["quantity"] = quantity
        self._sum(one)

    def _sum(self, move: int) -> None:
        lines = self.store.search("stock.move.line", [["move_id", "=", move]])
        self.store.row("stock.move", move)["quantity"] = round(sum(line["quantity"] for line in lines), 6)

    def _header_of(self, moves: list[int]) -> None:
        for one in moves:
            order = self.store.row("stock.move", one)["raw_material_production_id"]
            if order:
                self.store.write("mrp.production", [order], {})
