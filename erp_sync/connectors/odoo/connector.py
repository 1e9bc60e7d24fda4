"""The connector to Odoo: keeps the protocol, the work is done by the modules beside it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from erp_sync.connector import Exchange, Settings
from erp_sync.connectors.odoo.orders import (
    KIND,
    OPEN,
    PLANNED,
    booked_of,
    books,
    code_of,
    ids_of,
    name_of,
    number,
    page_of,
    version_of,
)
from erp_sync.connectors.odoo.orders import request_of as as_request
from erp_sync.connectors.odoo.push import push
from erp_sync.connectors.odoo.session import Session
from erp_sync.errors import RejectedError
from erp_sync.messages import (
    Booked,
    Capability,
    Health,
    MasterKind,
    OperationsRequest,
    OperationsResponse,
    Page,
    PushResult,
    Quantity,
    StockStatement,
)
from erp_sync.transport.client import HttpDoor

AT_ONCE = 200
CAN = frozenset(Capability) - {
    Capability.LABOR,
    Capability.MACHINE_TIME,
    Capability.DOWNTIME,
    Capability.BACKFLUSH,
}


class Odoo:
    """Odoo 14 to 18 over JSON-RPC, from 19 on over JSON-2.

    Options: `database`, `user`; secret: `password` or `api_key`. The API user needs the groups of manufacturing and
    stock users, nothing more.
    """

    kind = "odoo"

    def __init__(self, settings: Settings) -> None:
        self._door = HttpDoor(settings)
        self._session = Session(settings, self._door)

    def check(self, now: datetime) -> Health:
        """Reaches Odoo, logs in, asks for one order. The clock is the one in the header of its answers."""
        if self._session.major == 0:
            raise RejectedError(f"'{self._session.version}' is no version of Odoo that is known.")
        self._session.read(KIND, [], ["name"], limit=1)
        theirs = self._session.server_time
        return Health(self._session.version, None if theirs is None else (theirs - now).total_seconds())

    def capabilities(self) -> frozenset[Capability]:
        """All but times of people and machines and downtime, which are not written yet."""
        return CAN

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """See the protocol and `orders.page_of`."""
        return page_of(self._session, cursor, overlap_s, limit)

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """Orders that are neither done nor cancelled; the version changes with what a planner changes."""
        last = 0
        while True:
            domain = [["state", "in", OPEN], ["id", ">", last]]
            rows = self._session.read(KIND, domain, PLANNED, limit=AT_ONCE)
            yield from ((str(row["id"]), version_of(row)) for row in rows)
            if len(rows) < AT_ONCE:
                return
            last = rows[-1]["id"]

    def get_order(self, key: str) -> OperationsRequest | None:
        """One order; None where there is none. RejectedError for one that makes no sense."""
        found = books(self._session, [["id", "in", ids_of([key])]])
        try:
            return as_request(found[0]) if found else None
        except (ValueError, ArithmeticError) as wrong:
            raise RejectedError(f"Order {key} of Odoo cannot be read: {wrong}.") from wrong

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """What lies in internal locations, per item and lot. What is expected is not asked for."""
        domain: list[Any] = [["location_id.usage", "=", "internal"]]
        if items:
            domain.append(["product_id.default_code", "in", list(items)])
        sums: dict[tuple[str, str, str], Decimal] = {}
        for row in self._session.read("stock.quant", domain, ["product_id", "lot_id", "quantity", "product_uom_id"]):
            key = (code_of(row["product_id"]), name_of(row["lot_id"]), name_of(row["product_uom_id"]))
            sums[key] = sums.get(key, Decimal(0)) + number(row["quantity"])
        for (item, lot, unit), quantity in sorted(sums.items()):
            yield StockStatement(item, "", Quantity(quantity, unit), lot=lot, as_of=self._session.server_time)

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """Items, units and work centers; Odoo's bills and routings come with each order instead."""
        if kind is MasterKind.ITEM:
            fields = ["default_code", "name", "uom_id", "tracking"]
            for row in self._session.read("product.product", [], fields):
                code = str(row["default_code"] or row["name"])
                yield {"key": code, "name": row["name"], "unit": name_of(row["uom_id"]), "tracking": row["tracking"]}
        elif kind is MasterKind.UNIT:
            for row in self._session.read("uom.uom", [], ["name"]):
                yield {"key": row["name"], "name": row["name"]}
        elif kind is MasterKind.WORK_CENTER:
            for row in self._session.read("mrp.workcenter", [], ["name", "code"]):
                yield {"key": row["name"], "name": row["name"], "code": row["code"] or ""}

    def push_response(self, message: OperationsResponse) -> PushResult:
        """See `push`."""
        return push(self._session, message)

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """What is booked on some orders."""
        ids, found = ids_of(keys), {}
        for start in range(0, len(ids), AT_ONCE):
            for book in books(self._session, [["id", "in", ids[start : start + AT_ONCE]]]):
                found[str(book.row["id"])] = booked_of(book)
        return found

    def exchange(self) -> Exchange:
        """What went out and came back since this was asked last, masked."""
        return self._door.exchange()

    def close(self) -> None:
        """Gives connections back."""
        self._door.close()
