"""What a plant file says, as plain dataclasses. Lines serve messages only: two files that say the same are equal."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

# The members of the MES_Line UDT and what each means: `udt: FILL_1` binds them all.
UDT_MEMBERS = {
    "heartbeat": "Heartbeat",
    "epoch": "Epoch",
    "good": "Good",
    "scrap": "Scrap",
    "total": "Total",
    "state": "State",
    "reason": "ReasonCode",
    "order": "OrderId",
    "speed": "Speed",
}


def _line() -> int:
    return field(default=0, compare=False)


@dataclass(frozen=True)
class Ref:
    """The code of another entry and where it is named."""

    code: str
    line: int = _line()


@dataclass(frozen=True)
class BreakRow:
    """A planned break in local wall time."""

    name: str
    starts: time
    ends: time


@dataclass(frozen=True)
class CrewRow:
    """A crew of a rotation and the days it works a shift: lengths on and off from a first day."""

    name: str
    cycle: str
    anchor: date


@dataclass(frozen=True)
class ShiftRow:
    """One shift of a pattern; an end at or before the start is on the next day."""

    name: str
    days: tuple[int, ...]
    starts: time
    ends: time
    breaks: tuple[BreakRow, ...] = ()
    crews: tuple[CrewRow, ...] = ()
    line: int = _line()


@dataclass(frozen=True)
class PatternRow:
    """A weekly pattern of shifts."""

    code: str
    name: str
    shifts: tuple[ShiftRow, ...]
    line: int = _line()


@dataclass(frozen=True)
class HolidayRow:
    """A date on which no shift starts."""

    date: date
    name: str


@dataclass(frozen=True)
class SiteRow:
    """A site; `holidays` None: the file says nothing of them."""

    code: str
    name: str
    time_zone: str
    production_day: str
    shifts: Ref | None
    isa95: str
    holidays: tuple[HolidayRow, ...] | None = None
    line: int = _line()


@dataclass(frozen=True)
class AreaRow:
    """An area of a site."""

    code: str
    name: str
    site: Ref
    shifts: Ref | None
    isa95: str
    line: int = _line()


@dataclass(frozen=True)
class LineRow:
    """A line of an area."""

    code: str
    name: str
    area: Ref
    flow: str
    orders_run_on: str
    shifts: Ref | None
    isa95: str
    line: int = _line()


@dataclass(frozen=True)
class WorkCenterRow:
    """A machine of a line."""

    code: str
    name: str
    at_line: Ref
    is_exit: bool
    micro_stop_s: int
    archived: bool
    isa95: str
    shifts: Ref | None = None
    line: int = _line()


@dataclass(frozen=True)
class ExceptionRow:
    """A date on which other shifts start at a place (site, area, line or work_center), or none."""

    level: str
    place: Ref
    date: date
    name: str
    shifts: Ref | None
    only: tuple[str, ...]
    line: int = _line()


@dataclass(frozen=True)
class MaintenanceRow:
    """A planned stop of a place; instants in UTC."""

    level: str
    place: Ref
    name: str
    starts: datetime
    ends: datetime
    works_on: bool
    line: int = _line()


@dataclass(frozen=True)
class ControllerRow:
    """A PLC."""

    code: str
    name: str
    site: Ref
    kind: str
    address: str
    period_s: Decimal
    timeout_s: Decimal
    enabled: bool
    line: int = _line()


@dataclass(frozen=True)
class StateRow:
    """One raw code of a state map."""

    raw_code: int
    state: str
    kind: str


@dataclass(frozen=True)
class StateMapRow:
    """A map from raw codes to states."""

    code: str
    name: str
    states: tuple[StateRow, ...]
    line: int = _line()


@dataclass(frozen=True)
class BindingRow:
    """One tag and its meaning for one machine."""

    work_center: Ref
    role: str
    controller: Ref
    tag: str
    state_map: Ref | None = None
    modulus: int | None = None
    floor: int = 0
    factor: Decimal = Decimal(1)
    max_rate_per_s: Decimal | None = None
    line: int = _line()


@dataclass(frozen=True)
class ReasonRow:
    """A category (no parent) or a reason."""

    code: str
    name: str
    parent: str | None
    klass: str
    semi_e10: str
    plc_code: int | None
    archived: bool
    line: int = _line()


@dataclass(frozen=True)
class CycleRow:
    """Ideal seconds per piece on one machine."""

    work_center: Ref
    ideal_cycle_s: Decimal


@dataclass(frozen=True)
class ItemRow:
    """Something the plant makes."""

    code: str
    name: str
    unit: str
    cycles: tuple[CycleRow, ...]
    line: int = _line()


@dataclass(frozen=True)
class PersonRow:
    """A person, without any password."""

    username: str
    name: str
    role: str
    all_lines: bool
    lines: tuple[Ref, ...]
    email: str
    active: bool
    line: int = _line()


@dataclass(frozen=True)
class WitnessRow:
    """An independent source that vouches for a machine's counter; `item` None: for every item."""

    work_center: Ref
    kind: str
    neighbour: Ref | None = None
    item: Ref | None = None
    numerator: int = 1
    denominator: int = 1
    buffer: int = 0
    pieces_per_pallet: int | None = None
    tolerance_percent: Decimal = Decimal("0.5")
    line: int = _line()


@dataclass(frozen=True)
class CheckPlanRow:
    """What is checked on one machine and when; `when`: triggers with their number. A machine's chart is its own."""

    code: str
    name: str
    work_center: Ref
    item: Ref | None
    kind: str
    unit: str
    decimals: int
    nominal: Decimal | None
    lower: Decimal | None
    upper: Decimal | None
    pieces: int
    accept: int
    chart: str
    rules: tuple[str, ...]
    when: tuple[tuple[str, int | None], ...]
    grace_min: int
    instruction: str
    reaction: str
    signatures: tuple[str, ...]
    decisions_signed: bool
    archived: bool
    line: int = _line()


@dataclass(frozen=True)
class StopRuleRow:
    """A rule that explains stops: its conditions (None and empty ones do not restrict) and the reason it gives."""

    code: str
    name: str
    reason: Ref
    plc_code: int | None
    state: str
    item: Ref | None
    days: tuple[int, ...]
    from_time: time | None
    to_time: time | None
    place_line: Ref | None
    work_center: Ref | None
    line: int = _line()


@dataclass(frozen=True)
class PoolRow:
    """Machines of one line that are equal for planning."""

    code: str
    name: str
    at_line: Ref
    work_centers: tuple[Ref, ...]
    line: int = _line()


@dataclass(frozen=True)
class StepRow:
    """One step of a routing; exactly one of `work_center` and `pool`."""

    sequence: int
    name: str
    work_center: Ref | None
    pool: Ref | None
    ideal_cycle_s: Decimal | None
    setup_min: int
    count_source: str
    line: int = _line()


@dataclass(frozen=True)
class RoutingRow:
    """The steps in which a line makes an item."""

    item: Ref
    at_line: Ref
    steps: tuple[StepRow, ...]
    line: int = _line()


@dataclass(frozen=True)
class Plant:
    """Everything a plant file says. `bound` and `witnessed`: machines whose bindings, witnesses it lists completely."""

    patterns: tuple[PatternRow, ...] = ()
    sites: tuple[SiteRow, ...] = ()
    areas: tuple[AreaRow, ...] = ()
    lines: tuple[LineRow, ...] = ()
    work_centers: tuple[WorkCenterRow, ...] = ()
    exceptions: tuple[ExceptionRow, ...] | None = None  # None: the file says nothing of them
    maintenance: tuple[MaintenanceRow, ...] | None = None
    controllers: tuple[ControllerRow, ...] = ()
    state_maps: tuple[StateMapRow, ...] = ()
    bindings: tuple[BindingRow, ...] = ()
    bound: tuple[str, ...] = ()
    reasons: tuple[ReasonRow, ...] = ()
    items: tuple[ItemRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    witnesses: tuple[WitnessRow, ...] = ()
    witnessed: tuple[str, ...] = ()
    check_plans: tuple[CheckPlanRow, ...] = ()
    stop_rules: tuple[StopRuleRow, ...] = ()
    pools: tuple[PoolRow, ...] = ()
    routings: tuple[RoutingRow, ...] = ()
