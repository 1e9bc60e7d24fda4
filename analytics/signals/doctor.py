"""Whether the readings of machines can be trusted: counters that stand or fall, late readings, clocks, silence."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from analytics.models import ReadingLook
from analytics.readiness.counts import Ideals
from analytics.signals.record import Found
from mes.plant.models import Line, WorkCenter
from mes.plc.models import COUNT_ROLES, TagBinding
from mes.production.models import Run
from mes.tracking.models import CountFlag, MachineCursor, SignalCursor, StateInterval

if TYPE_CHECKING:
    from analytics.signals.watch import Looked

Row = TypeVar("Row", StateInterval, Run, MachineCursor)

STILL_AT_LEAST = timedelta(minutes=10)
STILL_PIECES = 20  # so many pieces would have been made at the ideal rate: no slow machine is meant
FALLS_WITHIN = timedelta(hours=1)
FALLS, HELD = 3, 3  # counters that restart less often are people switching off and on
NEAR_ITS_END = 0.9  # a fall from there is the counter's wrap, not a reset
CLOCK_S = 2.0
LOOKS_WITHIN = timedelta(hours=3)
LEAST_LOOKS, PROMPT = 60, 0.95  # 60 looks are a quarter of an hour
SILENT_AFTER = timedelta(minutes=5)


def still(line: Line, at: datetime) -> "Looked":
    """Machines whose state runs while no counter moves, for 10 minutes and 20 pieces at the ideal rate.

    Only machines that are heard, run and have an ideal cycle can be judged; one that does not run does not stand still.
    """
    looked: Looked = {}
    ideals = Ideals(place.pk for place in _machines(line))
    running = _by_place(StateInterval.objects.filter(work_center__line=line, ends_at=None, kind="run"))
    runs = _by_place(Run.objects.filter(work_center__line=line, ends_at=None))
    heard = _by_place(MachineCursor.objects.filter(work_center__line=line))
    moved: dict[int, datetime] = {}
    for cursor in SignalCursor.objects.filter(work_center__line=line, role__in=COUNT_ROLES, lost=False):
        moved[cursor.work_center_id] = max(cursor.changed_at, moved.get(cursor.work_center_id, cursor.changed_at))
    for place in _machines(line):
        run, state = runs.get(place.pk), running.get(place.pk)
        if place.pk not in moved or place.pk not in heard or at - heard[place.pk].heard_at > SILENT_AFTER:
            continue
        cycle_s = ideals.cycle_s(place.pk, run.item_id, at) if run else None
        if state is None:
            looked[place] = None
        elif cycle_s is not None:
            since = max(moved[place.pk], state.starts_at)
            looked[place] = _stands(since, at, cycle_s)
    return looked


def _stands(since: datetime, at: datetime, cycle_s: Decimal) -> Found | None:
    if at - since < max(STILL_AT_LEAST, timedelta(seconds=float(cycle_s) * STILL_PIECES)):
        return None
    return Found(since, {"minutes": int((at - since).total_seconds() // 60), "cycle_s": float(cycle_s)})


_FELL = """
SELECT work_center_id, role, before, raw, at FROM (
  SELECT work_center_id, role, raw, at, lag(raw) OVER (PARTITION BY work_center_id, role ORDER BY at, id) AS before
  FROM tracking_sample
  WHERE work_center_id = ANY(%s) AND role = ANY(%s) AND quality = 'good' AND raw IS NOT NULL AND at > %s AND at <= %s
) AS read WHERE raw < before ORDER BY at
"""


def falls(line: Line, at: datetime) -> "Looked":
    """Machines whose counters fell back three times in an hour, or of which three counts were held back in it.

    A counter that wraps at its known end does not fall. Machines without a counter are left out.
    """
    since = at - FALLS_WITHIN
    bound = _bindings(line, at).filter(role__in=COUNT_ROLES)
    ends = {(one.work_center_id, one.role): (one.floor, one.modulus) for one in bound}
    places = [place for place in _machines(line) if any(machine == place.pk for machine, _role in ends)]
    times: dict[int, list[datetime]] = {place.pk: [] for place in places}
    with connection.cursor() as cursor:
        cursor.execute(_FELL, [list(times), [str(role) for role in COUNT_ROLES], since, at])
        for machine, role, before, _raw, when in cursor.fetchall():
            floor, modulus = ends.get((machine, role), (0, None))
            if modulus is None or before < floor + NEAR_ITS_END * modulus:
                times[machine].append(when)
    flags = CountFlag.objects.filter(work_center__in=list(times), kind="quarantine", to_at__gt=since, to_at__lte=at)
    held = Counter(flags.values_list("work_center", flat=True))
    return {
        place: Found((times[place.pk] or [since])[0], {"falls": len(times[place.pk]), "held": held[place.pk]})
        if len(times[place.pk]) >= FALLS or held[place.pk] >= HELD
        else None
        for place in places
    }


def clock(line: Line, at: datetime) -> "Looked":
    """Machines whose newest reading is more than 2 s ahead of this clock, or whose readings come late.

    Late: less than 95 % of the looks of three hours found a reading in time. Below 60 looks nobody can tell.
    """
    heard = _by_place(MachineCursor.objects.filter(work_center__line=line))
    looks = {
        row["work_center"]: (row["looks"], row["prompt"])
        for row in ReadingLook.objects.filter(work_center__line=line, hour__gt=at - LOOKS_WITHIN, hour__lte=at)
        .values("work_center")
        .annotate(looks=Sum("looks"), prompt=Sum("prompt"))
    }
    looked: Looked = {}
    for place in _machines(line):
        ahead_s = (heard[place.pk].heard_at - at).total_seconds() if place.pk in heard else 0.0
        seen, prompt = looks.get(place.pk, (0, 0))
        late = seen >= LEAST_LOOKS and prompt < PROMPT * seen
        if ahead_s > CLOCK_S or late:
            looked[place] = Found(at, {"ahead_s": round(max(0.0, ahead_s), 1), "looks": seen, "prompt": prompt})
        elif seen >= LEAST_LOOKS:
            looked[place] = None
    return looked


def silent(line: Line, at: datetime) -> "Looked":
    """Machines with a tag to read that have not been heard for five minutes, however the shift stands.

    Machines that were never heard are being set up: they are left out, and so are those nobody polls now.
    """
    polled = set(_bindings(line, at).filter(controller__enabled=True).values_list("work_center", flat=True))
    heard = _by_place(MachineCursor.objects.filter(work_center__line=line))
    looked: Looked = {}
    for place in _machines(line):
        if place.pk in polled and place.pk in heard:
            since = heard[place.pk].heard_at
            looked[place] = Found(since, {}) if at - since > SILENT_AFTER else None
        else:
            looked[place] = None
    return looked


def _machines(line: Line) -> list[WorkCenter]:
    return list(WorkCenter.objects.filter(line=line, archived=False))


def _bindings(line: Line, at: datetime) -> QuerySet[TagBinding]:
    valid = Q(valid_to=None) | Q(valid_to__gt=at)
    return TagBinding.objects.filter(valid, work_center__line=line, valid_from__lte=at)


def _by_place(rows: QuerySet[Row]) -> dict[int, Row]:
    return {row.work_center_id: row for row in rows}
