"""Ideal cycles change from an instant on; changing the past is a restatement of its own (R35)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import WorkCenter
from mes.production.models import IdealCycle, Item

KIND = "work-center"
MAX_WHY = 200
LONGEST_S = Decimal(86_400)  # slower than a piece a day is a typing mistake


class IdealRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def ideal_cycle_set(
    *, item: Item, work_center: WorkCenter, ideal_cycle_s: Decimal, actor: str, at: datetime, why: str = ""
) -> bool:
    """The machine can make the item in `ideal_cycle_s` from `at` on; what was before keeps its own. False: it held."""
    return _put(item, work_center, ideal_cycle_s, at, None, "ideal_cycle_set", actor, at, why)


def ideal_cycle_restate(
    *,
    item: Item,
    work_center: WorkCenter,
    ideal_cycle_s: Decimal,
    start: datetime,
    end: datetime | None,
    why: str,
    actor: str,
    at: datetime,
) -> bool:
    """The ideal cycle of [start, end) was wrong (`end` None: and is, from then on). False if it held all that time.

    Raises IdealRefused without a reason or for a time in the future, ShiftLocked where a locked shift lies in it.
    """
    if not why.strip():
        raise IdealRefused("Say why the ideal cycle of the past changes: figures that were reported change with it.")
    if (end or at) <= start:
        raise IdealRefused("The time must begin in the past and end after it began: check the two times.")
    return _put(item, work_center, ideal_cycle_s, start, end, "ideal_cycle_restate", actor, at, why)


def ideals_of(work_center: WorkCenter) -> list[IdealCycle]:
    """All cycles of a machine, by item, the latest first."""
    rows = IdealCycle.objects.filter(work_center=work_center).select_related("item")
    return list(rows.order_by("item__code", "-valid_from"))


def _put(
    item: Item,
    work_center: WorkCenter,
    ideal_cycle_s: Decimal,
    start: datetime,
    end: datetime | None,
    action: str,
    actor: str,
    at: datetime,
    why: str,
) -> bool:
    why = " ".join(why.split())
    if len(why) > MAX_WHY or "\0" in why:
        raise IdealRefused(f"The reason must be plain text of at most {MAX_WHY} characters: shorten it.")
    if not Decimal(0) < ideal_cycle_s <= LONGEST_S or ideal_cycle_s != round(ideal_cycle_s, 6):
        raise IdealRefused("The ideal cycle must lie above 0 s and below a day, with at most six decimals.")
    with transaction.atomic():
        WorkCenter.objects.select_for_update(no_key=True).get(pk=work_center.pk)
        rows = IdealCycle.objects.filter(item=item, work_center=work_center).order_by("valid_from")
        if action == "ideal_cycle_set":  # a cycle planned for later stays planned
            end = rows.filter(valid_from__gt=start).values_list("valid_from", flat=True).first()
        touching = rows.filter(Q(valid_to=None) | Q(valid_to__gt=start))
        found = list(touching if end is None else touching.filter(valid_from__lt=end))
        if len(found) == 1 and _holds(found[0], ideal_cycle_s, start, end):
            return False
        refuse_if_locked(work_center, start, max(start, min(end or at, at)))
        before = "; ".join(f"{row.ideal_cycle_s.normalize():f} s" for row in found)
        for row in found:
            _cut(row, start, end)
        key = {"item": item, "work_center": work_center}
        IdealCycle.objects.create(**key, ideal_cycle_s=ideal_cycle_s, valid_from=start, valid_to=end)
        changed([(work_center.pk, start, min(end or at, at))], why=action)
        data: dict[str, Any] = {"from": start, "to": end or max(at, start), "why": why}
        data |= {"before": {item.code: before or None}, "after": {item.code: f"{ideal_cycle_s.normalize():f} s"}}
        record(actor=actor, at=at, action=action, kind=KIND, code=work_center.code, data=data)
        return True


def _holds(row: IdealCycle, ideal_cycle_s: Decimal, start: datetime, end: datetime | None) -> bool:
    covers = row.valid_from <= start and (row.valid_to is None or (end is not None and row.valid_to >= end))
    return covers and row.ideal_cycle_s == ideal_cycle_s


def _cut(row: IdealCycle, start: datetime, end: datetime | None) -> None:
    """Takes [start, end) out of what the row says: it is shortened, split, or goes where nothing is left."""
    before, after = row.valid_from < start, end is not None and (row.valid_to is None or row.valid_to > end)
    old_end = row.valid_to
    if before:
        row.valid_to = start
        row.save(update_fields=["valid_to"])
    else:
        row.delete()
    if after and end is not None:
        IdealCycle.objects.create(
            item_id=row.item_id,
            work_center_id=row.work_center_id,
            ideal_cycle_s=row.ideal_cycle_s,
            valid_from=end,
            valid_to=old_end,
        )
