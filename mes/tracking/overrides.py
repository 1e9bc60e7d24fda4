"""The word of the floor: overtime until, not scheduled until, and taking it back. Deciding functions take `at`."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import Line, Override, WorkCenter
from mes.plant.shifts import Owner, borders_move
from mes.tracking.overtime import machines_of, overtime_sync

LONGEST_OVERTIME = timedelta(hours=24)
LONGEST_REST = timedelta(days=31)
LONGEST_BACK = timedelta(hours=24)
MAX_WHY = 200


class OverrideRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def overtime_say(
    *, place: Owner, starts_at: datetime, ends_at: datetime, why: str, key: UUID, actor: str, at: datetime
) -> Override:
    """The place is scheduled from `starts_at` to `ends_at` besides its shifts; what it makes then enters OEE (R10).

    Whole minutes; at most 24 hours, begun at most 24 hours ago. The same `key` again changes nothing. Raises
    OverrideRefused, and ShiftLocked where it would change a locked shift.
    """
    return _say(place, True, starts_at, ends_at, why, key, actor, at, LONGEST_OVERTIME)


def unscheduled_say(
    *, place: Owner, starts_at: datetime, ends_at: datetime, why: str, key: UUID, actor: str, at: datetime
) -> Override:
    """The place is not scheduled from `starts_at` to `ends_at`, whatever its shifts say; they themselves stay (R8).

    Whole minutes; at most 31 days, begun at most 24 hours ago. The rest is as with `overtime_say`.
    """
    return _say(place, False, starts_at, ends_at, why, key, actor, at, LONGEST_REST)


def override_withdraw(*, override_id: int, actor: str, at: datetime) -> bool:
    """Takes a word back as if it had never been said; True if this call did it. Raises ShiftLocked."""
    with transaction.atomic():
        said = Override.objects.select_related("line", "work_center__line").get(pk=override_id)
        place = _locked(said.line or said.work_center)
        _refuse_locked_shifts(place, said.starts_at, said.ends_at)
        fields: dict[str, Any] = {"withdrawn_at": at, "withdrawn_by": actor[:150]}
        if not Override.objects.filter(pk=said.pk, withdrawn_at=None).update(**fields):
            return False
        _apply(said, place, at)
        data = {"before": _plain(said), "after": None, "why": said.why}
        _tell("override_withdraw", place, data, actor, at)
        return True


def last_said(place: WorkCenter, at: datetime) -> Override | None:
    """The latest word on a machine or its line that still matters and was not taken back."""
    rows = Override.objects.filter(withdrawn_at=None, ends_at__gt=at)
    mine = rows.filter(work_center=place) | rows.filter(line=place.line_id)
    return mine.order_by("-said_at", "-pk").first()


def _say(
    place: Owner,
    scheduled: bool,
    starts_at: datetime,
    ends_at: datetime,
    why: str,
    key: UUID,
    actor: str,
    at: datetime,
    longest: timedelta,
) -> Override:
    starts_at, ends_at = (moment.replace(second=0, microsecond=0) for moment in (starts_at, ends_at))
    _check(starts_at, ends_at, why, at, longest)
    with transaction.atomic():
        place = _locked(place)
        known = Override.objects.filter(key=key).first()
        if known is not None:
            return _same(known, place, scheduled, ends_at)
        _refuse_locked_shifts(place, starts_at, ends_at)
        said = Override.objects.create(
            line=place if isinstance(place, Line) else None,
            work_center=place if isinstance(place, WorkCenter) else None,
            scheduled=scheduled,
            starts_at=starts_at,
            ends_at=ends_at,
            said_at=at,
            said_by=actor[:150],
            why=why,
            key=key,
        )
        _apply(said, place, at)
        action = "overtime_say" if scheduled else "unscheduled_say"
        _tell(action, place, {"before": None, "after": _plain(said), "why": why}, actor, at)
        return said


def _check(starts_at: datetime, ends_at: datetime, why: str, at: datetime, longest: timedelta) -> None:
    if ends_at <= starts_at:
        raise OverrideRefused("The end lies before the beginning: choose a later time.")
    if ends_at - starts_at > longest:
        hours = round(longest.total_seconds() / 3600)
        raise OverrideRefused(f"That is longer than {hours} hours: choose an earlier end, or change the calendar.")
    if starts_at < at - LONGEST_BACK:
        raise OverrideRefused("That began more than 24 hours ago: a planner restates the shifts in the calendar.")
    if len(why) > MAX_WHY or "\0" in why:
        raise OverrideRefused(f"The reason is longer than {MAX_WHY} characters or has signs that are no text.")


def _same(known: Override, place: Owner, scheduled: bool, ends_at: datetime) -> Override:
    there = known.line_id == place.pk if isinstance(place, Line) else known.work_center_id == place.pk
    if not there or known.scheduled != scheduled or known.ends_at != ends_at:
        raise OverrideRefused("This form was sent before with another choice: open the page again and choose anew.")
    return known


def _locked(place: Owner | None) -> Owner:
    """The place with its row locked: words on one line and its machines come one after the other."""
    if isinstance(place, Line):
        return Line.objects.select_for_update(no_key=True).get(pk=place.pk)
    if place is None:
        raise ValueError("A word of the floor names a line or a machine; the database holds no other.")
    Line.objects.select_for_update(no_key=True).get(pk=place.line_id)
    return WorkCenter.objects.select_related("line").get(pk=place.pk)


def _refuse_locked_shifts(place: Owner, start: datetime, end: datetime) -> None:
    for machine in machines_of(place):
        refuse_if_locked(machine, start, end)


def _apply(said: Override, place: Owner, at: datetime) -> None:
    if said.scheduled:
        with borders_move():
            overtime_sync(place, said.starts_at, said.ends_at, at=at)
    changed(
        [(machine.pk, said.starts_at, said.ends_at) for machine in machines_of(place)],
        why="overtime" if said.scheduled else "not scheduled",
    )


def _plain(said: Override) -> dict[str, Any]:
    return {"scheduled": said.scheduled, "starts_at": said.starts_at, "ends_at": said.ends_at}


def _tell(action: str, place: Owner, data: dict[str, Any], actor: str, at: datetime) -> None:
    kind = "line" if isinstance(place, Line) else "work-center"
    record(actor=actor, at=at, action=action, kind=kind, code=place.code, data=data)
