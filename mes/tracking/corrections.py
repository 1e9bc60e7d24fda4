"""People correct what machines reported: states of a stretch, counts by a difference. The reports stay as they are."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum

from mes.downtime.models import Reason
from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import Shift, WorkCenter
from mes.plant.shift_of import shift_at
from mes.production.models import Run
from mes.tracking.held import KIND, CountsRefused, why_from
from mes.tracking.models import CountFlag, CountHour, StateCorrection, StateInterval
from mes.tracking.states import Kind

STANDSTILLS = (Kind.DOWN, Kind.WAITING, Kind.IDLE, Kind.SETUP)
ROLES = ("good", "scrap", "rework")


class CorrectionRefused(CountsRefused):
    """Nothing was changed; the text says why, who was faster, and what to do."""


def state_correct(
    *,
    work_center: WorkCenter,
    start: datetime,
    end: datetime,
    kind: str,
    reason: Reason | None,
    why: str,
    actor: str,
    at: datetime,
    key: UUID,
) -> StateCorrection:
    """Says what the machine really did in [start, end): run, down, waiting, idle, setup, or unknown.

    `reason` belongs to a standstill. The same `key` again changes nothing. Where somebody corrected part of that time
    already, CorrectionRefused says who and what; ShiftLocked in a locked shift.
    """
    why = why_from(why)
    _check(start, end, kind, reason, why, at)
    sent = StateCorrection.objects.filter(key=key).first()
    if sent is not None:
        return sent
    try:
        with transaction.atomic():
            refuse_if_locked(work_center, start, end)
            said = StateCorrection.objects.create(
                work_center=work_center,
                starts_at=start,
                ends_at=end,
                kind=kind,
                reason=reason,
                why=why,
                actor=actor,
                at=at,
                key=key,
            )
            changed([(work_center.pk, start, end)], why="state_correct")
            data: dict[str, Any] = {"from": start, "to": end, "before": _observed(work_center, start, end)}
            data |= {"after": {"state": kind, "reason": reason.code if reason else None}, "why": why}
            record(actor=actor, at=at, action="state_correct", kind=KIND, code=work_center.code, data=data)
            return said
    except IntegrityError as error:
        raise _refusal(work_center, start, end, key) from error


def state_correction_withdraw(*, correction_id: int, actor: str, at: datetime) -> bool:
    """Takes a correction back: what was observed holds again. False if it was withdrawn before."""
    with transaction.atomic():
        rows = StateCorrection.objects.select_related("work_center__line", "reason")
        said = rows.get(pk=correction_id)
        refuse_if_locked(said.work_center, said.starts_at, said.ends_at)
        taken = StateCorrection.objects.filter(pk=said.pk, withdrawn_at=None)
        if not taken.update(withdrawn_at=at, withdrawn_by=actor):
            return False
        changed([(said.work_center_id, said.starts_at, said.ends_at)], why="state_correction_withdraw")
        before = {"state": said.kind, "reason": said.reason.code if said.reason else None}
        after = _observed(said.work_center, said.starts_at, said.ends_at)
        data = {"from": said.starts_at, "to": said.ends_at, "before": before, "after": after, "why": said.why}
        code = said.work_center.code
        record(actor=actor, at=at, action="state_correction_withdraw", kind=KIND, code=code, data=data)
        return True


def corrections_between(work_center: WorkCenter, start: datetime, end: datetime) -> QuerySet[StateCorrection]:
    """State corrections that hold and touch [start, end), in order of time."""
    holding = StateCorrection.objects.filter(work_center=work_center, withdrawn_at=None)
    return holding.filter(starts_at__lt=end, ends_at__gt=start).select_related("reason").order_by("starts_at")


def count_correct(
    *,
    work_center: WorkCenter,
    role: str,
    pieces: int,
    counted_at: datetime,
    why: str,
    seen: int,
    actor: str,
    at: datetime,
    key: UUID,
) -> CountFlag:
    """Adds (or with a minus takes away) pieces at an instant of the past, for the order that ran then (R47).

    `seen` is how many of them the person saw for that shift: CorrectionRefused where it is another number now, or where
    less than nothing would be left. The same `key` again changes nothing. ShiftLocked in a locked shift.
    """
    why = why_from(why)
    if role not in ROLES or not pieces or not why:
        raise CorrectionRefused("Say how many pieces, which ones, and why: nothing was changed.")
    if counted_at > at:
        raise CorrectionRefused("The time lies in the future: correct what was made.")
    with transaction.atomic():
        WorkCenter.objects.select_for_update(no_key=True).get(pk=work_center.pk)
        sent = CountFlag.objects.filter(key=key).first()
        if sent is not None:
            return sent
        refuse_if_locked(work_center, counted_at, counted_at)
        shift = shift_at(work_center, counted_at)
        before = counted_in(work_center, shift, role) if shift else 0
        _check_count(work_center, shift, role, before, pieces, seen)
        order = _run_at(work_center, counted_at)
        flag = CountFlag.objects.create(
            work_center=work_center,
            kind=CountFlag.Kind.MANUAL,
            role=role,
            quantity=Decimal(pieces),
            from_at=counted_at,
            to_at=counted_at,
            shift=shift,
            order_id=order.order_id if order else None,
            item_id=order.item_id if order else None,
            detail=f"Corrected: {why}"[:200],
            actor=actor,
            key=key,
        )
        changed([(work_center.pk, counted_at, counted_at)], why="count_correct")
        data: dict[str, Any] = {"from": counted_at, "to": counted_at, "before": {role: before}}
        data |= {"after": {role: before + pieces}, "quantity": pieces, "why": why, "key": key}
        record(actor=actor, at=at, action="count_correct", kind=KIND, code=work_center.code, data=data)
        return flag


def counted_in(work_center: WorkCenter, shift: Shift, role: str) -> int:
    """Pieces of a role in a machine's shift: counted, made in gaps and entered by hand."""
    hours = CountHour.objects.filter(work_center=work_center, shift=shift).aggregate(n=Sum(f"{role}_sum"))["n"] or 0
    flags = CountFlag.objects.filter(
        work_center=work_center, shift=shift, role=role, kind__in=(CountFlag.Kind.GAP, CountFlag.Kind.MANUAL)
    )
    return int(hours) + int(flags.aggregate(n=Sum("quantity"))["n"] or 0)


def _check(start: datetime, end: datetime, kind: str, reason: Reason | None, why: str, at: datetime) -> None:
    if kind not in list(Kind):
        raise CorrectionRefused("Choose what the machine did: nothing was changed.")
    if end <= start:
        raise CorrectionRefused("The end lies before the start: check the two times.")
    if end > at:
        raise CorrectionRefused("The end lies in the future: correct what has happened.")
    if not why:
        raise CorrectionRefused("Say why: a correction without a reason convinces nobody later.")
    if reason is not None and kind not in STANDSTILLS:
        raise CorrectionRefused("A reason belongs to a standstill: choose down, waiting, idle or setup with it.")


def _check_count(work_center: WorkCenter, shift: Shift | None, role: str, before: int, pieces: int, seen: int) -> None:
    if shift is None:
        raise CorrectionRefused(f"{work_center.code} had no shift at that time: choose a time inside of one.")
    if before != seen:
        last = CountFlag.objects.filter(work_center=work_center, shift=shift, kind=CountFlag.Kind.MANUAL)
        latest = last.order_by("-pk").first()
        who = f" {latest.actor} changed it last." if latest else ""
        raise CorrectionRefused(f"There are {before} {role} pieces now, not {seen}.{who} Look again, then correct.")
    if before + pieces < 0:
        raise CorrectionRefused(f"Only {before} {role} pieces are counted: at most that many can be taken away.")


def _run_at(work_center: WorkCenter, at: datetime) -> Run | None:
    runs = Run.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), work_center=work_center, starts_at__lte=at)
    return runs.first()


def _observed(work_center: WorkCenter, start: datetime, end: datetime) -> dict[str, str]:
    """Minutes per observed state in a stretch, for the journal: {"Held": "12.0 min"}."""
    spans = StateInterval.objects.filter(Q(ends_at=None) | Q(ends_at__gt=start), work_center=work_center)
    minutes: dict[str, float] = {}
    for span in spans.filter(starts_at__lt=end).order_by("starts_at"):
        inside = min(span.ends_at or end, end) - max(span.starts_at, start)
        minutes[span.state] = minutes.get(span.state, 0.0) + inside.total_seconds() / 60
    return {state: f"{spent:.1f} min" for state, spent in minutes.items()}


def _refusal(work_center: WorkCenter, start: datetime, end: datetime, key: UUID) -> CorrectionRefused:
    other = corrections_between(work_center, start, end).exclude(key=key).first()
    if other is None:
        return CorrectionRefused("Somebody corrected this time just now: look at the page again.")
    return CorrectionRefused(
        f"{other.actor} corrected {other.starts_at:%H:%M}-{other.ends_at:%H:%M} UTC to '{other.kind}' already"
        f" ({other.why}): withdraw that first, or choose another time."
    )
