"""Scrap that a reject counter and people both reported (R28): the shifts in question, and what a person says of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum

from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import Shift, WorkCenter
from mes.tracking.held import KIND, CountsRefused
from mes.tracking.models import CountFlag, CountHour, ScrapDecision
from mes.tracking.rules import reconcile

TAKEN_BACK = "Taken back"
_SPACE = UUID("6d1f5e0e-6c33-4bd5-9d0c-0b9c6a2f7f31")  # of the keys that decisions give to their entries


@dataclass(frozen=True, slots=True)
class ScrapConflict:
    """A machine's shift in which both reported scrap, or more scrap than pieces. `text` says it in a sentence."""

    work_center: WorkCenter
    shift: Shift
    counted: int
    entered: int
    total: int
    text: str

    @property
    def can_be_same(self) -> bool:
        """Whether people may have entered pieces that the reject counter counted too."""
        return self.counted > 0 and self.entered > 0


def scrap_conflicts(work_centers: QuerySet[WorkCenter], since: datetime) -> list[ScrapConflict]:
    """What nobody decided yet, of shifts that began since an instant, the latest first. Four queries."""
    entered = _sums(entries(work_centers, since))
    if not entered:
        return []
    hours = CountHour.objects.filter(work_center__in={place for place, _ in entered}, shift__starts_at__gte=since)
    made = {
        (row["work_center"], row["shift"]): (row["g"] + row["s"] + row["r"], row["s"])
        for row in hours.values("work_center", "shift").annotate(
            g=Sum("good_sum"), s=Sum("scrap_sum"), r=Sum("rework_sum")
        )
    }
    places = WorkCenter.objects.select_related("line__area__site").in_bulk({place for place, _ in entered})
    shifts = Shift.objects.in_bulk({shift for _, shift in entered})
    decided = set(
        ScrapDecision.objects.filter(shift__in=shifts).values_list("work_center", "shift", "counted", "entered")
    )
    found = []
    for (place, shift), pieces in entered.items():
        total, counted = made.get((place, shift), (0, 0))
        text = _said(total, counted, pieces)
        if text and (place, shift, counted, pieces) not in decided:
            found.append(ScrapConflict(places[place], shifts[shift], counted, pieces, total, text))
    return sorted(found, key=lambda one: (one.shift.starts_at, one.work_center.code), reverse=True)


def entries(work_centers: Iterable[WorkCenter] | QuerySet[WorkCenter], since: datetime) -> QuerySet[CountFlag]:
    """Scrap that people entered at stations; corrections have words of their own."""
    return CountFlag.objects.filter(
        kind=CountFlag.Kind.MANUAL,
        role="scrap",
        detail__in=("", TAKEN_BACK),
        work_center__in=work_centers,
        shift__starts_at__gte=since,
    )


def _sums(rows: QuerySet[CountFlag]) -> dict[tuple[int, int], int]:
    sums = rows.values_list("work_center", "shift").annotate(n=Sum("quantity"))
    return {(place, shift): int(n) for place, shift, n in sums if n > 0 and shift is not None}


def _said(total: int, counted: int, entered: int) -> str:
    if counted:
        said = reconcile(total, counted, entered).conflict
        return said or f"The reject counter says {counted}, people entered {entered}: are these the same pieces?"
    return reconcile(total, None, entered).conflict or ""


def scrap_decide(
    *, work_center: WorkCenter, shift: Shift, counted: int, entered: int, same: bool, actor: str, at: datetime
) -> ScrapDecision | None:
    """Says whether people entered pieces that the reject counter counted as well.

    `same`: the smaller of the two numbers is taken back from the entries, the latest first, so that scrap is the
    larger one and good = total - scrap. Else both count. `counted` and `entered` are what the person saw: if they
    changed, CountsRefused. Said twice it happens once (None). ShiftLocked in a locked shift.
    """
    try:
        with transaction.atomic():
            WorkCenter.objects.select_for_update(no_key=True).get(pk=work_center.pk)
            refuse_if_locked(work_center, shift.starts_at, shift.ends_at)
            decision = ScrapDecision.objects.create(
                work_center=work_center, shift=shift, counted=counted, entered=entered, same=same, actor=actor, at=at
            )
            _check_seen(work_center, shift, counted, entered)
            if same:
                _take_back(work_center, shift, min(counted, entered), decision)
                changed([(work_center.pk, shift.starts_at, shift.ends_at)], why="scrap_decide")
            data: dict[str, Any] = {"from": shift.starts_at, "to": shift.ends_at, "counted": counted}
            data |= {"before": {"entered": entered}, "after": {"same": same}}
            record(actor=actor, at=at, action="scrap_decide", kind=KIND, code=work_center.code, data=data)
            return decision
    except IntegrityError:
        return None


def _check_seen(work_center: WorkCenter, shift: Shift, counted: int, entered: int) -> None:
    hours = CountHour.objects.filter(work_center=work_center, shift=shift)
    is_counted = hours.aggregate(n=Sum("scrap_sum"))["n"] or 0
    is_entered = _sums(entries([work_center], shift.starts_at).filter(shift=shift)).get((work_center.pk, shift.pk), 0)
    if (is_counted, is_entered) != (counted, entered):
        raise CountsRefused(
            f"The reject counter says {is_counted} now and people entered {is_entered}: look at the list again."
        )


def _take_back(work_center: WorkCenter, shift: Shift, pieces: int, decision: ScrapDecision) -> None:
    """The opposite of the latest entries, at their time and order; what remains needs no second question."""
    left = pieces
    by_order: dict[tuple[int | None, int | None], list[CountFlag]] = {}
    for entry in entries([work_center], shift.starts_at).filter(shift=shift).order_by("-to_at", "-pk"):
        by_order.setdefault((entry.order_id, entry.item_id), []).append(entry)
    for (order, item), rows in by_order.items():
        part = min(left, max(0, int(sum(row.quantity for row in rows))))
        if not part:
            continue
        left -= part
        key = uuid5(_SPACE, f"{decision.pk} {order} {item}")
        for role, quantity, own in (("scrap", -part, key), ("good", part, uuid5(key, "good"))):
            CountFlag.objects.create(
                work_center=work_center,
                kind=CountFlag.Kind.MANUAL,
                role=role,
                quantity=Decimal(quantity),
                from_at=rows[0].to_at,
                to_at=rows[0].to_at,
                shift=shift,
                order_id=order,
                item_id=item,
                detail=TAKEN_BACK,
                actor=decision.actor,
                key=own,
            )
    if decision.entered > pieces:
        ScrapDecision.objects.get_or_create(
            work_center=work_center,
            shift=shift,
            counted=decision.counted,
            entered=decision.entered - pieces,
            defaults={"same": True, "actor": decision.actor, "at": decision.at},
        )
