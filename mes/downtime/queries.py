"""Reading stops: how each is named, which need a reason, and which reasons are likely."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Extract
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mes.downtime.models import Reason, Stop
from mes.journal.models import JournalEntry
from mes.plant.models import Override, PlannedMaintenance, WorkCenter
from mes.plant.shift_of import shifts_of_row
from mes.production.models import Run

# A machine that waits for its neighbours shows the loss of another one (R19); one that idles asks only with an order.
NEED_A_REASON = ("down", "setup")
HISTORY = timedelta(days=30)
ENOUGH = 3  # of fewer stops with a code their shares say nothing


def instant_ref(instant: datetime) -> str:
    """How an address names an instant: UTC to the microsecond. Such names sort by time."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def stop_ref(stop: Stop) -> str:
    """How an address names a stop: its machine and its start in UTC, e.g. FILL-1@2026-11-22T10:42:00.120000Z."""
    return f"{stop.work_center.code}@{instant_ref(stop.starts_at)}"


def stop_by_ref(ref: str, work_centers: QuerySet[WorkCenter]) -> Stop | None:
    """The stop such an address names, if it is on one of these machines.

    The address of a part that was merged away, or trimmed off, leads to what stands there now.
    """
    code, _at, start = ref.partition("@")
    try:
        starts_at = datetime.strptime(start, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    here = {"work_center__in": work_centers, "work_center__code": code}
    stops = Stop.objects.filter(**here).select_related("work_center__line__area__site", "reason__parent", "whole")
    found = stops.filter(starts_at=starts_at).first()
    if found is not None:
        return found
    after = Q(ends_at=None) | Q(ends_at__gt=starts_at)
    whole = Stop.reported.filter(after, **here, starts_at__lte=starts_at).first()
    if whole is None or not JournalEntry.objects.filter(kind="stop", code__gte=stop_ref(whole), code__lte=ref).exists():
        return None
    parts = stops.filter(Q(pk=whole.pk) | Q(whole=whole)).order_by("starts_at")
    return parts.filter(after, starts_at__lte=starts_at).first() or parts.first()


def stops_that_need_a_reason(stops: QuerySet[Stop], now: datetime) -> QuerySet[Stop]:
    """The stops for which a person should say why, the open ones as long as they are at `now`.

    They are unexplained, no micro-stops, and take time from a shift: what lies outside all shifts, or wholly inside a
    break, a planned maintenance or a "not scheduled until", costs nothing; where somebody said the opposite of a part
    of it, it asks. A machine that idles without an order explains itself.
    """
    shifts = shifts_of_row("work_center", "work_center__line")
    within = shifts.filter(starts_at__lt=OuterRef("until"), ends_at__gt=OuterRef("starts_at"))
    in_break = shifts.filter(breaks__starts_at__lte=OuterRef("starts_at"), breaks__ends_at__gte=OuterRef("until"))
    order = Run.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=OuterRef("starts_at")),
        work_center=OuterRef("work_center"),
        starts_at__lt=OuterRef("until"),
    )
    asking = Q(kind__in=NEED_A_REASON) | (Q(kind="idle") & Exists(order))
    costing = Exists(within) & ~Exists(in_break) & ~_standing_by_plan() & ~_taken_off_the_schedule()
    return timed(stops.filter(reason=None), now).filter(asking, costing, length_s__gte=F("work_center__micro_stop_s"))


def timed(stops: QuerySet[Stop], now: datetime) -> QuerySet[Any]:
    """The stops with `until` (the open ones last to `now`) and `length_s`: of a part it is the whole stop's (R16)."""
    until = Coalesce(F("ends_at"), now)
    still = Case(When(whole__isnull=False, then=Value(now)), output_field=DateTimeField())
    event = Coalesce(F("whole__ends_at"), still, until) - Coalesce(F("whole__starts_at"), F("starts_at"))
    length = ExpressionWrapper(event, output_field=DurationField())
    return stops.annotate(until=until, length_s=Extract(length, "epoch"))


def _standing_by_plan() -> Q:
    here = Q(work_center=OuterRef("work_center")) | Q(line=OuterRef("work_center__line"))
    here |= Q(area=OuterRef("work_center__line__area")) | Q(site=OuterRef("work_center__line__area__site"))
    return _only(PlannedMaintenance.objects.filter(here), Q(works_on=False))


def _taken_off_the_schedule() -> Q:
    here = Q(work_center=OuterRef("work_center")) | Q(line=OuterRef("work_center__line"))
    return _only(Override.objects.filter(here, withdrawn_at=None), Q(scheduled=False))


def _only(words: QuerySet, takes: Q) -> Q:
    """Words that take time cover the whole stop, and none that gives it back touches it."""
    covering = Q(starts_at__lte=OuterRef("starts_at"), ends_at__gte=OuterRef("until"))
    touching = Q(starts_at__lt=OuterRef("until"), ends_at__gt=OuterRef("starts_at"))
    return Q(Exists(words.filter(takes, covering))) & ~Q(Exists(words.filter(~takes, touching)))


def stops_in(work_centers: Iterable[WorkCenter], start: datetime, end: datetime) -> QuerySet[Stop]:
    """Stops that overlap [start, end), the latest first."""
    touching = Q(starts_at__lt=end) & (Q(ends_at=None) | Q(ends_at__gt=start))
    stops = Stop.objects.filter(touching, work_center__in=list(work_centers))
    return stops.select_related("work_center__line__area__site", "reason__parent").order_by("-starts_at", "-pk")


@dataclass(frozen=True, slots=True)
class Category:
    """One tile of the reason sheet and the reasons behind it."""

    reason: Reason
    children: list[Reason]


def reason_tree() -> list[Category]:
    """The reasons in use, two levels. A category without children is a reason itself."""
    reasons = list(Reason.objects.filter(archived=False))
    below: dict[int, list[Reason]] = {}
    for reason in reasons:
        if reason.parent_id is not None:
            below.setdefault(reason.parent_id, []).append(reason)
    return [Category(reason, below.get(reason.pk, [reason])) for reason in reasons if reason.parent_id is None]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A likely reason, why we think so, and how sure that is: the share of like stops that had it, None for a guess."""

    reason: Reason
    why: str
    share: float | None = None


def suggestions_for(stop: Stop, now: datetime, limit: int = 4) -> list[Suggestion]:
    """Likely reasons, the likeliest first; none is ever given by itself.

    First what people said of this machine's stops with the same PLC code in the last 30 days, then the reason the code
    is bound to, then the machine's most frequent reasons; of equally frequent ones the latest.
    """
    leaves = Reason.objects.filter(archived=False, children=None)
    recent = Stop.objects.filter(work_center=stop.work_center_id, starts_at__gte=now - HISTORY, reason__isnull=False)
    recent = recent.exclude(pk=stop.pk).exclude(explained_by__startswith="rule: ")
    told = list(recent.order_by("-starts_at").values_list("reason_id", "plc_code")[:2000])
    known = {reason.pk: reason for reason in leaves.filter(pk__in={reason for reason, _code in told})}
    found: dict[int, Suggestion] = {}
    if stop.plc_code:
        same = [reason for reason, code in told if code == stop.plc_code]
        bound = {reason.pk: reason for reason in leaves.filter(plc_code=stop.plc_code)}
        for pk, times in Counter(same).most_common():
            if pk in known and len(same) >= ENOUGH:
                said = _("%(share)d %% of the stops with code %(code)d")
                why = said % {"share": round(100 * times / len(same)), "code": stop.plc_code}
                found[pk] = Suggestion(known[pk], why, times / len(same))
        for pk, reason in bound.items():
            found.setdefault(pk, Suggestion(reason, _("the machine gave code %(code)d") % {"code": stop.plc_code}))
    every = Counter(reason for reason, _code in told)  # equally frequent ones stay in the order of time
    for pk, times in every.most_common():
        if pk in known:
            why = ngettext("%(n)d in the last 30 days", "%(n)d in the last 30 days", times) % {"n": times}
            found.setdefault(pk, Suggestion(known[pk], why, times / len(told)))
    return list(found.values())[:limit]
