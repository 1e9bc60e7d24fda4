"""Reads one observation from JSON, strictly: every mistake gets a sentence, nothing is guessed or dropped."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from mes.plant.models import WorkCenter
from mes.production.models import Item, WorkOrder
from mes.tracking.observe import states_known
from mes.tracking.observe_samples import Observation, pieces_of
from mes.tracking.states import PACKML, canonical

KNOWN = ("at", "state", "mode", "reason_code", "order", "item", "counters", "counts", "key", "quality")
COUNTERS = ("good", "scrap", "total", "reject", "rework")
COUNTS = ("good", "scrap", "total", "rework", "key")
QUALITIES = ("good", "uncertain", "bad")
MOST_SHOWN = 20
LARGEST = {"counters": 2**63 - 1, "counts": 1_000_000}
CODES = 2**31


@dataclass(slots=True)
class Mistakes:
    """What is wrong, by field."""

    fields: dict[str, str] = field(default_factory=dict)
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.fields)

    def add(self, where: str, text: str) -> None:
        """Keeps the first twenty; the rest is counted."""
        if len(self.fields) < MOST_SHOWN:
            self.fields[where] = text
        else:
            self.more += 1

    def summary(self) -> str:
        """The first mistake and how many others there are."""
        where, text = next(iter(self.fields.items()))
        others = len(self.fields) + self.more - 1
        return f"Nothing was stored. {where}: {text}" + (f" ({others} more mistakes)" if others else "")


@dataclass(frozen=True, slots=True)
class Names:
    """The states, orders and items that these observations can name."""

    states: dict[str, tuple[str, str]]
    orders: dict[str, WorkOrder]
    items: dict[str, Item]

    @classmethod
    def of(cls, rows: Iterable[Any]) -> "Names":
        """Three queries at most."""
        said = [row for row in rows if isinstance(row, dict)]
        numbers = {row["order"] for row in said if isinstance(row.get("order"), str)}
        codes = {row["item"] for row in said if isinstance(row.get("item"), str)}
        orders = WorkOrder.objects.select_related("item").filter(number__in=numbers) if numbers else ()
        items = Item.objects.filter(code__in=codes) if codes else ()
        states = states_known() if any("state" in row for row in said) else {}
        return cls(states, {order.number: order for order in orders}, {item.code: item for item in items})


def observation_from(
    row: Any, where: str, place: WorkCenter, names: Names, latest: datetime, mistakes: Mistakes
) -> Observation | None:
    """The observation, or None where a mistake was noted. `latest`: nothing may lie after it."""
    before = len(mistakes.fields) + mistakes.more
    if not isinstance(row, dict):
        mistakes.add(where, 'must be an object like {"at": "2026-03-02T06:00:00Z", "state": "Execute"}.')
        return None
    for name in sorted(set(row) - set(KNOWN)):
        mistakes.add(f"{where}.{name[:40]}", f"is not known: use {', '.join(KNOWN)}.")
    reader = _Reader(row, where, names, mistakes)
    at, state = reader.at(latest), reader.state()
    counters, counts = reader.numbers("counters", COUNTERS), reader.numbers("counts", COUNTS)
    key = reader.key(counts is not None)
    reader.check_counts(counters or {}, counts or {})
    order, item = reader.order(place), reader.item()
    quality, mode, code = reader.quality(), reader.text("mode", 100), reader.code()
    if order is not None and item is not None and order.item_id != item.pk:
        mistakes.add(f"{where}.item", f"{order.number} is an order for {order.item.code}, not for {item.code}.")
    if len(mistakes.fields) + mistakes.more > before or at is None:
        return None
    totals = dict(counters or {})
    reject = totals.pop("reject", None)
    if reject is not None:
        totals.setdefault("scrap", reject)
    return Observation(at, state, quality, code, totals, pieces_of(counts or {}), key, order, item, mode)


@dataclass(frozen=True, slots=True)
class _Reader:
    row: dict[str, Any]
    where: str
    names: Names
    mistakes: Mistakes

    def wrong(self, name: str, text: str) -> None:
        self.mistakes.add(f"{self.where}.{name}", text)

    def text(self, name: str, longest: int) -> str:
        value = self.row.get(name)
        if value is None and name not in self.row:
            return ""
        if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
            self.wrong(name, f"must be a text of 1 to {longest} printable characters.")
            return ""
        return value.strip()

    def at(self, latest: datetime) -> datetime | None:
        value = self.row.get("at")
        try:
            found = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None:
            self.wrong("at", "must be a time like 2026-03-02T06:00:00Z.")
        elif found.tzinfo is None:
            self.wrong("at", "has no offset: add Z for UTC or an offset like +01:00.")
        elif found > latest:
            self.wrong("at", f"lies in the future: here it is {latest:%Y-%m-%dT%H:%M:%SZ} at most; check the clock.")
        elif found.year < 2000:
            self.wrong("at", "lies before the year 2000: check the clock of the machine.")
        else:
            return found.astimezone(UTC)
        return None

    def state(self) -> tuple[str, str] | None:
        name = self.text("state", 40)
        if not name:
            return None
        mapped = self.names.states.get(name.lower())
        packml = canonical(name)
        if mapped is None and packml is None:
            self.wrong("state", f"'{name}' is neither a PackML state nor the name of a state in a state map.")
            return None
        return mapped or (packml or "", str(PACKML[packml or ""]))

    def numbers(self, name: str, known: tuple[str, ...]) -> dict[str, int] | None:
        if name not in self.row:
            return None
        value = self.row[name]
        if not isinstance(value, dict) or not set(value) - {"key"}:
            self.wrong(name, f"must be an object with some of {', '.join(known)}.")
            return None
        found = {}
        for role, pieces in value.items():
            if role not in known:
                self.wrong(f"{name}.{str(role)[:40]}", f"is not known: use {', '.join(known)}.")
            elif role != "key" and (type(pieces) is not int or not 0 <= pieces <= LARGEST[name]):
                self.wrong(f"{name}.{role}", f"must be a whole number from 0 to {LARGEST[name]}.")
            elif role != "key":
                found[role] = pieces
        return found

    def key(self, counted: bool) -> str:
        counts = self.row.get("counts")
        inner = counts.get("key") if isinstance(counts, dict) else None
        key = inner if inner is not None else self.row.get("key")
        if not counted:
            if key is not None:
                self.wrong("key", "belongs to counts, and there are none.")
            return ""
        if not isinstance(key, str) or not key.strip() or len(key) > 100 or not key.isprintable():
            self.wrong("key", "counts need a key of 1 to 100 characters, so that a repeat counts nothing.")
            return ""
        return key.strip()

    def check_counts(self, counters: dict[str, int], counts: dict[str, int]) -> None:
        both = sorted((set(counters) | ({"scrap"} if "reject" in counters else set())) & set(counts))
        if both or ("good" in counts and "total" in counters) or ("total" in counts and "good" in counters):
            self.wrong("counts", f"{both[0] if both else 'good'} is said twice: as counter or as count, not both.")
        scrap = counts.get("scrap", 0)
        if "good" not in counts and counts.get("total", scrap) < scrap:
            self.wrong("counts", f"{scrap} scrap of only {counts['total']} pieces cannot be.")

    def order(self, place: WorkCenter) -> WorkOrder | None:
        number = self.text("order", 60)
        found = self.names.orders.get(number)
        if number and (found is None or found.line_id != place.line_id):
            self.wrong("order", f"there is no work order '{number}' on the line of {place.code}: create it first.")
            return None
        return found

    def item(self) -> Item | None:
        code = self.text("item", 60)
        found = self.names.items.get(code)
        if code and found is None:
            self.wrong("item", f"there is no item '{code}': add it first.")
        return found

    def quality(self) -> str:
        value = self.row.get("quality", "good")
        if value not in QUALITIES:
            self.wrong("quality", f"must be one of {', '.join(QUALITIES)}.")
            return "bad"
        return str(value)

    def code(self) -> int | None:
        value = self.row.get("reason_code")
        if value is not None and (type(value) is not int or not -CODES <= value < CODES):
            self.wrong("reason_code", "must be a whole number, as the machine gives it.")
            return None
        return value
