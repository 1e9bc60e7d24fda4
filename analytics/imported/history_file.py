"""A CSV file of hours from before Millwright (pure): rows, or what is wrong with each and how to mend it."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import isfinite

MOST_ROWS = 5 * 366 * 24
MOST_ERRORS = 100
NEEDED = ("ds", "planned_min", "good")
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourRow:
    """An hour of a line: minutes, pieces, share seen. `good` None: not known, which is never 0."""

    starts_at: datetime
    planned_min: float
    good: float | None
    cov: float
    item: str = ""
    ideal: float = 0.0
    run_min: float | None = None
    down_min: float | None = None
    chg_min: float | None = None


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a row of the file and how to mend it; row 1 is the heading, 0 the file as a whole."""

    row: int
    text: str


def hours_of(data: bytes, *, line: str, zone: tzinfo, now: datetime) -> tuple[list[HourRow], list[RowError]]:
    """The hours of a file in its order, and its errors, at most 100; with any error nothing should be stored.

    Columns: ds, planned_min, good, and if there are any cov, item, ideal, run_min, down_min, chg_min, line. A `ds`
    without an offset is wall time at the plant. An empty `good` is an hour that nobody saw. With semicolons between
    the columns a comma is the decimal sign.
    """
    text = _decoded(data)
    heading = text.splitlines()[0] if text.strip() else ""
    semicolons = heading.count(";") > heading.count(",")
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if semicolons else ",")
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        told = f"The columns {', '.join(missing)} are missing: the first row must name ds, planned_min and good."
        return [], [RowError(1, told)]
    found: list[HourRow] = []
    errors: list[RowError] = []
    first_row: dict[datetime, int] = {}
    for number, row in _numbered(reader, errors):
        try:
            hour = _hour(row, line, zone, now, semicolons)
            if hour.starts_at in first_row:
                raise ValueError(f"The hour stands in row {first_row[hour.starts_at]} already: keep one of them.")
        except ValueError as wrong:
            errors.append(RowError(number, str(wrong)))
        else:
            first_row[hour.starts_at] = number
            found.append(hour)
        if len(errors) >= MOST_ERRORS:
            break
    if not found and not errors:
        errors.append(RowError(0, "The file has no hours: export it again."))
    return found, errors


def _numbered(reader: "csv.DictReader[str]", errors: list[RowError]) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        for number, row in enumerate(reader, start=2):
            if number > MOST_ROWS:
                errors.append(RowError(number, "The file is longer than five years of hours: send it in parts."))
                return
            yield number, {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    except csv.Error as wrong:
        errors.append(RowError(reader.line_num, f"The row cannot be read as CSV ({wrong}): export it again."))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _hour(row: Mapping[str, str], line: str, zone: tzinfo, now: datetime, comma: bool) -> HourRow:
    if row.get("line") and row["line"] != line:
        raise ValueError(f"The row is of line {row['line'][:50]}, not of {line}: leave other lines out.")
    starts_at = _instant(row["ds"], zone)
    if starts_at + HOUR > now:
        raise ValueError(f"{row['ds'][:40]} is not over yet: only hours of the past can be imported.")

    def number(name: str, most: float) -> float | None:
        return _number(name, row.get(name, ""), most, comma)

    planned, good, cov = number("planned_min", 60), number("good", 1e9), number("cov", 1)
    if planned is None:
        raise ValueError("planned_min is empty: give the planned minutes of the hour, 0 where nothing was planned.")
    if good is not None and cov == 0:
        raise ValueError("cov is 0, so nobody saw the hour, but good is given: leave good empty or correct cov.")
    item = row.get("item", "")
    if "\0" in item or len(item) > 50:
        raise ValueError("item is too long or has a character that cannot be stored: use at most 50 plain characters.")
    seen = 0.0 if good is None else 1.0 if cov is None else cov
    run_min, down_min, chg_min = (number(name, 60) for name in ("run_min", "down_min", "chg_min"))
    ideal = number("ideal", 1e9) or 0.0
    return HourRow(starts_at, planned, good, seen, item, ideal, run_min, down_min, chg_min)


def _instant(text: str, zone: tzinfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"ds “{text[:40]}” is no time: write it like 2026-03-02T06:00.") from error
    if at.minute or at.second or at.microsecond:
        raise ValueError(f"{text[:40]} is not the start of an hour: give one row for each whole hour.")
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _number(name: str, text: str, most: float, comma: bool) -> float | None:
    if not text:
        return None
    try:
        value = float(text.replace(",", ".") if comma else text)
    except ValueError as error:
        raise ValueError(f"{name} “{text[:40]}” is no number: write digits, empty where it is not known.") from error
    if not isfinite(value) or not 0 <= value <= most:
        raise ValueError(f"{name} is {text[:40]}, but must lie between 0 and {most:g}.")
    return value
