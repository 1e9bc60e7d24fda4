"""Notes to the next shift, and action items that are carried over until they are done."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.handover.models import ActionItem, HandoverNote
from mes.handover.sign import KIND, SYSTEM, HandoverRefused, handover_open
from mes.hourly.typed import HoursRefused, plain
from mes.journal.write import record
from mes.oee.closing import shift_code
from mes.plant.models import Line, Shift

MOST_NOTE, MOST_ITEM, MOST_OWNER = 1000, 300, 80


def note_add(*, shift: Shift, text: str, key: UUID, actor: str, at: datetime) -> HandoverNote:
    """A note in the handover of a shift; the same `key` again changes nothing. HandoverRefused without a text."""
    text = _plain(text, MOST_NOTE, _("The note"))
    if not text:
        raise HandoverRefused(_("The note is empty: write what the next shift should know."))
    handover = handover_open(shift=shift, actor=SYSTEM, at=at)
    try:
        with transaction.atomic():
            note = HandoverNote.objects.create(handover=handover, text=text, said_at=at, said_by=actor, key=key)
            _tell(shift, "note_add", actor, at, None, {"note": text})
            return note
    except IntegrityError:
        return HandoverNote.objects.get(key=key)


def note_withdraw(*, note: HandoverNote, actor: str, at: datetime) -> bool:
    """Takes back one's own note; False where it was before. Raises HandoverRefused for somebody else's."""
    if note.said_by != actor:
        raise HandoverRefused(_("Only %(who)s takes this note back.") % {"who": note.said_by})
    with transaction.atomic():
        if not HandoverNote.objects.filter(pk=note.pk, withdrawn_at=None).update(withdrawn_at=at):
            return False
        _tell(note.handover.shift, "note_withdraw", actor, at, {"note": note.text}, None)
        return True


def item_add(
    *, shift: Shift, text: str, owner: str, due: date | None, key: UUID, actor: str, at: datetime
) -> ActionItem:
    """Something to be done on the shift's line; the same `key` again changes nothing. HandoverRefused without text."""
    text, owner = _plain(text, MOST_ITEM, _("What is to be done")), _plain(owner, MOST_OWNER, _("The owner"))
    if not text:
        raise HandoverRefused(_("Say what is to be done: an action item needs a text."))
    handover = handover_open(shift=shift, actor=SYSTEM, at=at)
    fields = {"text": text, "owner": owner, "due": due}
    try:
        with transaction.atomic():
            item = ActionItem.objects.create(
                line=shift.line, handover=handover, raised_at=at, raised_by=actor, key=key, **fields
            )
            _tell(shift, "item_add", actor, at, None, fields)
            return item
    except IntegrityError:
        return ActionItem.objects.get(key=key)


def item_done(*, item: ActionItem, actor: str, at: datetime) -> bool:
    """The item is done and leaves the handovers; False where it was done before."""
    with transaction.atomic():
        if not ActionItem.objects.filter(pk=item.pk, done_at=None).update(done_at=at, done_by=actor):
            return False
        _tell(item.handover.shift, "item_done", actor, at, {"text": item.text}, {"done_at": at})
        return True


def open_items(line: Line) -> list[ActionItem]:
    """What is still to be done on a line, the earliest due day first, those without one last."""
    rows = ActionItem.objects.filter(line=line, done_at=None).select_related("handover__shift", "line")
    return sorted(rows, key=lambda item: (item.due or date.max, item.raised_at))


def _plain(text: str, most: int, what: str) -> str:
    try:
        return plain(text, most, what)
    except HoursRefused as refused:
        raise HandoverRefused(str(refused)) from refused


def _tell(shift: Shift, action: str, actor: str, at: datetime, before: Any, after: Any) -> None:
    data = {"before": before, "after": after, "why": ""}
    record(actor=actor, at=at, action=action, kind=KIND, code=shift_code(shift), data=data)
