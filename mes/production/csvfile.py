"""Reading a CSV file of orders, without a database: the rows that are well written, and what is wrong with others."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import Any

from mes.production.typed import Unreadable, code_from, due_from, priority_from, quantity_from, shown

COLUMNS = ("number", "item", "line", "quantity", "due")
OPTIONAL = ("priority", "kind")
KINDS = ("production", "trial", "engineering")
MAX_BYTES = 1_000_000
MAX_ROWS = 5_000
_HEADER = ", ".join(COLUMNS) + " and, if you like, priority and kind"


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in which line (1 is the header) and column ("" for the line as a whole), and how to mend it."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One good row. `due` is still text: only the line's site knows the time zone. Priority, kind None: not given."""

    line: int
    number: str
    item: str
    line_code: str
    quantity: Decimal
    due: str
    priority: int | None
    kind: str | None = None


@dataclass(slots=True)
class OrderFile:
    """What a file holds: its rows, its errors, in the order of the file."""

    rows: list[OrderRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def read_orders(data: bytes) -> OrderFile:
    """Read a whole file. Never raises: whatever is wrong is an error that names line, column and remedy."""
    answer = OrderFile()
    text = _decoded(data, answer.errors)
    if text is None:
        return answer
    delimiter = _delimiter(text)
    records = _records(text, delimiter, answer.errors)
    header = next(records, None)
    if header is None:
        if not answer.errors:
            answer.errors.append(RowError(1, "", f"The file is empty: its first line must name the columns {_HEADER}."))
        return answer
    names = [cell.strip().casefold() for cell in header[1]]
    if not _header_good(names, header[0], answer.errors):
        return answer
    for count, (line, cells) in enumerate(records):
        if count == MAX_ROWS:
            message = f"The file has more than {MAX_ROWS} orders: split it and send the parts one after the other."
            answer.errors.append(RowError(line, "", message))
            break
        row = _row(line, names, cells, answer.errors, dot_is_decimal=delimiter == ",")
        if row is not None:
            answer.rows.append(row)
    return answer


def _decoded(data: bytes, errors: list[RowError]) -> str | None:
    if len(data) > MAX_BYTES:
        errors.append(RowError(1, "", f"The file has {len(data)} bytes: send at most {MAX_BYTES}, in several files."))
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        errors.append(RowError(1, "", "The file is UTF-16: save it as 'CSV UTF-8' and send it again."))
    elif b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        message = "There is a NUL byte, so this is no text file: save it as 'CSV UTF-8' and send it again."
        errors.append(RowError(line, "", message))
    else:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            message = "A character is not UTF-8: save the file as 'CSV UTF-8' and send it again."
            errors.append(RowError(line, "", message))
    return None


def _delimiter(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip()), "")
    return ";" if header.count(";") > header.count(",") else ","


def _records(text: str, delimiter: str, errors: list[RowError]) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, each with the line it starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"The line cannot be read ({error}): check its quotation marks."
        errors.append(RowError(line, "", message))


def _header_good(names: list[str], line: int, errors: list[RowError]) -> bool:
    known = COLUMNS + OPTIONAL
    before = len(errors)
    for name in sorted(set(names)):
        if name not in known:
            message = f"The column '{shown(name)}' is not known: the columns are {_HEADER}."
            errors.append(RowError(line, shown(name), message))
        elif names.count(name) > 1:
            errors.append(RowError(line, name, "The column is there twice: remove one of them."))
    missing = f"The column is missing: the columns are {_HEADER}."
    errors.extend(RowError(line, name, missing) for name in COLUMNS if name not in names)
    return len(errors) == before


def _row(
    line: int, names: list[str], cells: list[str], errors: list[RowError], *, dot_is_decimal: bool
) -> OrderRow | None:
    if len(cells) != len(names):
        message = f"There are {len(cells)} fields where the first line names {len(names)}: check the separators."
        errors.append(RowError(line, "", message))
        return None
    texts = dict(zip(names, cells, strict=True))
    values: dict[str, Any] = {}
    before = len(errors)
    for column, reader in _readers(dot_is_decimal).items():
        try:
            values[column] = reader(texts.get(column, ""))
        except Unreadable as error:
            errors.append(RowError(line, column, str(error)))
    if len(errors) > before:
        return None
    number, item, line_code = values["number"], values["item"], values["line"]
    return OrderRow(
        line, number, item, line_code, values["quantity"], texts["due"].strip(), values["priority"], values["kind"]
    )


def _readers(dot_is_decimal: bool) -> dict[str, Callable[[str], Any]]:
    return {
        "number": code_from,
        "item": lambda text: code_from(text, "The item"),
        "line": lambda text: code_from(text, "The line"),
        "quantity": lambda text: quantity_from(text, dot_is_decimal=dot_is_decimal),
        "due": lambda text: due_from(text, UTC),  # its form only: the wall time is placed when the line's zone is known
        "priority": lambda text: priority_from(text) if text.strip() else None,
        "kind": _kind_from,
    }


def _kind_from(text: str) -> str | None:
    plain = text.strip().casefold()
    if plain and plain not in KINDS:
        raise Unreadable(f"'{shown(text.strip())}' is no kind of order: write {', '.join(KINDS)}, or nothing.")
    return plain or None
