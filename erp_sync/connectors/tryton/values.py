"""Values as Tryton's JSON-RPC writes them, and back; quantities of its units converted without loss. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from erp_sync.errors import RejectedError

Row = dict[str, Any]
_TIME_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: so many base units of its category are one of it; quantities carry `digits` decimals."""

    id: int
    symbol: str
    name: str
    category: int
    base: Decimal
    digits: int

    def rounded(self, value: Decimal) -> Decimal:
        """`value` with the decimals Tryton accepts in this unit."""
        return value.quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_EVEN)


def unit_of(row: Row) -> Unit:
    """A row of product.uom. Of factor and rate the one above 1 is exact (24 and 0.041666666667), so it is taken."""
    factor, rate = number(row["factor"]), number(row["rate"])
    base = factor if factor >= 1 or not rate else 1 / rate
    return Unit(row["id"], row["symbol"] or row["name"], row["name"], row["category"], base, row["digits"] or 0)


def converted(value: Decimal, unit: Unit, into: Unit) -> Decimal:
    """A quantity of one unit in another of its category. RejectedError across categories."""
    if unit.id == into.id:
        return value
    if unit.category != into.category:
        raise RejectedError(f"Tryton's unit {unit.symbol} cannot become {into.symbol}: they measure different things.")
    return value * unit.base / into.base


def number(value: Any) -> Decimal:
    """A quantity of Tryton (a float, or a Decimal in its JSON) as Decimal: 0.1 is 0.1, nothing is 0."""
    if isinstance(value, Mapping):
        value = value.get("decimal", 0)
    return Decimal(str(value or 0))


def moment(value: Any) -> datetime | None:
    """A date and time of Tryton, which means UTC and keeps microseconds."""
    if not isinstance(value, Mapping):
        return None
    parts = [int(value.get(name, 0)) for name in _TIME_PARTS]
    return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], tzinfo=UTC)


def day(value: Any) -> date | None:
    """A date of Tryton."""
    if not isinstance(value, Mapping):
        return None
    return date(int(value["year"]), int(value["month"]), int(value["day"]))


def seconds(value: Any) -> Decimal:
    """A duration of Tryton in seconds; none is 0."""
    return number(value.get("seconds", 0)) if isinstance(value, Mapping) else Decimal(0)


def said_moment(at: datetime) -> Row:
    """A time as a filter wants it."""
    utc = at.astimezone(UTC)
    return {"__class__": "datetime", **{name: getattr(utc, name) for name in _TIME_PARTS}}


def said_duration(duration: timedelta) -> Row:
    """A duration as a field wants it."""
    return {"__class__": "timedelta", "seconds": duration.total_seconds()}


def stamp(row: Row) -> str:
    """When a row was changed last, by Tryton's clock, as text that sorts; "" where it does not say."""
    at = moment(row.get("write_date")) or moment(row.get("create_date"))
    return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%f")


def nested(row: Row, name: str) -> Row:
    """The row behind a reference that was asked for with dotted names; {} where there is none."""
    return row.get(f"{name}.") or {}
