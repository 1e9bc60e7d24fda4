"""What travels between an ERP and Millwright, in ISA-95 terms. Connectors turn their ERP's words into these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class RequestState(StrEnum):
    """Where an order stands in the ERP (the RequestState of ISA-95, with the ERP's own word beside it)."""

    PLANNED = "planned"  # not yet to be made: listed, never dispatched
    RELEASED = "released"
    RUNNING = "running"
    COMPLETED = "completed"  # made, as the ERP has it
    CLOSED = "closed"  # nothing can be posted any more
    CANCELLED = "cancelled"


class MaterialUse(StrEnum):
    """What became of a material (MaterialUse of ISA-95)."""

    PRODUCED = "produced"
    CONSUMED = "consumed"
    SCRAP = "scrap"
    REWORK = "rework"


class Outcome(StrEnum):
    """What became of a message that was sent."""

    APPLIED = "applied"
    ALREADY_APPLIED = "already-applied"


class Capability(StrEnum):
    """What a connector can do; what is missing is not offered and not shown."""

    PULL_ORDERS = "pull-orders"
    PULL_STOCK = "pull-stock"
    PULL_MASTER = "pull-master"
    LIST_KEYS = "list-keys"  # all open keys at once: the sweep that finds deleted orders
    GET_ORDER = "get-order"
    PUSH = "push"
    PUSH_CUMULATIVE = "push-cumulative"  # takes totals: a repeat is harmless, messages of one order may be collapsed
    PARTIAL = "partial"  # takes confirmations while the order runs
    CONSUMPTION = "consumption"
    LOTS = "lots"
    LABOR = "labor"  # people's time
    MACHINE_TIME = "machine-time"  # run and setup
    DOWNTIME = "downtime"
    TOTALS = "totals"  # tells what it has booked, for the comparison
    BACKFLUSH = "backflush"  # takes components off stock by itself


class MasterKind(StrEnum):
    """Kinds of master data an ERP may hand over."""

    ITEM = "item"
    UNIT = "unit"
    WORK_CENTER = "work-center"
    BILL = "bill"
    ROUTING = "routing"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """How the ERP knows a record. `key` identifies it for ever; `number` is what people read, may be empty.

    `version` is whatever the ERP needs to see that somebody else changed the record meanwhile.
    """

    kind: str
    key: str
    number: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """So much in the unit the ERP uses. Always Decimal: 0.1 is 0.1."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class MaterialRequirement:
    """A material the order makes or needs. `quantity` is for the whole order; None where the ERP does not say.

    `line_key` is the ERP's own line, `backflush` says that the ERP takes it off stock by itself.
    """

    use: MaterialUse
    item: str
    quantity: Quantity | None
    lot: str = ""
    line_key: str = ""
    backflush: bool | None = None


@dataclass(frozen=True, slots=True)
class SegmentRequirement:
    """One operation of the order. `code` stays when the ERP makes the rows anew; sequences are 10, 20, 30 ..."""

    sequence: int
    code: str
    name: str
    work_center: str = ""
    setup_s: int | None = None
    cycle_s: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OperationsRequest:
    """An order as the ERP has it now. `item`, `work_center` and units are the ERP's own codes, not yet mapped.

    `modified_at` is by the ERP's clock and only compared with itself. `erp_state` is the ERP's own word for `state`.
    `materials` is empty where the ERP does not say them (any more: Tryton forgets the plan once the order has started);
    that never means that none are needed.
    """

    ref: ExternalRef
    state: RequestState
    erp_state: str
    item: str
    quantity: Quantity
    work_center: str = ""
    priority: int | None = None
    starts_at: datetime | None = None
    due_at: datetime | None = None
    customer: str = ""
    segments: tuple[SegmentRequirement, ...] = ()
    materials: tuple[MaterialRequirement, ...] = ()
    modified_at: str = ""


@dataclass(frozen=True, slots=True)
class StockStatement:
    """What the ERP says of an item (and lot) at a site: on hand, expected when. `as_of` is by the ERP's clock."""

    item: str
    site: str
    on_hand: Quantity
    lot: str = ""
    expected: Quantity | None = None
    expected_at: datetime | None = None
    as_of: datetime | None = None
    expires_on: str = ""


@dataclass(frozen=True, slots=True)
class MaterialActual:
    """So much of a material was made or used, in total so far. `lot` and `reason` may be empty.

    A CONSUMED line, also one of zero, says that Millwright books this material. One without any line is left to the
    ERP: some (Tryton) then take the planned quantity off stock when the order starts.
    """

    use: MaterialUse
    item: str
    quantity: Quantity
    lot: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DowntimeActual:
    """So long the order's machines stood for a reason (the ERP's code where it is mapped), in total so far."""

    reason: str
    seconds: int
    work_center: str = ""


@dataclass(frozen=True, slots=True)
class Actuals:
    """What was made, used and worked, in the ERP's units. As a total or as the difference to the message before."""

    good: Quantity
    scrap: Quantity
    rework: Quantity
    materials: tuple[MaterialActual, ...] = ()
    downtime: tuple[DowntimeActual, ...] = ()
    labor_s: int = 0
    run_s: int = 0
    setup_s: int = 0


@dataclass(frozen=True, slots=True)
class OperationsResponse:
    """What became of an order so far. `cumulative` is what counts; `delta` is for ERPs that only take increments.

    `event_id` stays the same however often the message is sent; `sequence` rises by one within an order, so an ERP (or
    a connector) that has seen a higher one knows that this one is old. `posting_date` is by the site's policy.
    """

    event_id: UUID
    order: ExternalRef
    sequence: int
    occurred_at: datetime
    posting_date: str
    final: bool
    cumulative: Actuals
    delta: Actuals
    started_at: datetime | None = None
    ended_at: datetime | None = None
    work_center: str = ""
    accept_warning: bool = False  # a planner read the ERP's warning and said: book it all the same


@dataclass(frozen=True, slots=True)
class PushResult:
    """The ERP has it. `document` is what the ERP calls its booking; `version` the order's new version."""

    outcome: Outcome
    document: str = ""
    version: str = ""
    erp_state: str = ""


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ERP has booked of an order, in the order's ERP unit: for the comparison of both sides.

    `consumed` is item -> quantity. None means the ERP does not tell.
    """

    state: RequestState
    erp_state: str
    good: Decimal | None
    scrap: Decimal | None
    consumed: Mapping[str, Decimal] | None = None
    lots: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of the ERP that makes no sense, with a sentence for the planner; the others are not touched."""

    key: str
    problem: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders, and the cursor with which to go on. `more` is false when the ERP has no further ones now."""

    requests: tuple[OperationsRequest, ...]
    cursor: str
    more: bool
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What `check` found. `skew_s` is the ERP's clock minus ours, None where the ERP does not tell its time."""

    version: str
    skew_s: float | None = None
    details: Mapping[str, str] = field(default_factory=dict)
