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
SECOND = timedelta(seconds=1)


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

    An action tells its stretch by `from` and `to` in its entry and its machine by the entry's code or `work_centers`.
    Two queries.
    """
    codes = {wc.code for wc in work_centers}
    stops = Q()
    for code in codes:
        stops |= Q(code__gte=f"{code}@{_iso(start - LONGEST_STOP)}", code__lt=f"{code}@{_iso(end)}")
    if not codes:
        return []
    written = JournalEntry.objects.filter(at__gt=since) if since else JournalEntry.objects.all()
    rows = list(written.filter(stops, kind="stop").order_by("-at", "-pk")[: LIMIT * 2])
    machines = written.filter(kind="work-center", code__in=codes, data__has_key="from")
    # Texts without microseconds sort a little before those with them; the exact comparison follows.
    near = machines.filter(data__from__lt=_iso(end + SECOND), data__to__gte=_iso(start - SECOND))
    rows += near.order_by("-at", "-pk")[: LIMIT * 2]
    found = [edit for edit in map(_edit, rows) if edit.start < end and edit.end >= start]
    return sorted(found, key=lambda edit: edit.at, reverse=True)[:LIMIT]


def _edit(entry: JournalEntry) -> Edit:
    code, _, at = entry.code.partition("@")
    began = entry.data.get("from") or at
    start = datetime.fromisoformat(began)
    until = entry.data.get("to")
    end = datetime.fromisoformat(until) if until else max(start, entry.at)
    why = entry.data.get("why") or entry.data.get("note") or ""
    before, after = entry.data.get("before"), entry.data.get("after")
    if before is None and after is None and "quantity" in entry.data:
        after = entry.data["quantity"]
    return Edit(entry.at, entry.actor, entry.action, code, start, end, before, after, str(why))


def _iso(instant: datetime) -> str:
    """As the journal and the names of stops write it, so that texts compare like instants."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _text(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    return str(value)
