"""Counts that belong to no order (R26): what waits for one, which orders come into question, and giving it one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min, Q, QuerySet, Sum

from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import Shift, WorkCenter
from mes.production.lifecycle import OPEN
from mes.production.models import IdealCycle, Run, WorkOrder
from mes.tracking import load
from mes.tracking.held import KIND, CountsRefused, part_of
from mes.tracking.models import CountFlag, CountHour
from mes.tracking.splits import Share, proposed_split

HOUR = timedelta(hours=1)
NEAR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """Pieces of a machine's shift (or hours outside of all) that no order ran for."""

    work_center: WorkCenter
    shift: Shift | None
    first_hour: datetime
    end: datetime
    good: int
    scrap: int

    @property
    def pieces(self) -> int:
        """All of them."""
        return self.good + self.scrap


@dataclass(frozen=True, slots=True)
class Part:
    """An order's proposed part of a gap."""

    order: WorkOrder
    starts_at: datetime
    ends_at: datetime
    pieces: int


def hours_unassigned(
    work_centers: QuerySet[WorkCenter], since: datetime, before: datetime, limit: int = 100
) -> list[Unassigned]:
    """Pieces without an order in whole hours [since, before), by machine and shift, the latest first. Two queries."""
    rows = CountHour.objects.filter(work_center__in=work_centers, order=None, hour__gte=since, hour__lt=before)
    rows = rows.exclude(good_sum=0, scrap_sum=0, rework_sum=0)
    groups = rows.values("work_center", "shift").annotate(
        first=Min("hour"), last=Max("hour"), good=Sum("good_sum") + Sum("rework_sum"), scrap=Sum("scrap_sum")
    )
    found = list(groups.order_by("-first", "work_center")[:limit])
    places = WorkCenter.objects.select_related("line__area__site").in_bulk({row["work_center"] for row in found})
    shifts = Shift.objects.in_bulk({row["shift"] for row in found} - {None})
    return [
        Unassigned(
            places[row["work_center"]],
            shifts.get(row["shift"]),
            row["first"],
            row["last"] + HOUR,
            row["good"],
            row["scrap"],
        )
        for row in found
    ]


def gaps_unassigned(work_centers: QuerySet[WorkCenter], since: datetime) -> QuerySet[CountFlag]:
    """Pieces made while nothing was heard that belong to no single order."""
    gaps = CountFlag.objects.filter(
        kind=CountFlag.Kind.GAP, order=None, decided_at=None, work_center__in=work_centers, to_at__gte=since
    )
    return gaps.select_related("work_center__line__area__site").order_by("-to_at", "-pk")


def gap_parts(flag: CountFlag) -> list[Part]:
    """The orders that ran in a gap with a split by time x ideal proposed; nothing where none ran."""
    overlap = Q(ends_at=None) | Q(ends_at__gt=flag.from_at)
    runs = Run.objects.filter(overlap, work_center=flag.work_center_id, starts_at__lt=flag.to_at)
    found = list(runs.select_related("order__item").order_by("starts_at"))
    spans = [(run, max(run.starts_at, flag.from_at), min(run.ends_at or flag.to_at, flag.to_at)) for run in found]
    shares = [
        Share(run.order.number, (end - start) // timedelta(milliseconds=1), _ideal_s(run, start))
        for run, start, end in spans
    ]
    pieces = proposed_split(int(flag.quantity), shares)
    return [Part(run.order, start, end, n) for (run, start, end), n in zip(spans, pieces, strict=True)]


def _ideal_s(run: Run, at: datetime) -> Decimal | None:
    valid = Q(valid_to=None) | Q(valid_to__gt=at)
    cycles = IdealCycle.objects.filter(valid, item=run.item_id, work_center=run.work_center_id, valid_from__lte=at)
    return cycles.values_list("ideal_cycle_s", flat=True).first()


def orders_in_question(work_center: WorkCenter, start: datetime, end: datetime) -> list[WorkOrder]:
    """Orders that pieces of a time may belong to: what ran on the machine within a day of it, then the open ones."""
    near = Run.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=start - NEAR), work_center=work_center, starts_at__lt=end + NEAR
    )
    ran = WorkOrder.objects.filter(pk__in=near.values("order"))
    waiting = WorkOrder.objects.filter(line=work_center.line_id, status__in=OPEN)
    return list((ran | waiting).distinct().select_related("item").order_by("-started_at", "number")[:50])


def gap_split(*, flag_id: int, parts: Sequence[tuple[WorkOrder, int]], actor: str, at: datetime) -> list[CountFlag]:
    """Gives the pieces of a gap to orders: its parts are counted in its place, each over the time its order ran in it.

    Raises CountsRefused where the parts do not add up or somebody was faster, ShiftLocked in a locked shift.
    """
    with transaction.atomic():
        rows = CountFlag.objects.select_for_update(of=("self",)).select_related("work_center__line")
        flag = rows.filter(pk=flag_id).first()
        if flag is None or flag.decided_at is not None or flag.kind != CountFlag.Kind.GAP or flag.order_id is not None:
            who = f"{flag.decided_by} gave these pieces" if flag and flag.decided_by else "These pieces were given"
            raise CountsRefused(f"{who} to their orders meanwhile: nothing was changed.")
        given = [(order, pieces) for order, pieces in parts if pieces]
        if any(pieces < 0 for _, pieces in given) or sum(pieces for _, pieces in given) != flag.quantity:
            raise CountsRefused(f"The parts must add up to {int(flag.quantity)} pieces: check the numbers.")
        _check_line(flag.work_center, [order for order, _ in given])
        refuse_if_locked(flag.work_center, flag.from_at, flag.to_at)
        spans = {part.order.pk: (part.starts_at, part.ends_at) for part in gap_parts(flag)}
        stored = _parts_store(flag, given, spans, actor)
        flag.kind, flag.decided_by, flag.decided_at = CountFlag.Kind.REPLACED, actor, at
        flag.decision = CountFlag.Decision.SPLIT if len(given) > 1 else CountFlag.Decision.ASSIGNED
        flag.save(update_fields=["kind", "decision", "decided_by", "decided_at"])
        changed([(flag.work_center_id, flag.from_at, flag.to_at)], why="gap_split")
        after = {order.number: pieces for order, pieces in given}
        data = {"from": flag.from_at, "to": flag.to_at, "quantity": flag.quantity, "before": None, "after": after}
        record(actor=actor, at=at, action="gap_split", kind=KIND, code=flag.work_center.code, data=data)
        return stored


def _parts_store(
    flag: CountFlag, given: Sequence[tuple[WorkOrder, int]], spans: dict[int, tuple[datetime, datetime]], actor: str
) -> list[CountFlag]:
    owners = load.count_owners({flag.work_center_id: [flag.from_at, flag.to_at]})
    rows = []
    for order, pieces in given:
        start, end = spans.get(order.pk, (flag.from_at, flag.to_at))
        rows.append(
            CountFlag(
                work_center_id=flag.work_center_id,
                kind=CountFlag.Kind.GAP,
                role=flag.role,
                quantity=Decimal(pieces),
                from_at=start,
                to_at=end,
                shift_id=owners.over(flag.work_center_id, start, end).shift,
                order=order,
                item_id=order.item_id,
                detail=part_of(flag),
                actor=actor,
            )
        )
    return CountFlag.objects.bulk_create(rows)


def hours_assign(
    *,
    work_center: WorkCenter,
    shift: Shift | None,
    start: datetime,
    end: datetime,
    order: WorkOrder,
    seen: int,
    actor: str,
    at: datetime,
) -> int:
    """Books the pieces without an order of whole hours [start, end) and one shift (None: outside of all) on an order.

    `seen` is how many pieces the person saw: if it is another number now, nothing happens and CountsRefused says so.
    Returns how many pieces moved. ShiftLocked in a locked shift.
    """
    with transaction.atomic():
        _check_line(work_center, [order])
        refuse_if_locked(work_center, start, end)
        rows = list(
            CountHour.objects.select_for_update()
            .filter(work_center=work_center, shift=shift, order=None, hour__gte=start, hour__lt=end)
            .order_by("hour", "pk")
        )
        pieces = sum(row.good_sum + row.scrap_sum + row.rework_sum for row in rows)
        if pieces != seen:
            raise CountsRefused(
                f"There are {pieces} pieces without an order now, not {seen}: somebody assigned some meanwhile,"
                " or more were counted. Look at the list again."
            )
        _move([row.pk for row in rows], order)
        changed([(work_center.pk, start, end)], why="counts_assign")
        data: dict[str, Any] = {"from": start, "to": end, "quantity": pieces, "before": None, "after": order.number}
        record(actor=actor, at=at, action="counts_assign", kind=KIND, code=work_center.code, data=data)
        return pieces


# The order may have a row of that hour already; live readings may add to either meanwhile: both are upserts.
_MOVE = """
WITH gone AS (DELETE FROM tracking_counthour WHERE id = ANY(%s) RETURNING *)
INSERT INTO tracking_counthour AS c (work_center_id, hour, shift_id, order_id, item_id, good, scrap, rework,
 good_sum, scrap_sum, rework_sum)
SELECT work_center_id, hour, shift_id, %s, %s, good, scrap, rework, good_sum, scrap_sum, rework_sum FROM gone
ON CONFLICT (work_center_id, hour, shift_id, order_id, item_id) DO UPDATE SET
 good = add_minutes(c.good, excluded.good), scrap = add_minutes(c.scrap, excluded.scrap),
 rework = add_minutes(c.rework, excluded.rework), good_sum = c.good_sum + excluded.good_sum,
 scrap_sum = c.scrap_sum + excluded.scrap_sum, rework_sum = c.rework_sum + excluded.rework_sum
"""


def _move(rows: list[int], order: WorkOrder) -> None:
    """Moves hour rows to the order; rows of one hour with different items (named by a source) one after the other."""
    hours: dict[datetime, list[int]] = {}
    for pk, hour in CountHour.objects.filter(pk__in=rows).values_list("pk", "hour"):
        hours.setdefault(hour, []).append(pk)
    for turn in range(max(map(len, hours.values()), default=0)):
        with connection.cursor() as cursor:
            cursor.execute(_MOVE, [[pks[turn] for pks in hours.values() if turn < len(pks)], order.pk, order.item_id])


def _check_line(work_center: WorkCenter, orders: Sequence[WorkOrder]) -> None:
    for order in orders:
        if order.line_id != work_center.line_id:
            raise CountsRefused(f"{order.number} is not an order of {work_center.line.code}: choose another one.")
