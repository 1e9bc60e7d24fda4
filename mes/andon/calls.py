"""Raising, answering and closing calls. Each said twice happens once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.andon.models import Call, CallCategory, Notice
from mes.journal.write import record
from mes.plant.models import WorkCenter
from mes.plant.shift_of import shift_now
from mes.plc.models import Controller

LONGEST = 200
OPEN = (Call.State.OPEN, Call.State.TAKEN)


class CallRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


def call_raise(
    *,
    work_center: WorkCenter,
    category: CallCategory,
    actor: str,
    at: datetime,
    key: UUID,
    note: str = "",
    controller: Controller | None = None,
) -> tuple[Call, bool]:
    """The open call of this category at this machine, and whether this call of the function raised it.

    The same `key` again gives the call of the first time, also when it is closed by now. Raises CallRefused for an
    archived category and for a note that is too long or holds a NUL.
    """
    note = _text(note)
    if category.archived:
        raise CallRefused(_("Nobody is called for %(what)s any more: choose another.") % {"what": category.name})
    shift = shift_now([work_center], at).get(work_center.pk)
    try:
        with transaction.atomic():
            made = Call.objects.create(
                work_center=work_center,
                category=category,
                controller=controller,
                note=note,
                raised_by=actor,
                raised_at=at,
                shift_name=shift.name if shift else "",
                key=key,
            )
            _tell("call_raise", made, actor, at, None, {"category": category.code, "note": note})
            return made, True
    except IntegrityError:
        found = Call.objects.filter(key=key).first() or _open_one(work_center, category, controller)
        if found is None:
            raise CallRefused(_("That call was closed just now: raise it again if you still need help.")) from None
        if found.work_center_id != work_center.pk:
            raise CallRefused(_("The page was incomplete: open it again and call.")) from None
        return found, False


def call_acknowledge(*, call: Call, actor: str, at: datetime) -> bool:
    """`actor` comes. True if this call did it; False if they had said so. Raises CallRefused when another one comes or
    the call is closed."""
    with transaction.atomic():
        free = Call.objects.filter(pk=call.pk, state=Call.State.OPEN)
        done = free.update(state=Call.State.TAKEN, taken_by=actor, taken_at=max(at, call.raised_at))
        call.refresh_from_db()
        if done:
            _tell("call_acknowledge", call, actor, at, {"state": "open"}, {"state": "taken", "by": actor})
            return True
        if call.taken_by == actor:
            return False
        raise CallRefused(_too_late(call))


def call_resolve(*, call: Call, actor: str, at: datetime, what: str) -> bool:
    """The help was given; `what` was done. True if this call closed it, False if it was resolved before.

    A call nobody took counts as taken now. Raises CallRefused without a word of what was done, and for a cancelled one.
    """
    what = _text(what)
    if not what:
        raise CallRefused(_("Say in a few words what was done."))
    return _close(call, actor, at, Call.State.RESOLVED, what)


def call_cancel(*, call: Call, actor: str, at: datetime, why: str = "") -> bool:
    """Nobody is needed after all. True if this call closed it, False if it was cancelled before."""
    return _close(call, actor, at, Call.State.CANCELLED, _text(why))


def _close(call: Call, actor: str, at: datetime, state: str, outcome: str) -> bool:
    with transaction.atomic():
        row = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
        if row.closed_at is not None:
            call.refresh_from_db()
            if row.state == state:
                return False
            raise CallRefused(_too_late(row))
        before = {"state": row.state}
        end = max(at, row.taken_at or row.raised_at)
        if state == Call.State.RESOLVED and row.taken_at is None:
            row.taken_at, row.taken_by = end, actor
        row.state, row.closed_at, row.closed_by, row.outcome = state, end, actor, outcome
        row.save(update_fields=["state", "closed_at", "closed_by", "outcome", "taken_at", "taken_by"])
        Notice.objects.filter(call=row, state=Notice.State.WAITING).update(state=Notice.State.DROPPED)
        verb = "call_resolve" if state == Call.State.RESOLVED else "call_cancel"
        _tell(verb, row, actor, at, before, {"state": state}, outcome)
    call.refresh_from_db()
    return True


def _open_one(work_center: WorkCenter, category: CallCategory, controller: Controller | None) -> Call | None:
    return Call.objects.filter(
        work_center=work_center, category=category, controller=controller, closed_at=None
    ).first()


def _too_late(call: Call) -> str:
    if call.closed_at is not None:
        return _("%(who)s closed this call already: look at it again.") % {"who": call.closed_by}
    return _("%(who)s comes already.") % {"who": call.taken_by}


def _text(text: str) -> str:
    plain = " ".join(text.split())
    if "\0" in plain or len(plain) > LONGEST:
        raise CallRefused(_("The text is too long or holds characters that cannot be kept: at most 200 characters."))
    return plain


def _tell(action: str, call: Call, actor: str, at: datetime, before: Any, after: Any, why: str = "") -> None:
    data = {"before": before, "after": after, "why": why, "work_center": call.work_center.code}
    record(actor=actor, at=at, action=action, kind="call", code=str(call.pk), data=data)
