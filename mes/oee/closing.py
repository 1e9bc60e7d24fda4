"""A shift is closed (reported), locked (final) and reopened; what machines tell late about a locked shift waits."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from mes.journal.models import JournalEntry
from mes.journal.write import record
from mes.oee.fact_models import RollMark
from mes.oee.rollup import GRACE, roll_now
from mes.plant.changes import SETTLE
from mes.plant.models import ChangedStretch, Shift, WorkCenter
from mes.plant.shift_of import shifts_of

KIND = "shift"
SYSTEM = "system"
HOUR = timedelta(hours=1)
MAX_WHY = 200
AT_ONCE = 50  # shifts that one tick of the periodic job closes
LEFT_OPEN = timedelta(days=7)  # a shift that somebody reopened is not locked again by itself for so long


class ClosingRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def shift_code(shift: Shift) -> str:
    """How the journal names a shift, as its page does: LINE-1/2026-03-02/Early."""
    own = f"@{shift.work_center.code}" if shift.work_center is not None else ""
    return f"{shift.line.code}{own}/{shift.production_date}/{shift.name}"


def settled_at(shift: Shift) -> datetime:
    """From when on a shift can be closed: its last hour is over and has settled."""
    last = (shift.ends_at - timedelta(microseconds=1)).replace(minute=0, second=0, microsecond=0)
    return last + HOUR + SETTLE + GRACE


def machines_of_shift(shift: Shift) -> list[WorkCenter]:
    """The machines whose shift it is, in order of flow."""
    places = WorkCenter.objects.filter(line=shift.line_id, archived=False).order_by("position", "code")
    machines = list(places.select_related("line__area__site"))
    follow = shifts_of(machines, shift.starts_at, shift.ends_at)
    return [wc for wc in machines if any(row.pk == shift.pk for row in follow[wc.pk])]


def shift_close(*, shift_id: int, actor: str, at: datetime) -> bool:
    """The shift is reported: its hours are rolled, and later changes keep them as they are now too. False: it was.

    Raises ClosingRefused before its last hour has settled, and while the roll-up is still far behind.
    """
    with transaction.atomic():
        shift = _locked_row(shift_id)
        if shift.closed_at is not None:
            return False
        if at < settled_at(shift):
            raise ClosingRefused(
                f"{shift_code(shift)} can be closed from {settled_at(shift):%H:%M} UTC on: its last hour must settle."
            )
        _roll(shift, at)
        _set(shift, "shift_close", actor, at, "", closed_at=at, closed_by=actor)
        return True


def shift_lock(*, shift_id: int, actor: str, at: datetime) -> bool:
    """The shift's figures are final: edits are refused until it is reopened. False if it was locked before.

    Raises ClosingRefused for a shift that is not closed.
    """
    with transaction.atomic():
        shift = _locked_row(shift_id)
        if shift.locked_at is not None:
            return False
        if shift.closed_at is None:
            raise ClosingRefused(f"{shift_code(shift)} is not closed yet: close it first, then lock it.")
        _roll(shift, at)
        _set(shift, "shift_lock", actor, at, "", locked_at=at)
        return True


def shift_reopen(*, shift_id: int, why: str, actor: str, at: datetime) -> bool:
    """Takes the lock off, with a reason; what waited is taken in next. False if it was not locked (any more).

    It stays closed, so the figures that were reported are kept. Raises ClosingRefused without a reason.
    """
    why = " ".join(why.split())
    if not why:
        raise ClosingRefused("Say why the shift is reopened: its figures were final.")
    if len(why) > MAX_WHY or "\0" in why:
        raise ClosingRefused(f"The reason must be plain text of at most {MAX_WHY} characters: shorten it.")
    with transaction.atomic():
        shift = _locked_row(shift_id)
        if shift.locked_at is None:
            return False
        _set(shift, "shift_reopen", actor, at, why, locked_at=None)
        return True


def _locked_row(shift_id: int) -> Shift:
    rows = Shift.objects.select_for_update(of=("self",)).select_related("line__area__site", "work_center")
    return rows.get(pk=shift_id)


def _roll(shift: Shift, at: datetime) -> None:
    """Rolls the shift's hours as they are known now, so that what is reported is stored."""
    mark = RollMark.objects.filter(line=shift.line_id).first()
    if mark is not None and mark.rolled_until < shift.starts_at - timedelta(days=1):
        raise ClosingRefused("Figures of earlier days are still being computed: try again in a minute.")
    roll_now(machines_of_shift(shift), shift.starts_at, shift.ends_at, now=at)
    mark = RollMark.objects.filter(line=shift.line_id).first()
    if mark is not None and mark.rolled_until < shift.ends_at:
        raise ClosingRefused(f"The last hour of {shift_code(shift)} has not settled yet: try again in some minutes.")


def _set(shift: Shift, action: str, actor: str, at: datetime, why: str, **fields: Any) -> None:
    before = {name: getattr(shift, name) for name in fields}
    Shift.objects.filter(pk=shift.pk).update(**fields)
    data = {"from": shift.starts_at, "to": shift.ends_at, "before": before, "after": fields, "why": why}
    record(actor=actor, at=at, action=action, kind=KIND, code=shift_code(shift), data=data)


def waiting_changes(shift: Shift) -> int:
    """How many late changes a locked shift does not show: they are stored, and taken in when it is reopened."""
    if shift.locked_at is None:
        return 0
    inside = Q(starts_at__lt=shift.ends_at) & (Q(ends_at__gt=shift.starts_at) | Q(starts_at=F("ends_at")))
    rows = ChangedStretch.objects.filter(inside, work_center__in=machines_of_shift(shift), ends_at__gte=shift.starts_at)
    return rows.count()


def shifts_turn(*, at: datetime) -> tuple[int, int]:
    """Closes shifts whose hours are rolled, and locks those that ended longer ago than the setting: (closed, locked).

    Safe to run twice; what one tick leaves the next one takes.
    """
    rolled = RollMark.objects.filter(line=OuterRef("line"), rolled_until__gte=OuterRef("ends_at"))
    ended = Shift.objects.filter(Exists(rolled), closed_at=None, ends_at__lte=at - SETTLE)
    ended = ended.select_related("line", "work_center")
    settled = [shift for shift in ended.order_by("ends_at", "pk")[:AT_ONCE] if settled_at(shift) <= at]
    closed = sum(shift_close(shift_id=shift.pk, actor=SYSTEM, at=at) for shift in settled)
    days = settings.SHIFT_LOCK_DAYS
    if not days:
        return closed, 0
    old = Shift.objects.filter(locked_at=None, ends_at__lte=at - timedelta(days=days)).exclude(closed_at=None)
    due = list(old.select_related("line", "work_center").order_by("ends_at", "pk")[:AT_ONCE])
    left_open = _reopened((shift_code(shift) for shift in due), at)
    due = [shift for shift in due if shift_code(shift) not in left_open]
    return closed, sum(shift_lock(shift_id=shift.pk, actor=SYSTEM, at=at) for shift in due)


def _reopened(codes: Iterable[str], at: datetime) -> set[str]:
    lately = JournalEntry.objects.filter(kind=KIND, code__in=list(codes), action="shift_reopen", at__gt=at - LEFT_OPEN)
    return set(lately.values_list("code", flat=True))
