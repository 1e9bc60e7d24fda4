"""A count by hand: a person counts good pieces at the outfeed for some minutes and says how many came."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from mes.journal.write import record
from mes.plant.models import WorkCenter
from mes.plc.models import TagBinding, TagRole
from mes.tracking.models import CountHour, Sample
from mes.witness.judge import counted_between, minutes_between
from mes.witness.models import Tally

KIND = "work-center"
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(hours=4)
MOST = 1_000_000
MAX_NOTE = 200
LOOK_BACK = timedelta(hours=12)
"""So far back the last reading before a stretch is looked for; a counter that stood still for longer has minutes."""


class TallyRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


def tally_enter(
    *,
    work_center: WorkCenter,
    starts_at: datetime,
    ends_at: datetime,
    pieces: int,
    actor: str,
    at: datetime,
    key: UUID,
    note: str = "",
) -> Tally:
    """Stores a count by hand and what the counter said in the same time. The same `key` again changes nothing.

    Raises TallyRefused for a stretch that is too short to say anything, too long to be counted by a person, or not
    over yet, and for a number nobody counts by hand.
    """
    note = " ".join(note.split())
    _check(starts_at, ends_at, pieces, at, note)
    with transaction.atomic():
        low, high = counted_in(work_center, starts_at, ends_at)
        values = {
            "work_center": work_center,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "pieces": pieces,
            "actor": actor,
            "at": at,
            "note": note,
            "counted_low": low,
            "counted_high": high,
        }
        tally, new = Tally.objects.get_or_create(key=key, defaults=values)
        if not new:
            return _same(tally, work_center, starts_at, ends_at, pieces)
        data: dict[str, Any] = {"before": None, "after": _plain(tally), "why": note or "counted by hand"}
        record(actor=actor, at=at, action="tally_enter", kind=KIND, code=work_center.code, data=data)
        return tally


def tally_withdraw(*, key: UUID, actor: str, at: datetime) -> bool:
    """Takes a count by hand back: it stays in the journal and is no witness any more. True if this call did it."""
    with transaction.atomic():
        tally = Tally.objects.select_related("work_center").filter(key=key).first()
        if tally is None:
            raise TallyRefused("This count does not exist: look at the last counts again.")
        if not Tally.objects.filter(pk=tally.pk, withdrawn_at=None).update(withdrawn_at=at):
            return False
        data = {"before": _plain(tally), "after": None, "why": "taken back"}
        record(actor=actor, at=at, action="tally_withdraw", kind=KIND, code=tally.work_center.code, data=data)
        return True


def tallies_weigh(since: datetime) -> int:
    """Compares counts by hand entered since an instant again: late readings may have come. Returns how many changed."""
    changed = 0
    for tally in Tally.objects.filter(at__gte=since, withdrawn_at=None).select_related("work_center"):
        low, high = counted_in(tally.work_center, tally.starts_at, tally.ends_at)
        if (low, high) != (tally.counted_low, tally.counted_high):
            changed += Tally.objects.filter(pk=tally.pk).update(counted_low=low, counted_high=high)
    return changed


def counted_in(work_center: WorkCenter, start: datetime, end: datetime) -> tuple[Decimal, Decimal]:
    """Least and most good pieces that the counter made in [start, end).

    By the readings of the good counter where they are kept, else by the minute.
    """
    fine = _by_readings(work_center, start, end)
    return fine if fine is not None else _by_minutes(work_center, start, end)


def _by_readings(work_center: WorkCenter, start: datetime, end: datetime) -> tuple[Decimal, Decimal] | None:
    bound = TagBinding.objects.filter(work_center=work_center, role=TagRole.GOOD, valid_from__lte=start)
    binding = bound.order_by("-valid_from").first()
    if binding is not None and binding.valid_to is not None and binding.valid_to < end:
        return None
    if Sample.objects.filter(work_center=work_center, role="epoch", at__gt=start, at__lt=end).exists():
        return None
    rows = Sample.objects.filter(work_center=work_center, role=TagRole.GOOD, quality="good", raw__isnull=False)
    read = rows.filter(at__gte=start - LOOK_BACK, at__lt=end + SHORTEST).order_by("at", "id")
    readings = [(_ms(at, start), raw) for at, raw in read.values_list("at", "raw") if raw is not None]
    factor = binding.factor if binding is not None else Decimal(1)
    return counted_between(readings, 0, _ms(end, start), factor)


def _by_minutes(work_center: WorkCenter, start: datetime, end: datetime) -> tuple[Decimal, Decimal]:
    minute = timedelta(minutes=1)
    made: dict[int, int] = {}
    rows = CountHour.objects.filter(
        work_center=work_center, hour__gt=start - timedelta(hours=1), hour__lt=end
    ).order_by("hour")
    for hour, good in rows.values_list("hour", "good"):
        for place, pieces in enumerate(good):
            at = _ms(hour + minute * place, start)
            made[at] = made.get(at, 0) + pieces
    return minutes_between(made, 0, _ms(end, start))


def _ms(at: datetime, origin: datetime) -> int:
    return (at - origin) // timedelta(milliseconds=1)


def _check(starts_at: datetime, ends_at: datetime, pieces: int, at: datetime, note: str) -> None:
    if ends_at - starts_at < SHORTEST:
        raise TallyRefused("Count for at least a minute, better ten: a shorter count says little about the counter.")
    if ends_at - starts_at > LONGEST:
        raise TallyRefused("Nobody counts by hand for more than four hours: start the count again.")
    if ends_at > at:
        raise TallyRefused("The count ends in the future: enter it when it is over.")
    if not 0 <= pieces <= MOST:
        raise TallyRefused(f"Enter how many pieces you counted: a whole number from 0 to {MOST:,}.")
    if len(note) > MAX_NOTE or "\0" in note:
        raise TallyRefused(f"The note is too long or has a character that cannot be stored: use {MAX_NOTE} letters.")


def _same(tally: Tally, work_center: WorkCenter, starts_at: datetime, ends_at: datetime, pieces: int) -> Tally:
    said = (tally.work_center_id, tally.starts_at, tally.ends_at, tally.pieces)
    if said != (work_center.pk, starts_at, ends_at, pieces):
        raise TallyRefused("This form was sent before with another number: take that count back and count again.")
    return tally


def _plain(tally: Tally) -> dict[str, Any]:
    return {"from": tally.starts_at, "to": tally.ends_at, "pieces": tally.pieces, "note": tally.note}
