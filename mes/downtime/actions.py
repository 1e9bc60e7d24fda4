"""What is done to a stop by a person: a reason is given or taken back. One transaction, one journal entry each."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from mes.downtime.models import Reason, Stop
from mes.downtime.queries import stop_ref
from mes.journal.models import JournalEntry
from mes.journal.write import record
from mes.plant.changes import changed as past_changed
from mes.plant.changes import refuse_if_locked

KIND = "stop"
MAX_NOTE = 200


class StopRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


class StopChanged(StopRefused):
    """Somebody else changed the stop meanwhile; the text says who, what and when. `stop` is as it is now."""

    def __init__(self, message: str, stop: Stop) -> None:
        super().__init__(message)
        self.stop = stop


def stop_explain(*, stop_id: int, reason: Reason, note: str, actor: str, at: datetime, version: int) -> Stop:
    """Gives a stop its reason and a note. `version` is the one the person saw.

    Said twice by the same person it changes nothing. If somebody else changed the stop since, StopChanged says what
    and nothing is lost; ShiftLocked where the stop lies in a locked shift.
    """
    if reason.archived or reason.children.exists():
        raise StopRefused(f"'{reason.name}' cannot be given to a stop: choose one of the reasons below it.")
    note = " ".join(note.split())
    if len(note) > MAX_NOTE:
        raise StopRefused(f"The note has {len(note)} characters: shorten it to {MAX_NOTE}.")
    if "\0" in note:
        raise StopRefused("The note has a character that cannot be stored: type it again.")
    said = {"reason_id": reason.pk, "note": note, "explained_by": actor, "explained_at": at}
    fields = said | {"planned_limit_min": reason.planned_limit_min}
    return _change(stop_id, version, "stop_explain", fields, actor, at)


def stop_clear_reason(*, stop_id: int, actor: str, at: datetime, version: int) -> Stop:
    """Takes reason and note off a stop, so that it needs a reason again. `version` as in `stop_explain`."""
    fields = {"reason_id": None, "note": "", "explained_by": "", "explained_at": None, "planned_limit_min": None}
    return _change(stop_id, version, "stop_clear_reason", fields, actor, at)


def _change(stop_id: int, version: int, action: str, fields: dict[str, Any], actor: str, at: datetime) -> Stop:
    with transaction.atomic():
        before = Stop.objects.select_related("reason", "work_center__line").get(pk=stop_id)
        same = all(getattr(before, name) == fields[name] for name in ("reason_id", "note", "explained_by"))
        if same:
            return before
        refuse_if_locked(before.work_center, before.starts_at, before.ends_at or at)
        changed = Stop.objects.filter(pk=stop_id, version=version).update(**fields, version=F("version") + 1)
        stop = Stop.objects.select_related("reason", "work_center").get(pk=stop_id)
        if not changed:
            raise StopChanged(_what_changed(stop), stop)
        data = {"from": stop.starts_at, "to": stop.ends_at, "before": _plain(before), "after": _plain(stop)}
        past_changed([(stop.work_center_id, stop.starts_at, stop.ends_at or at)], why=action)
        record(actor=actor, at=at, action=action, kind=KIND, code=stop_ref(stop), data=data)
        return stop


def _plain(stop: Stop) -> dict[str, Any]:
    return {"reason": stop.reason.code if stop.reason else None, "note": stop.note, "version": stop.version}


def _what_changed(stop: Stop) -> str:
    entry = JournalEntry.objects.filter(kind=KIND, code=stop_ref(stop)).order_by("-at", "-pk").first()
    who = entry.actor if entry else "Somebody"
    if stop.reason:
        note = f" with the note '{stop.note}'" if stop.note else ""
        did = f"set the reason to '{stop.reason.name}'{note}"
    else:
        did = "took the reason away"
    return f"{who} {did} while you were choosing. Nothing of yours was saved: look, and choose again if need be."
