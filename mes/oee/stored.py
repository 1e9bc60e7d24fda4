"""Elements as whole numbers in columns, and back (pure): ms, thousandths of pieces, nanoseconds of ideal time."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from mes.oee.elements import Elements

_IDEAL_SCALE = 6  # ms -> ns
_PIECE_SCALE = 3  # pieces -> thousandths


def _column(name: str) -> tuple[str, int]:
    if name.startswith("ideal_"):
        return name.removesuffix("_ms") + "_ns", _IDEAL_SCALE
    if name.endswith("_ms") or name in ("failures", "repairs"):
        return name, 0
    return f"{name}_milli", _PIECE_SCALE


# Field of Elements -> (column, decimal places moved). The names of items without an ideal cycle are told by the rows.
_STORED = {field.name: _column(field.name) for field in fields(Elements) if field.name != "no_ideal_items"}
COLUMNS = tuple(column for column, _ in _STORED.values())


class NotStorable(Exception):
    """An element has more decimals than its column holds; nothing was stored, and nothing was rounded."""


def to_columns(elements: Elements) -> tuple[int, ...]:
    """The values of COLUMNS. Raises NotStorable instead of rounding."""
    return tuple(_whole(getattr(elements, name), places, name) for name, (_, places) in _STORED.items())


def from_columns(values: Sequence[Any], no_ideal_items: Iterable[str] = ()) -> Elements:
    """Elements of the values (or sums) of COLUMNS; pieces are ints where they are whole."""
    said: dict[str, Any] = {}
    for (name, (_, places)), value in zip(_STORED.items(), values, strict=True):
        said[name] = _scaled(int(value), places)
    return Elements(**said, no_ideal_items=frozenset(no_ideal_items))


def _whole(value: int | Decimal, places: int, name: str) -> int:
    if isinstance(value, int):
        return value * 10**places
    scaled = value.scaleb(places)
    if scaled != (whole := int(scaled)):
        raise NotStorable(f"{name} = {value} has more than {places} decimals.")
    return whole


def _scaled(value: int, places: int) -> int | Decimal:
    if not places:
        return value
    if places == _PIECE_SCALE and value % 1000 == 0:
        return value // 1000
    return Decimal(value).scaleb(-places)
