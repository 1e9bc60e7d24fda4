"""Tables as data: shown on a page, written as CSV and as XLSX from the same rows, so they cannot disagree."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mes.screens import words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """A column: its name in files, head with unit, and the digits a person needs of what is not whole (None: text)."""

    key: str
    head: "StrOrPromise"
    unit: str = ""
    digits: int | None = None
    signed: bool = False

    @property
    def title(self) -> str:
        """Head with unit, as files and pages print it."""
        return f"{self.head} ({self.unit})" if self.unit else str(self.head)

    def text(self, value: Value) -> str:
        """A value as a person reads it."""
        if value is None:
            return words.NONE
        if self.digits is None or isinstance(value, str):
            return str(value)
        digits = 0 if isinstance(value, int) else self.digits
        return words.signed(value, digits) if self.signed else words.number(value, digits)


@dataclass(frozen=True)
class Row:
    """Values in the order of the columns, where the first one leads, and where its number is explained.

    `faint`: to be taken with care. `share` draws a bar of 0..1, `calm` in the colour of running.
    """

    values: Sequence[Value]
    href: str = ""
    why: str = ""
    faint: bool = False
    strong: bool = False
    share: float | None = None
    calm: bool = False


@dataclass(frozen=True)
class Cell:
    """A value ready for a page."""

    text: str
    number: bool
    href: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its name in addresses. `empty` is what a page says where there are no rows."""

    key: str
    title: "StrOrPromise"
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: "StrOrPromise" = ""
    notes: Sequence["StrOrPromise"] = field(default_factory=tuple)

    @property
    def shown(self) -> list[tuple[Row, list[Cell]]]:
        """Rows with their cells as text; the first cell leads to where the row does."""
        return [(row, [self._cell(row, n) for n in range(len(self.columns))]) for row in self.rows]

    @property
    def has_bars(self) -> bool:
        """Whether any row draws a bar."""
        return any(row.share is not None for row in self.rows)

    @property
    def has_whys(self) -> bool:
        """Whether any row can be explained."""
        return any(row.why for row in self.rows)

    def _cell(self, row: Row, n: int) -> Cell:
        column = self.columns[n]
        return Cell(column.text(row.values[n]), column.digits is not None, row.href if n == 0 else "")


def pieces(quantity: int | Decimal) -> int | float:
    """A quantity as a number of a file: whole where it is whole."""
    return int(quantity) if quantity == int(quantity) else float(quantity)


def named(tables: Sequence[Table], key: str) -> Table | None:
    """The table of that name; None where there is none."""
    return next((table for table in tables if table.key == key), None)


def about(*pairs: tuple[Any, Any]) -> list[tuple[str, str]]:
    """What is printed above the rows of a file, without what is empty."""
    return [(str(name), str(value)) for name, value in pairs if value not in ("", None)]
