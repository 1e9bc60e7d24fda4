"""The history of one record from the journal: who changed which field from what to what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from mes.journal.models import JournalEntry


@dataclass(frozen=True)
class FieldChange:
    """One field before and after, as text; None where the record did not have it."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Happening:
    """One entry about the record."""

    at: datetime
    actor: str
    action: str
    changes: list[FieldChange]


def history_of(kind: str, code: str, limit: int = 200) -> list[Happening]:
    """The newest entries about a record first; a plant file's import counts where it named the record."""
    named = Q(action="plant_import", data__changes__contains=[{"kind": kind, "code": code}])
    found = JournalEntry.objects.filter(Q(kind=kind, code=code) | named).order_by("-at", "-id")[:limit]
    out = []
    for entry in found:
        parts = [entry.data]
        if entry.action == "plant_import":
            parts = [part for part in entry.data["changes"] if (part["kind"], part["code"]) == (kind, code)]
        out.append(Happening(entry.at, entry.actor, entry.action, [one for part in parts for one in _changes(part)]))
    return out


def _changes(data: dict[str, Any]) -> list[FieldChange]:
    before, after = data.get("before"), data.get("after")
    if not isinstance(before, dict | None) or not isinstance(after, dict | None) or not (before or after):
        plain = {key: value for key, value in data.items() if value not in (None, "", [], {})}
        return [FieldChange(key, None, _text(value)) for key, value in plain.items()]
    keys = list({**(before or {}), **(after or {})})
    return [FieldChange(key, _told(before, key), _told(after, key)) for key in keys]


def _told(values: dict[str, Any] | None, key: str) -> str | None:
    return _text(values[key]) if values and key in values else None


def _text(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(each)}" for key, each in value.items())
    return str(value)
