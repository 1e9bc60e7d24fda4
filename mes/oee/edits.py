"""What people did to a stretch of machines' past, from the journal: who, when, what, before and after (R42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from mes.journal.models import JournalEntry
from mes.plant.models import WorkCenter

LONGEST_STOP = timedelta(days=2)  # an edited stop that began earlier than this before the stretch is not looked for
LIMIT = 200
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PLACES = ("work-center", "work_center", "line", "area", "site")
# Words about the calendar tell their stretch in other fields than `from` and `to`.
CALENDAR = ("overtime_say", "unscheduled_say", "override_withdraw", "shifts_restate")


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of the journal about the stretch. `before` and `after` are as stored: texts, numbers or records."""

    at: datetime
    actor: str
    action: str
    work_center: str
    start: datetime
    end: datetime
    before: Any
    after: Any
    why: str

    @property
    def words(self) -> str:
        """The action in words: "stop explain"."""
        return self.action.replace("_", " ")

    @property
    def change(self) -> list[tuple[str, str, str]]:
        """What differs between before and after: (name, before, after); one nameless line for plain values."""
        if not isinstance(self.before, dict) and not isinstance(self.after, dict):
            return [("", _text(self.before), _text(self.after))] if self.before != self.after else []
        old = self.before if isinstance(self.before, dict) else {}
        new = self.after if isinstance(self.after, dict) else {}
        return [
            (name, _text(old.get(name)), _text(new.get(name)))
            for name in {**old, **new}
            if name != "version" and old.get(name) != new.get(name)
        ]


def edits_of(
    work_centers: Sequence[WorkCenter], start: datetime, end: datetime, *, since: datetime | None = None
) -> list[Edit]:
    """What was done to [start, end) of these machines after `since` (None: ever), the latest first, at most 200.

    An action tells its stretch by `from` and `to` in its entry, and its place by the entry's code: a machine, or what
    it belongs to. Three queries.
    """
    codes = {wc.code for wc in work_centers}
    if not codes:
        return []
    stops = Q()
    for code in codes:
        stops |= Q(code__gte=f"{code}@{_iso(start - LONGEST_STOP)}", code__lt=f"{code}@{_iso(end)}")
    written = JournalEntry.objects.filter(at__gt=since) if since else JournalEntry.objects.all()
    rows = list(written.filter(stops, kind="stop").order_by("-at", "-pk")[: LIMIT * 2])
    places = written.filter(kind__in=PLACES, code__in=codes | _above(work_centers))
    # Texts without microseconds sort a little before those with them; the exact comparison follows.
    near = Q(data__from__lt=_iso(end + SECOND), data__to__gte=_iso(start - SECOND))
    rows += places.filter(near | Q(action__in=CALENDAR)).order_by("-at", "-pk")[: LIMIT * 2]
    found = [edit for edit in map(_edit, rows) if edit.start < end and edit.end >= start]
    return sorted(found, key=lambda edit: edit.at, reverse=True)[:LIMIT]


def _above(work_centers: Sequence[WorkCenter]) -> set[str]:
    """Codes of the lines, areas and sites of these machines: what is said of those holds for them."""
    lines = WorkCenter.objects.filter(pk__in=[wc.pk for wc in work_centers])
    rows = lines.values_list("line__code", "line__area__code", "line__area__site__code").distinct()
    return {code for row in rows for code in row}


def _edit(entry: JournalEntry) -> Edit:
    code, _, at = entry.code.partition("@")
    start, end = _stretch(entry, at)
    why = entry.data.get("why") or entry.data.get("note") or ""
    before, after = entry.data.get("before"), entry.data.get("after")
    if before is None and after is None and "quantity" in entry.data:
        after = entry.data["quantity"]
    return Edit(entry.at, entry.actor, entry.action, code, start, end, before, after, str(why))


def _stretch(entry: JournalEntry, at: str) -> tuple[datetime, datetime]:
    """Which time the entry is about: `from` and `to`, the calendar word's own times, or whole days with a margin."""
    data = entry.data
    word = next((said for said in (data.get("after"), data.get("before")) if isinstance(said, dict)), {})
    began, until = data.get("from") or at or word.get("starts_at"), data.get("to") or word.get("ends_at")
    if not began and "first" in data and "last" in data:
        first, last = (datetime.fromisoformat(data[name]).replace(tzinfo=UTC) for name in ("first", "last"))
        return first - DAY, last + 2 * DAY
    start = datetime.fromisoformat(began) if began else entry.at
    return start, datetime.fromisoformat(until) if until else max(start, entry.at)


def _iso(instant: datetime) -> str:
    """As the journal and the names of stops write it, so that texts compare like instants."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _text(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"{len(value)} entries" if len(value) > 3 else "; ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    return str(value)
