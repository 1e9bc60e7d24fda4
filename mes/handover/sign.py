"""A handover is opened, signed out by the leaving and signed in by the coming leader; what is signed is frozen."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mes.handover.document import digest, handover_document
from mes.handover.models import Handover
from mes.journal.models import JournalEntry
from mes.journal.write import record
from mes.oee.closing import shift_code
from mes.plant.models import Shift

KIND = "handover"
SYSTEM = "system"
BEFORE_END = timedelta(minutes=30)
"""So long before its end a shift's handover is opened, and may be signed out."""

LEFT_ALONE = timedelta(days=1)
"""Shifts that ended longer ago get no handover by themselves any more."""


class HandoverRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def handover_open(*, shift: Shift, actor: str, at: datetime) -> Handover:
    """The handover of a line's shift, made where there is none yet."""
    with transaction.atomic():
        made, new = Handover.objects.get_or_create(shift=shift, defaults={"opened_at": at})
        if new:
            _tell(shift, "handover_open", actor, at, None, {"opened_at": at})
    return made


def handovers_turn(*, at: datetime) -> int:
    """Opens the handovers of shifts that near their end: how many. Safe to run twice."""
    due = Shift.objects.filter(
        work_center=None, handover=None, ends_at__lte=at + BEFORE_END, ends_at__gt=at - LEFT_ALONE, starts_at__lte=at
    ).select_related("line")
    found = list(due)
    for shift in found:
        handover_open(shift=shift, actor=SYSTEM, at=at)
    return len(found)


def handover_sign_out(*, shift: Shift, actor: str, at: datetime) -> bool:
    """The leaving leader hands over: the figures are frozen as they are known now. False where it was done before.

    Raises HandoverRefused before the last half hour of the shift, and for the leader who took it over.
    """
    _refuse_early(shift, at)
    handover = handover_open(shift=shift, actor=SYSTEM, at=at)
    return _sign(handover, "handover_sign_out", actor, at, {"out_at": at, "out_by": actor})


def handover_sign_in(*, shift: Shift, actor: str, at: datetime) -> bool:
    """The coming leader takes over, also from a leader who left without signing. False where it was done before.

    Raises HandoverRefused before the last half hour of the shift, and for the leader who signed out.
    """
    _refuse_early(shift, at)
    handover = handover_open(shift=shift, actor=SYSTEM, at=at)
    return _sign(handover, "handover_sign_in", actor, at, {"in_at": at, "in_by": actor})


def is_intact(handover: Handover) -> bool:
    """Whether the frozen document is the one whose hash stands in the journal. True while nothing is frozen."""
    if handover.document is None:
        return True
    actions = ("handover_sign_out", "handover_sign_in")
    code = shift_code(handover.shift)
    told = JournalEntry.objects.filter(kind=KIND, code=code, action__in=actions, data__after__has_key="sha256")
    first = told.order_by("pk").first()
    return first is not None and digest(handover.document) == first.data["after"]["sha256"] == handover.sha256


def _refuse_early(shift: Shift, at: datetime) -> None:
    opens_at = shift.ends_at - BEFORE_END
    if at < opens_at:
        raise HandoverRefused(_("This shift still runs: it is handed over in its last half hour."))


def _sign(handover: Handover, action: str, actor: str, at: datetime, fields: dict[str, Any]) -> bool:
    """Signs once: of two signatures at the same moment the row decides. The first one freezes the document."""
    with transaction.atomic():
        locked = Handover.objects.select_for_update(of=("self",)).select_related("shift__line__area__site")
        row = locked.get(pk=handover.pk)
        if any(getattr(row, name) for name in fields):
            return False
        if actor in (row.out_by, row.in_by):
            raise HandoverRefused(_("You signed this handover already: the other leader signs the other side."))
        after: dict[str, Any] = dict(fields)
        if row.document is None:
            row.document = handover_document(row.shift, now=at) | {"said": _said(row)}
            row.sha256 = digest(row.document)
            after["sha256"] = row.sha256
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=["document", "sha256", *fields])
        _tell(row.shift, action, actor, at, dict.fromkeys(fields), after)
        return True


def _said(handover: Handover) -> dict[str, Any]:
    """The notes and open action items as they stood when the document was frozen."""
    notes = handover.notes.filter(withdrawn_at=None)
    items = handover.shift.line.action_items.filter(done_at=None)
    return {
        "notes": [{"text": note.text, "by": note.said_by, "at": note.said_at.isoformat()} for note in notes],
        "items": [
            {"text": item.text, "owner": item.owner, "due": item.due.isoformat() if item.due else None}
            for item in items
        ],
    }


def _tell(shift: Shift, action: str, actor: str, at: datetime, before: Any, after: Any) -> None:
    data = {"from": shift.starts_at, "to": shift.ends_at, "before": before, "after": after, "why": ""}
    record(actor=actor, at=at, action=action, kind=KIND, code=shift_code(shift), data=data)
