"""Takes in hours from before Millwright saw a line, and old order queues, from CSV: all or nothing, a file once."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from analytics.models import HistoryHour, HistoryImport
from mes.journal.write import record
from mes.plant.models import Line
from mes.screens.frame import zone_named

COLUMNS = ("ds", "planned_min", "good", "cov", "item", "ideal", "run_min", "down_min", "chg_min")
NEEDED = ("ds", "planned_min", "good")
MOST_BYTES, MOST_ROWS = 20_000_000, 100_000  # eleven years of hours
MOST_PIECES = 1e9


class BadHistory(Exception):
    """Nothing was taken in. `errors`: one sentence each, with the row and how to mend it; at most twenty."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(errors[0])
        self.errors = errors[:20]


def history_import(*, line: Line, file: bytes, file_name: str, actor: str, at: datetime) -> HistoryImport:
    """Stores a CSV file of a line's hours, marked as imported; raises BadHistory, and then nothing is stored.

    Columns: ds (start of the hour, with its zone, or in the plant's time), planned_min (0 to 60), good (empty: not
    known, never 0 for that), and if they are known cov, item, ideal, run_min, down_min, chg_min; a column `line` may
    name the line. The same file is taken once: said twice, the first import is returned.
    """
    digest = hashlib.sha256(file).hexdigest()
    done = HistoryImport.objects.filter(line=line, digest=digest).first()
    if done is not None:
        return done
    rows = _rows(line, file, at)
    known = set(
        HistoryHour.objects.filter(line=line, starts_at__in=[row["starts_at"] for _, row in rows]).values_list(
            "starts_at", flat=True
        )
    )
    twice = [f"Row {n}: the hour {row['starts_at']:%Y-%m-%d %H:%M} UTC is there already. Take it out of the file."
             for n, row in rows if row["starts_at"] in known]  # fmt: skip
    if twice:
        raise BadHistory(twice)
    try:
        with transaction.atomic():
            source = HistoryImport.objects.create(
                line=line, file_name=_name(file_name), digest=digest, rows=len(rows), by=actor, at=at
            )
            hours = [HistoryHour(source=source, line=line, **row) for _, row in rows]
            HistoryHour.objects.bulk_create(hours, batch_size=2000)
            data = {"before": None, "after": len(rows), "why": source.file_name, "digest": digest}
            record(actor=actor, at=at, action="history_import", kind="line", code=line.code, data=data)
    except IntegrityError:  # the same hours came at the same time
        done = HistoryImport.objects.filter(line=line, digest=digest).first()
        if done is None:
            raise BadHistory(["Somebody imported hours of this line at the same time. Try again."]) from None
        return done
    return source


def _rows(line: Line, file: bytes, at: datetime) -> list[tuple[int, dict[str, Any]]]:
    """Row number in the file (the heading is 1) and the fields of each hour."""
    errors: list[str] = []
    found: list[tuple[int, dict[str, Any]]] = []
    seen: dict[datetime, int] = {}
    for number, told in _told(file):
        if told.get("line") not in (None, "", line.code):
            errors.append(f"Row {number}: it is of line {told['line'][:50]}, not {line.code}. Import it there.")
            continue
        try:
            row = _hour(line, told, at)
        except ValueError as error:
            errors.append(f"Row {number}: {error}")
            continue
        before = seen.setdefault(row["starts_at"], number)
        if before != number:
            errors.append(f"Row {number}: the hour is in row {before} already. Keep one of them.")
        found.append((number, row))
    if not errors and not found:
        errors.append("The file has no rows below its heading. Put in one row for each hour.")
    if errors:
        raise BadHistory(errors)
    return found


def _told(file: bytes) -> Iterator[tuple[int, Mapping[str, str]]]:
    if len(file) > MOST_BYTES:
        raise BadHistory([f"The file has more than {MOST_BYTES // 1_000_000} MB. Split it."])
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadHistory(["The file is no UTF-8 text. Save it as CSV with UTF-8."]) from None
    if "\0" in text:
        raise BadHistory(["The file holds a NUL character. Save it as plain CSV."])
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise BadHistory([f"Row 1: the column {missing[0]} is missing. The first row names the columns."])
        for count, told in enumerate(reader):
            if count >= MOST_ROWS:
                raise BadHistory([f"The file has more than {MOST_ROWS} rows. Split it."])
            if None in told:
                raise BadHistory([f"Row {count + 2}: it has more values than the heading has columns. Take them out."])
            yield count + 2, told
    except csv.Error as error:
        raise BadHistory([f"Row {reader.line_num}: it is no CSV ({error}). Save the file anew as CSV."]) from None


def _hour(line: Line, told: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """The fields of an hour; raises ValueError with a sentence that says what is wrong and how to mend it."""
    starts_at = _start(line, told["ds"])
    if starts_at + timedelta(hours=1) > at:
        raise ValueError(f"ds {told['ds'][:40]} is not over yet. Only past hours are history.")
    number = _reader(told)
    planned_min = number("planned_min", 60.0)
    good = number("good", MOST_PIECES)
    if planned_min is None:
        raise ValueError("planned_min is empty. Say 0 for an hour in which nothing was planned.")
    cov = number("cov", 1.0)
    item = (told.get("item") or "").strip()
    if len(item) > 50:
        raise ValueError("item has more than 50 characters. Use the item's code.")
    return {
        "starts_at": starts_at,
        "planned_min": planned_min,
        "good": good,
        "cov": (0.0 if good is None else 1.0) if cov is None else cov,
        "item": item,
        "ideal": number("ideal", MOST_PIECES) or 0.0,
        "run_min": number("run_min", 60.0),
        "down_min": number("down_min", 60.0),
        "chg_min": number("chg_min", 60.0),
    }


def _start(line: Line, text: str) -> datetime:
    try:
        said = datetime.fromisoformat(text.strip())
        if said.tzinfo is None:
            said = said.replace(tzinfo=zone_named(line.area.site.time_zone))
        starts_at = said.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"ds '{text[:40]}' is no date and time. Write it as 2026-03-02T06:00+01:00.") from None
    if starts_at.minute or starts_at.second or starts_at.microsecond:
        raise ValueError(f"ds {text[:40]} is no whole hour. Give one row for each hour.")
    return starts_at


def _reader(told: Mapping[str, str]) -> Callable[[str, float], float | None]:
    def number(name: str, most: float) -> float | None:
        text = (told.get(name) or "").strip()
        if not text or text.lower() in ("nan", "null"):
            return None
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{name} '{text[:40]}' is no number. Use a point for decimals.") from None
        if not 0 <= value <= most:
            raise ValueError(f"{name} {text[:40]} is not between 0 and {most:g}. Mend the value.")
        return value

    return number


def _name(text: str) -> str:
    return text.replace("\0", "").strip()[:200] or "history.csv"
