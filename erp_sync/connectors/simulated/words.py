"""The simulated ERP's words and Millwright's: orders in, confirmations out, refusals as errors."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from erp_sync.errors import ConflictError, ErpError, RejectedError, WarningError
from erp_sync.messages import (
    Booked,
    ExternalRef,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    OperationsResponse,
    Quantity,
    RequestState,
    SegmentRequirement,
)

Row = dict[str, Any]
STATES = {
    "Planned": RequestState.PLANNED,
    "Released": RequestState.RELEASED,
    "In work": RequestState.RUNNING,
    "Made": RequestState.COMPLETED,
    "Closed": RequestState.CLOSED,
    "Cancelled": RequestState.CANCELLED,
}


def request_of(row: Row) -> OperationsRequest:
    """An order. ValueError with a sentence for the planner where it makes no sense."""
    name = row["number"] or row["key"]
    if row["state"] not in STATES:
        raise ValueError(f"Order {name} is '{row['state']}' in the ERP: this state is not known here.")
    return OperationsRequest(
        ref=ExternalRef("order", str(row["key"]), str(row["number"]), str(row["version"])),
        state=STATES[row["state"]],
        erp_state=row["state"],
        item=str(row["item"]),
        quantity=_quantity(row, name),
        work_center=str(row["line"]),
        priority=row["priority"],
        starts_at=_time(row["start"], name),
        due_at=_time(row["due"], name),
        customer=str(row["customer"]),
        segments=tuple(
            SegmentRequirement(
                int(part["sequence"]),
                str(part["code"]),
                str(part["name"]),
                str(part.get("work_center", "")),
                cycle_s=None if part.get("cycle_s") is None else Decimal(part["cycle_s"]),
            )
            for part in row["operations"]
        ),
        materials=tuple(
            MaterialRequirement(MaterialUse.CONSUMED, str(part["item"]), _quantity(part, name), backflush=False)
            for part in row["components"]
        ),
        modified_at=str(row["modified"]),
    )


def confirmation_of(message: OperationsResponse) -> Row:
    """Totals so far, as the simulated ERP takes them."""
    total = message.cumulative
    consumed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for part in total.materials:
        if part.use == MaterialUse.CONSUMED:
            consumed[part.item] += part.quantity.value
    made = [part for part in total.materials if part.use == MaterialUse.PRODUCED and part.quantity.value]
    lots = {part.lot for part in made if part.lot}
    return {
        "sequence": message.sequence,
        "version": message.order.version,
        "final": message.final,
        "accept_warning": message.accept_warning,
        "date": message.posting_date,
        "unit": total.good.unit,
        **{name: str(getattr(total, name).value) for name in ("good", "scrap", "rework")},
        "consumed": {item: str(value) for item, value in consumed.items()},
        "lots": sorted(lots),
        "downtime": [[part.reason, part.seconds, part.work_center] for part in total.downtime],
        **{name: getattr(total, name) for name in ("labor_s", "run_s", "setup_s")},
    }


def booked_of(row: Row) -> Booked:
    """What the ERP has booked of an order."""
    return Booked(
        STATES[row["state"]],
        row["state"],
        Decimal(row["good"]),
        Decimal(row["scrap"]),
        {item: Decimal(value) for item, value in row["consumed"].items()},
        frozenset(row["lots"]),
    )


def problem_of(said: Any) -> ErpError:
    """The error that an answer of 4xx means. The ERP's own words stay beside ours."""
    code, text = (str(said.get(name, "")) for name in ("error", "message")) if isinstance(said, dict) else ("", "")
    if code == "question":
        return WarningError("The ERP asks back before it books this.", said=text)
    if code in ("changed", "state"):
        return ConflictError("The order was changed in the ERP, or stands where nothing can be booked.", said=text)
    if code == "unknown":
        return ConflictError("The ERP has no such order any more.", said=text)
    return RejectedError("The ERP does not take this confirmation.", said=text)


def _quantity(row: Row, name: Any) -> Quantity:
    try:
        value = Decimal(str(row["quantity"]))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise ValueError(f"Order {name} has the quantity '{row['quantity']}' in the ERP, which is none.")
    return Quantity(value, str(row["unit"]))


def _time(text: str | None, name: Any) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f"Order {name} has the time '{text}' in the ERP, which is none, or has no zone.")
    return found
