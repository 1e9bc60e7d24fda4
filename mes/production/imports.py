"""A CSV file of orders becomes orders: all of them or none, unless only the good rows are asked for."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from mes.journal.write import record
from mes.plant.models import Line
from mes.production.csvfile import OrderRow, RowError, read_orders
from mes.production.models import Item, WorkOrder
from mes.production.operations import operations_from_routings
from mes.production.order_new import differences, taken_message
from mes.production.order_rows import KIND
from mes.production.typed import Unreadable, due_from

_TRIES = 3  # another import of the same numbers may commit between our look and our insert


@dataclass(slots=True)
class ImportReport:
    """What a file would do or did: orders to create, rows that say what is stored already, and errors."""

    new: list[WorkOrder] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    applied: bool = False


def orders_import_preview(*, data: bytes, lines: Collection[Line] | None = None) -> ImportReport:
    """What `orders_import_csv` would do with the file, without doing it."""
    return _planned(data, lines)


def orders_import_csv(
    *, data: bytes, actor: str, at: datetime, partial: bool = False, lines: Collection[Line] | None = None
) -> ImportReport:
    """Create the file's orders in one transaction. The same file again changes nothing.

    With any error nothing is written (`applied` stays False), unless `partial` is chosen: then the good rows are.
    `lines` are those the actor may plan; others read as unknown. None: every line.
    """
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                report = _planned(data, lines)
                if report.errors and not partial:
                    return report
                _write(report, actor, at)
                report.applied = True
                return report
        except IntegrityError:
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _write(report: ImportReport, actor: str, at: datetime) -> None:
    WorkOrder.objects.bulk_create(report.new)
    operations_from_routings(report.new)
    for order in report.new:
        about: dict[str, Any] = {"item": order.item.code, "line": order.line.code, "quantity": order.quantity}
        about |= {"due_at": order.due_at, "source": "csv", "kind": order.kind}
        record(actor=actor, at=at, action="order_create", kind=KIND, code=order.number, data=about)


def _planned(data: bytes, lines: Collection[Line] | None) -> ImportReport:
    read = read_orders(data)
    report = ImportReport(errors=read.errors)
    known = Known(read.rows, lines)
    seen: dict[str, WorkOrder] = {}
    for row in read.rows:
        order = known.order_of(row, report.errors)
        if order is None:
            continue
        stored = known.stored.get(row.number) or seen.get(row.number)
        if stored is None:
            seen[row.number] = order
            report.new.append(order)
        elif different := differences(stored, _content(row, order)):
            report.errors.append(RowError(row.line, "number", taken_message(stored, different)))
        else:
            report.unchanged.append(row.number)
    report.errors.sort(key=lambda error: error.line)
    return report


def _content(row: OrderRow, order: WorkOrder) -> dict[str, Any]:
    """What the row says about the order; a priority or kind it does not give is no difference."""
    names = ["item", "line", "quantity", "due_at"] + (["priority"] if row.priority is not None else [])
    names += ["kind"] if row.kind is not None else []
    return {name: getattr(order, name) for name in names}


class Known:
    """The items, lines and orders the rows speak of, read in three queries."""

    def __init__(self, rows: list[OrderRow], lines: Collection[Line] | None) -> None:
        found = Line.objects.select_related("area__site").filter(code__in={row.line_code for row in rows})
        if lines is not None:
            found = found.filter(pk__in=[line.pk for line in lines])
        self.lines = {line.code: line for line in found}
        self.items = {item.code: item for item in Item.objects.filter(code__in={row.item for row in rows})}
        stored = WorkOrder.objects.filter(number__in={row.number for row in rows})
        self.stored = {order.number: order for order in stored.select_related("item", "line__area__site")}

    def order_of(self, row: OrderRow, errors: list[RowError]) -> WorkOrder | None:
        """The order a row describes, not stored; None after adding what is wrong to `errors`."""
        item, line = self.items.get(row.item), self.lines.get(row.line_code)
        if item is None:
            message = f"There is no item {row.item}: check its code, or add the item first."
            errors.append(RowError(row.line, "item", message))
        if line is None:
            message = f"There is no line {row.line_code} that you may plan: check its code."
            errors.append(RowError(row.line, "line", message))
        if item is None or line is None:
            return None
        try:
            due_at = due_from(row.due, ZoneInfo(line.area.site.time_zone))
        except Unreadable as error:
            errors.append(RowError(row.line, "due", str(error)))
            return None
        order = WorkOrder(number=row.number, item=item, line=line, quantity=row.quantity, due_at=due_at, source="csv")
        if row.priority is not None:
            order.priority = row.priority
        if row.kind is not None:
            order.kind = row.kind
        return order
