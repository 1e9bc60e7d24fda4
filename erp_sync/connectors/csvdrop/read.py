"""Reading a CSV file of an ERP's orders: separators, words of the header, numbers by a strict grammar. Pure."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from erp_sync.connectors.drop.folder import MAX_BYTES
from erp_sync.connectors.drop.reading import BadRow, Reading, refused
from erp_sync.messages import ExternalRef, OperationsRequest, Quantity, RequestState
from mes.production.typed import Unreadable, due_from, priority_from, quantity_from, shown

MAX_ROWS = 20_000
MAX_TEXT = 120
REMEDY = "save it as 'CSV UTF-8 (comma delimited)' and send it again"
NAMES: Mapping[str, frozenset[str]] = {
    "number": frozenset({"number", "order", "order number", "order no", "work order", "production order", "mo", "wo"}),
    "item": frozenset({"item", "product", "material", "article", "sku", "part", "item code", "product code"}),
    "quantity": frozenset({"quantity", "qty", "order quantity", "target", "planned quantity"}),
    "unit": frozenset({"unit", "uom", "unit of measure", "me"}),
    "line": frozenset({"line", "work center", "work centre", "workcenter", "resource", "machine"}),
    "start": frozenset({"start", "starts", "planned start", "start date", "start time"}),
    "due": frozenset({"due", "due date", "end", "planned end", "end date", "finish", "delivery date"}),
    "priority": frozenset({"priority", "prio"}),
    "customer": frozenset({"customer", "client", "sold to"}),
    "state": frozenset({"state", "status", "order status"}),
}
REQUIRED = ("number", "item", "quantity", "unit")
STATES: Mapping[str, RequestState] = {
    "": RequestState.RELEASED,
    **{state.value: state for state in RequestState},
    "canceled": RequestState.CANCELLED,
    "deleted": RequestState.CANCELLED,
    "open": RequestState.RELEASED,
    "started": RequestState.RUNNING,
    "done": RequestState.COMPLETED,
}
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\xd0\xcf\x11\xe0")  # XLSX and the older XLS
_SPELT = re.compile(r"[\s_.-]+")


def read_orders(data: bytes, zone: tzinfo) -> Reading:
    """What a file says. Never raises; times without an offset are wall time in `zone`.

    Nothing is unpacked and nothing guessed: a file of a spreadsheet, another encoding than UTF-8 or a broken quotation
    refuses the whole file, a bad value refuses its row.
    """
    problem = _no_text(data)
    if problem:
        return refused(problem)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return refused(f"line {line}: a character is not UTF-8: {REMEDY}.")
    reading, separator = Reading(), _separator(text)
    try:
        records = _records(text, separator)
        header = next(records, None)
        if header is None:
            return refused(f"line 1: the file is empty: its first line names the columns {', '.join(REQUIRED)}.")
        columns = _columns(header[1])
        _rows(records, columns, reading, zone, dot_is_decimal=separator != ";")
    except _WholeFile as problem_found:
        return refused(str(problem_found))
    return reading


class _WholeFile(Exception):
    """Nothing of the file can be used; the text says where, what, and how to mend it."""


def _no_text(data: bytes) -> str:
    if data.startswith(_ZIPS):
        return f"line 1: this is a spreadsheet, not CSV: {REMEDY}."
    if len(data) > MAX_BYTES:
        return f"line 1: the file has more than {MAX_BYTES} bytes: send it in several files."
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return f"line 1: the file is UTF-16: {REMEDY}."
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        return f"line {line}: there is a NUL byte, so this is no text file: {REMEDY}."
    return ""


def _separator(text: str) -> str:
    """The one that the first line has most of."""
    header = text.lstrip("\r\n ").partition("\n")[0]
    return max(",;\t", key=header.count)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, each with the line it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = count = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if count > MAX_ROWS + 1:
                    raise _WholeFile(f"line {line}: there are more than {MAX_ROWS} orders: send it in several files.")
                count += 1
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _WholeFile(f"line {line}: it cannot be read ({error}): check its quotation marks.") from None


def _columns(cells: list[str]) -> list[str]:
    """What each column is; "" for one that is not used, as ERPs export more than is asked for."""
    found = [_meant(cell) for cell in cells]
    for name in NAMES:
        if found.count(name) > 1:
            raise _WholeFile(f"line 1: two columns can be meant by {name}: rename or remove one of them.")
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise _WholeFile(f"line 1: there is no column {', '.join(missing)}: name them in the first line.")
    return found


def _meant(cell: str) -> str:
    words = _SPELT.sub(" ", cell.strip().casefold()).strip()
    return next((name for name, spelt in NAMES.items() if words in spelt), "")


def _rows(
    records: Iterator[tuple[int, list[str]]],
    columns: list[str],
    reading: Reading,
    zone: tzinfo,
    *,
    dot_is_decimal: bool,
) -> None:
    first: dict[str, int] = {}
    for line, cells in records:
        texts = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
        number = texts.get("number", "")
        try:
            if len(cells) != len(columns):
                raise Unreadable(f"There are {len(cells)} fields where the first line names {len(columns)}.")
            request = _request(texts, zone, dot_is_decimal)
            if number in first:
                raise Unreadable(f"The order stands in line {first[number]} already: leave one of them out.")
        except Unreadable as error:
            reading.bad.append(BadRow(line, number if len(number) <= MAX_TEXT else "", str(error)))
        else:
            reading.take(line, request)
        first.setdefault(number, line)


def _request(texts: Mapping[str, str], zone: tzinfo, dot_is_decimal: bool) -> OperationsRequest:
    number = _word(texts, "number", "The order number")
    state = STATES.get(texts.get("state", "").casefold())
    if state is None:
        known = ", ".join(one.value for one in RequestState)
        raise Unreadable(f"'{shown(texts['state'])}' is no state: write {known}, or nothing for released.")
    return OperationsRequest(
        ref=ExternalRef("csv", number, number),
        state=state,
        erp_state=texts.get("state", "") or state.value,
        item=_word(texts, "item", "The item"),
        quantity=Quantity(
            quantity_from(texts["quantity"], dot_is_decimal=dot_is_decimal), _word(texts, "unit", "The unit")
        ),
        work_center=_word(texts, "line", "", optional=True),
        customer=_word(texts, "customer", "", optional=True),
        **_details(texts, zone),
    )


def _details(texts: Mapping[str, str], zone: tzinfo) -> dict[str, Any]:
    priority = texts.get("priority", "")
    return {
        "priority": priority_from(priority) if priority else None,
        "starts_at": due_from(texts.get("start", ""), zone),
        "due_at": due_from(texts.get("due", ""), zone),
    }


def _word(texts: Mapping[str, str], name: str, what: str, *, optional: bool = False) -> str:
    text = texts.get(name, "")
    if not text and not optional:
        raise Unreadable(f"{what} is missing.")
    if len(text) > MAX_TEXT or not text.isprintable():
        raise Unreadable(f"'{shown(text)}' is too long or has hidden characters: at most {MAX_TEXT} that can be seen.")
    return text
