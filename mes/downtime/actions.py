"""What is done to a stop by a person: a reason is given or taken back. One transaction, one journal entry each."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from mes.downtime.history import KIND, entries_of, layout_told, what_was_done
from mes.downtime.layouts import layout_of, whole_lock
from mes.downtime.models import Reason, Stop, StopRule
from mes.downtime.queries import stop_ref
from mes.journal.write import record
from mes.plant.changes import changed as past_changed
from mes.plant.changes import refuse_if_locked

MAX_NOTE = 200


class StopRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


class StopChanged(StopRefused):
    """Somebody else changed the stop meanwhile; the text says who, what and when. `stop` is as it is now."""

    def __init__(self, message: str, stop: Stop) -> None:
        super().__init__(message)
        self.stop = stop


def stop_explain(*, stop_id: int, reason: Reason, note: str, actor: str, at: datetime, version: int) -> Stop:
    """Gives a stop (or a part of one) its reason and a note. `version` is the one the person saw.

    Said twice by the same person it changes nothing. If somebody else changed the stop since, StopChanged says what
    and nothing is lost; ShiftLocked where the stop lies in a locked shift.
    """
    if reason.archived or reason.children.exists():
        raise StopRefused(
            _("'%(reason)s' cannot be given to a stop: choose one of the reasons below it.") % {"reason": reason.name}
        )
    note = " ".join(note.split())
    if len(note) > MAX_NOTE:
        raise StopRefused(
            _("The note has %(length)d characters: shorten it to %(most)d.") % {"length": len(note), "most": MAX_NOTE}
        )
    if "\0" in note:
        raise StopRefused(_("The note has a character that cannot be stored: type it again."))
    said = {"reason_id": reason.pk, "note": note, "explained_by": actor, "explained_at": at, "hands_off": False}
    fields = said | {"planned_limit_min": reason.planned_limit_min}
    return _change(stop_id, version, "stop_explain", fields, actor, at)


def stop_explain_by_rule(*, stop_id: int, rule: StopRule, at: datetime, version: int) -> Stop:
    """Gives a stop the reason of a rule; the page says which one. StopChanged where a person was faster."""
    by = f"rule: {rule.code}"
    fields: dict[str, Any] = {"reason_id": rule.reason_id, "note": "", "explained_by": by, "explained_at": at}
    fields |= {"planned_limit_min": rule.reason.planned_limit_min}
    return _change(stop_id, version, "stop_explain_by_rule", fields, by, at)


def stop_clear_reason(*, stop_id: int, actor: str, at: datetime, version: int) -> Stop:
    """Takes reason and note off a stop: it needs one again, from a person. `version` as in `stop_explain`."""
    fields: dict[str, Any] = {"reason_id": None, "note": "", "explained_by": "", "explained_at": None}
    fields |= {"planned_limit_min": None, "hands_off": True}
    return _change(stop_id, version, "stop_clear_reason", fields, actor, at)


def whole_or_refuse(stop_id: int) -> Stop:
    """The stop as reported, locked; StopRefused where the part was merged away. Call it inside a transaction."""
    try:
        return whole_lock(stop_id)
    except Stop.DoesNotExist as error:
        raise StopRefused(
            _("This part of the stop is gone: somebody merged it. Nothing was changed; look at the stop.")
        ) from error


def stop_changed(whole: Stop, stop: Stop) -> StopChanged:
    """Tells the second of two people what the first one did."""
    entry = entries_of(whole).first()
    who = entry.actor if entry else _("Somebody")
    did = what_was_done(entry)
    said = _("%(who)s %(did)s while you were choosing. Nothing of yours was saved: look, and choose again if need be.")
    return StopChanged(said % {"who": who, "did": did}, stop)


def _change(stop_id: int, version: int, action: str, fields: dict[str, Any], actor: str, at: datetime) -> Stop:
    with transaction.atomic():
        whole = whole_or_refuse(stop_id)
        rows = Stop.every.select_related("reason", "work_center__line")
        before = rows.get(pk=stop_id)
        if all(getattr(before, name) == fields[name] for name in ("reason_id", "note", "explained_by")):
            return before
        refuse_if_locked(whole.work_center, before.starts_at, before.ends_at or at)
        if before.version != version or before.split or before.trimmed:
            raise stop_changed(whole, before)
        was = layout_of(whole)
        Stop.every.filter(pk__in={stop_id, whole.pk}).update(version=F("version") + 1)
        Stop.every.filter(pk=stop_id).update(**fields)
        stop = rows.get(pk=stop_id)
        whole.refresh_from_db()
        data: dict[str, Any] = {
            "from": stop.starts_at,
            "to": stop.ends_at,
            "before": _plain(before),
            "after": _plain(stop),
        }
        data |= {"parts_before": layout_told(was), "parts_after": layout_told(layout_of(whole))}
        past_changed([(stop.work_center_id, stop.starts_at, stop.ends_at or at)], why=action)
        record(actor=actor, at=at, action=action, kind=KIND, code=stop_ref(stop), data=data)
        return stop


def _plain(stop: Stop) -> dict[str, Any]:
    return {"reason": stop.reason.code if stop.reason else None, "note": stop.note, "version": stop.version}
