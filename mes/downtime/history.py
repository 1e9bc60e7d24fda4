"""What was done to a stop and its parts, from the journal: the history of its page, and what undoing starts from."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mes.downtime.models import Reason, Stop
from mes.downtime.parts import Layout, Said
from mes.downtime.queries import instant_ref, stop_ref
from mes.journal.models import JournalEntry

KIND = "stop"
FOR_EVER = "9999"


def entries_of(whole: Stop) -> QuerySet[JournalEntry]:
    """Everything that was done to a stop and its parts, the latest first.

    A stop and each part is named by machine and start, and such names sort by time: all between the start and the end
    of the stop speak of it.
    """
    machine = whole.work_center.code
    end = instant_ref(whole.ends_at) if whole.ends_at else FOR_EVER
    named = JournalEntry.objects.filter(kind=KIND, code__gte=stop_ref(whole), code__lt=f"{machine}@{end}")
    return named.order_by("-pk")


def undone_by(entries: list[JournalEntry]) -> set[int]:
    """The entries that were taken back."""
    return {entry.data["undoes"] for entry in entries if entry.action == "stop_undo"}


def last_to_undo(entries: list[JournalEntry]) -> JournalEntry | None:
    """The latest action (of entries, latest first) that is neither an undo nor undone, and that can be undone."""
    gone = undone_by(entries)
    kept = (entry for entry in entries if entry.action != "stop_undo" and entry.pk not in gone)
    entry = next(kept, None)
    return entry if entry is not None and "parts_before" in entry.data else None


def layout_told(layout: Layout) -> list[dict[str, Any]]:
    """A layout as the journal keeps it: each part with where it begins (None: where the stop does)."""
    starts: tuple[datetime | None, ...] = (None, *layout.cuts)
    return [
        {
            "from": start,
            "reason": said.reason,
            "note": said.note,
            "by": said.by,
            "at": said.at,
            "limit_min": said.limit_min,
            "hands_off": said.hands_off,
            "trimmed": said.trimmed,
        }
        for start, said in zip(starts, layout.said, strict=True)
    ]


def layout_from(told: list[dict[str, Any]]) -> Layout:
    """The layout that `layout_told` told."""
    cuts = tuple(datetime.fromisoformat(part["from"]) for part in told[1:])
    return Layout(cuts, tuple(_said(part) for part in told))


def what_was_done(entry: JournalEntry | None) -> str:
    """The end of the sentence "mia ...": what an action did to the stop. No entry: the machine told it otherwise."""
    words = {
        "stop_split": _("split the stop"),
        "stop_merge": _("merged parts of the stop"),
        "stop_trim": _("trimmed the stop"),
        "stop_undo": _("undid the last change of the stop"),
    }
    if entry is None or entry.action in words:
        return words[entry.action] if entry else _("changed the stop")
    after = entry.data["after"]
    reason = Reason.objects.filter(code=after["reason"]).first()
    if after["reason"] is None:
        return _("took the reason away")
    name = reason.name if reason else after["reason"]
    if after["note"]:
        return _("set the reason to '%(reason)s' with the note '%(note)s'") % {"reason": name, "note": after["note"]}
    return _("set the reason to '%(reason)s'") % {"reason": name}


def _said(part: dict[str, Any]) -> Said:
    at = datetime.fromisoformat(part["at"]) if part["at"] else None
    return Said(part["reason"], part["note"], part["by"], at, part["limit_min"], part["hands_off"], part["trimmed"])
