"""What stands in Tryton of some orders: head, moves of materials and works, read in one question, so they fit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from erp_sync.connectors.tryton.catalog import Catalog, Product
from erp_sync.connectors.tryton.session import Session
from erp_sync.connectors.tryton.values import Row, Unit, converted, nested, number, seconds, stamp

MOVE_FIELDS = [
    *("quantity", "unit", "lot", "lot.number", "state", "origin", "to_location.type"),
    *("product", "write_date", "create_date", "_timestamp"),
]
WORK_FIELDS = [
    *("sequence", "operation.name", "work_center.name", "state", "write_date", "create_date"),
    *("cycles.state", "cycles.duration"),
]
ORDER_FIELDS = [
    *("number", "reference", "state", "quantity", "unit", "bom", "planned_date", "planned_start_date"),
    *("location", "warehouse.waste_locations", "warehouse.storage_location", "company", "company.currency"),
    *("company.timezone", "work_center.name", "routing.steps.sequence", "routing.steps.operation.name"),
    *("product", "write_date", "create_date", "_timestamp"),
    *(f"inputs.{field}" for field in MOVE_FIELDS),
    *(f"outputs.{field}" for field in MOVE_FIELDS),
    *(f"works.{field}" for field in WORK_FIELDS),
]
DONE, OPEN = "done", ("draft", "staging", "assigned")


@dataclass(frozen=True, slots=True)
class Move:
    """A move of material into the order or out of it; `quantity` is in `unit`."""

    id: int
    product: Product
    quantity: Decimal
    unit: Unit
    lot_id: int | None
    lot: str
    state: str
    is_input: bool
    is_waste: bool
    stamp: str
    changed: str

    @property
    def in_base(self) -> Decimal:
        """The quantity in the product's own unit."""
        return converted(self.quantity, self.unit, self.product.unit)


@dataclass(frozen=True, slots=True)
class Work:
    """An operation of the order. `cycles` are (id, state, seconds)."""

    id: int
    operation: str
    work_center: str
    state: str
    cycles: tuple[tuple[int, str, Decimal], ...]
    changed: str


@dataclass(frozen=True, slots=True)
class Book:
    """An order with everything that was booked on it. `back` is scrap that was taken back, as done or open moves."""

    row: Row
    product: Product
    unit: Unit
    moves: tuple[Move, ...]
    works: tuple[Work, ...]
    back: tuple[Move, ...] = ()

    @property
    def id(self) -> int:
        """Tryton's id, which never changes (drafts have no number)."""
        return int(self.row["id"])

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.row.get("number") or f"({self.id})")

    @property
    def state(self) -> str:
        """Tryton's own word."""
        return str(self.row["state"])

    @property
    def begun(self) -> bool:
        """Material was used: the order runs, also while it stands in `waiting` for another input."""
        return self.state == "running" or any(move.is_input and move.state == DONE for move in self.moves)

    @property
    def version(self) -> str:
        """What is to be made, and when anything of the order was changed last. See `plan_of`."""
        stamps = [stamp(self.row), *(move.changed for move in self.moves), *(work.changed for work in self.works)]
        return f"{plan_of(self.row)} {max(stamps)}"

    def good(self) -> dict[str, Decimal]:
        """Good output by lot, in the product's unit: outputs to stock less what was taken back as input."""
        mine = [move for move in self.moves if move.product.id == self.product.id and not move.is_waste]
        return _by_lot(mine, sign_of_input=-1)

    def scrap(self) -> dict[str, Decimal]:
        """Scrap by lot, in the product's unit: outputs to a waste location less what came back from there."""
        gone = _by_lot([move for move in self.moves if move.product.id == self.product.id and move.is_waste], -1)
        for lot, quantity in _by_lot(self.back, -1).items():
            gone[lot] = gone.get(lot, Decimal(0)) - quantity
        return gone

    def consumed(self) -> dict[str, dict[str, Decimal]]:
        """Item -> lot -> quantity in the item's unit: inputs less what went back to stock."""
        items: defaultdict[str, list[Move]] = defaultdict(list)
        for move in self.moves:
            if move.product.id != self.product.id:
                items[move.product.code].append(move)
        used = {item: moves for item, moves in items.items() if any(move.is_input for move in moves)}
        return {item: _by_lot(moves, sign_of_input=1) for item, moves in used.items()}


def plan_of(row: Row) -> str:
    """A short sign of product, quantity and unit: a posting refers to these, whatever else of the order changed."""
    said = f"{row.get('product')} {number(row.get('quantity')).normalize()} {row.get('unit')}"
    return sha256(said.encode()).hexdigest()[:12]


def books(session: Session, catalog: Catalog, ids: Sequence[int]) -> list[Book]:
    """Orders by id, in that order; those Tryton does not have are left out, and those without a product."""
    rows = {row["id"]: row for row in session.rows("production", [["id", "in", list(ids)]], ORDER_FIELDS)}
    return books_of(session, catalog, [rows[order_id] for order_id in ids if order_id in rows])


def books_of(session: Session, catalog: Catalog, rows: Sequence[Row]) -> list[Book]:
    """The books of orders that were read with `ORDER_FIELDS`. Orders without product or unit have none."""
    usable = [row for row in rows if row.get("product") and row.get("unit")]
    every = [move["product"] for row in usable for side in ("inputs.", "outputs.") for move in row.get(side) or ()]
    products = catalog.products_with([*every, *(row["product"] for row in usable)])
    moves = {row["id"]: _moves(catalog, row) for row in usable}
    back = _taken_back(session, catalog, moves)
    return [
        Book(row, products[row["product"]], catalog.unit(row["unit"]), moves[row["id"]], _works(row), back[row["id"]])
        for row in usable
    ]


def _moves(catalog: Catalog, row: Row) -> tuple[Move, ...]:
    found = [_move(catalog, move, is_input=True) for move in row.get("inputs.") or ()]
    found += [_move(catalog, move, is_input=False) for move in row.get("outputs.") or ()]
    return tuple(sorted(found, key=lambda move: move.id))


def _taken_back(
    session: Session, catalog: Catalog, moves: Mapping[int, tuple[Move, ...]]
) -> defaultdict[int, tuple[Move, ...]]:
    """Scrap is taken back by a move from the waste location into production that names the scrap move as origin."""
    wasted = {
        move.id: order
        for order, all_moves in moves.items()
        for move in all_moves
        if move.is_waste and move.state == DONE
    }
    found: defaultdict[int, tuple[Move, ...]] = defaultdict(tuple)
    if wasted:
        domain = [["origin", "in", [f"stock.move,{move_id}" for move_id in wasted]], ["state", "!=", "cancelled"]]
        for row in session.rows("stock.move", domain, MOVE_FIELDS, order=[["id", "ASC"]]):
            order = wasted[int(row["origin"].partition(",")[2])]
            found[order] = (*found[order], _move(catalog, row, is_input=False))
    return found


def _works(row: Row) -> tuple[Work, ...]:
    rows = sorted(row.get("works.") or (), key=lambda work: (work["sequence"] or 0, work["id"]))
    return tuple(
        Work(
            work["id"],
            str(nested(work, "operation").get("name") or ""),
            str(nested(work, "work_center").get("name") or ""),
            work["state"],
            tuple((cycle["id"], cycle["state"], seconds(cycle["duration"])) for cycle in work.get("cycles.") or ()),
            stamp(work),
        )
        for work in rows
    )


def _move(catalog: Catalog, row: Row, *, is_input: bool) -> Move:
    return Move(
        id=row["id"],
        product=catalog.products_with([row["product"]])[row["product"]],
        quantity=number(row["quantity"]),
        unit=catalog.unit(row["unit"]),
        lot_id=row["lot"],
        lot=str(nested(row, "lot").get("number") or ""),
        state=row["state"],
        is_input=is_input,
        is_waste=nested(row, "to_location").get("type") == "lost_found",
        stamp=str(row["_timestamp"]),
        changed=stamp(row),
    )


def _by_lot(moves: Iterable[Move], sign_of_input: int) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for move in moves:
        if move.state == DONE:
            sign = sign_of_input if move.is_input else -sign_of_input
            found[move.lot] = found.get(move.lot, Decimal(0)) + sign * move.in_base
    return found
