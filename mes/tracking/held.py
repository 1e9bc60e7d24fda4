"""Counts that were held back as implausible: a person books them where they belong, or discards them."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import WorkCenter
from mes.plc.models import TagBinding
from mes.tracking import load, store
from mes.tracking.models import CountFlag, SignalCursor
from mes.tracking.reading import CountAdded

KIND = "work-center"
MAX_WHY = 200


class CountsRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def held_waiting(work_centers: QuerySet[WorkCenter]) -> QuerySet[CountFlag]:
    """Held-back counts that nobody decided yet, the oldest first."""
    waiting = CountFlag.objects.filter(kind=CountFlag.Kind.QUARANTINE, decided_at=None, work_center__in=work_centers)
    return waiting.select_related("work_center__line__area__site", "order", "item").order_by("to_at", "pk")


def held_release(*, flag_id: int, why: str, actor: str, at: datetime) -> CountFlag:
    """Books held-back pieces in the minute of their sample, for the shift and order of then.

    Said twice it happens once. Raises CountsRefused where somebody discarded them, ShiftLocked in a locked shift.
    """
    with transaction.atomic():
        flag = _decide(flag_id, CountFlag.Decision.RELEASED, why, actor, at)
        if flag is None:
            return CountFlag.objects.get(pk=flag_id)
        _book(flag, 1)
        changed([(flag.work_center_id, flag.to_at, flag.to_at)], why="held_release")
        return flag


def held_discard(*, flag_id: int, why: str, actor: str, at: datetime) -> CountFlag:
    """Held-back pieces were never made: they stay uncounted. CountsRefused without a reason, or where released."""
    if not why.strip():
        raise CountsRefused("Say why these pieces are discarded: somebody will ask.")
    with transaction.atomic():
        return _decide(flag_id, CountFlag.Decision.DISCARDED, why, actor, at) or CountFlag.objects.get(pk=flag_id)


def why_from(text: str) -> str:
    """A reason as it is stored: one line of at most 200 characters. Raises CountsRefused for anything longer."""
    why = " ".join(text.split())
    if "\0" in why:
        raise CountsRefused("The reason has a character that cannot be stored: type it again.")
    if len(why) > MAX_WHY:
        raise CountsRefused(f"The reason has {len(why)} characters: shorten it to {MAX_WHY}.")
    return why


def _decide(flag_id: int, decision: str, why: str, actor: str, at: datetime) -> CountFlag | None:
    """The flag, decided now; None where the same was decided before."""
    why = why_from(why)
    rows = CountFlag.objects.select_for_update(of=("self",)).select_related("work_center__line")
    flag = rows.filter(pk=flag_id, kind=CountFlag.Kind.QUARANTINE).first()
    if flag is None:
        raise CountsRefused("This count is not held back (any more): look at the list again.")
    if flag.decided_at is not None:
        if flag.decision == decision:
            return None
        raise CountsRefused(
            f"{flag.decided_by} {flag.get_decision_display().lower()} it meanwhile: nothing was changed."
        )
    refuse_if_locked(flag.work_center, flag.to_at, flag.to_at)
    flag.decision, flag.decided_by, flag.decided_at = decision, actor, at
    flag.save(update_fields=["decision", "decided_by", "decided_at"])
    data = {
        "from": flag.from_at,
        "to": flag.to_at,
        "role": flag.role,
        "quantity": flag.quantity,
        "before": "held back",
        "after": decision,
        "why": why,
    }
    record(actor=actor, at=at, action=f"count_{decision}", kind=KIND, code=flag.work_center.code, data=data)
    return flag


def flag_forget(flag: CountFlag) -> None:
    """A count that late observations tell otherwise: its row goes, and with it what its release or its split booked."""
    if flag.decision == CountFlag.Decision.RELEASED:
        _book(flag, -1)
    if flag.kind == CountFlag.Kind.REPLACED:
        parts = CountFlag.objects.filter(work_center=flag.work_center_id, kind=CountFlag.Kind.GAP, role=flag.role)
        parts.filter(from_at__gte=flag.from_at, to_at__lte=flag.to_at, detail=part_of(flag)).delete()
    flag.delete()


def part_of(flag: CountFlag) -> str:
    """What the parts of a split gap say of themselves."""
    return f"part of {int(flag.quantity)} pieces made in a gap"


def _book(flag: CountFlag, sign: int) -> None:
    booked = [(flag.work_center_id, replace(count, pieces=sign * count.pieces)) for count in _meant(flag)]
    store.counts_add(booked, load.count_owners({flag.work_center_id: [flag.to_at]}))


def _meant(flag: CountFlag) -> list[CountAdded]:
    """What released pieces are: a total is good where nothing counts good, and scrap is then taken off it (R28)."""
    pieces = int(flag.quantity)
    told = roles_at(flag.work_center, flag.to_at)
    derived = "total" in told and "good" not in told
    if flag.role == "total":
        return [CountAdded("good", flag.to_at, pieces)] if derived else []
    booked = [CountAdded(flag.role, flag.to_at, pieces)]
    if flag.role == "scrap" and derived:
        booked.append(CountAdded("good", flag.to_at, -pieces))
    return booked


def roles_at(work_center: WorkCenter, at: datetime) -> set[str]:
    """Which signals the machine had at an instant: its bindings then, else what it pushes."""
    valid = Q(valid_to=None) | Q(valid_to__gt=at)
    bound = set(
        TagBinding.objects.filter(valid, work_center=work_center, valid_from__lte=at).values_list("role", flat=True)
    )
    return bound or set(SignalCursor.objects.filter(work_center=work_center).values_list("role", flat=True))
