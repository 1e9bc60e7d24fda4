"""The nightly proof: a sample of rolled hours is reckoned again from raw rows and must be equal to the bit (R48)."""

import random
from datetime import datetime, timedelta

from mes.oee.cuts import HOUR
from mes.oee.fact_models import RebuildCheck, RollMark
from mes.oee.places import machines_of
from mes.oee.reckon import PlaceKey, Reckoner
from mes.oee.roll_rows import PolicyIds, rows_of, stored_rows
from mes.oee.sources import load_rows
from mes.plant.models import ChangedStretch, Line

BLOCKS = 25  # hours of lines, each looked at with all its machines


def rebuild_check(*, now: datetime) -> RebuildCheck | None:
    """Looks at the day's sample once and stores what it found; None where that was done."""
    day = now.date()
    if RebuildCheck.objects.filter(day=day).exists():
        return None
    looked, different = sample_compare(seed=str(day), now=now)
    check, made = RebuildCheck.objects.get_or_create(
        day=day, defaults={"at": now, "hours": looked, "different": different}
    )
    return check if made else None


def sample_compare(*, seed: str, now: datetime, blocks: int = BLOCKS) -> tuple[int, list[str]]:
    """How many hours of machines and lines were compared, and which differ, e.g. "FILL 2026-03-02 06h".

    Hours for which changes wait are left out: of a locked shift they differ on purpose. So are lines with an archived
    machine: their past was made with it, and nobody stored since when it is gone.
    """
    dice = random.Random(seed)  # noqa: S311  (a sample that can be drawn again, no secret)
    marks = [
        mark
        for mark in RollMark.objects.exclude(line=None).order_by("line__code")
        if mark.rolled_until > mark.rolled_from
    ]
    looked, different = 0, list[str]()
    for _ in range(blocks if marks else 0):
        mark = dice.choice(marks)
        hour = mark.rolled_from + HOUR * dice.randrange((mark.rolled_until - mark.rolled_from) // HOUR)
        count, found = _compare(mark.line_id or 0, hour, now)
        looked, different = looked + count, different + found
    return looked, sorted(set(different))


def _compare(line_id: int, hour: datetime, now: datetime) -> tuple[int, list[str]]:
    line = Line.objects.get(pk=line_id)
    machines = machines_of([line])[line_id]
    around = timedelta(hours=1)
    waiting = ChangedStretch.objects.filter(
        work_center__in=machines, starts_at__lt=hour + HOUR + around, ends_at__gte=hour - around
    )
    if not machines or waiting.exists():
        return 0, []
    reckoner = Reckoner(line, machines, load_rows(machines, hour, hour + HOUR), hour, hour + HOUR, now=now)
    policies, names = PolicyIds(now), dict[PlaceKey, str]()
    if not line.work_centers.filter(archived=True).exists():
        names["line", line_id] = line.code
    names |= {("work_center", wc.pk): wc.code for wc in machines}
    rolled = {key: stored_rows(key, [hour]).get(hour) for key in names}
    fresh = {
        key: reckoner.line(hour, hour + HOUR) if key[0] == "line" else reckoner.machine(key[1], hour, hour + HOUR)
        for key in names
    }
    pairs = {key: (rows, rows_of(fresh[key], policies)) for key, rows in rolled.items() if rows is not None}
    return len(pairs), [f"{names[key]} {hour:%Y-%m-%d %H}h" for key, (rows, again) in pairs.items() if rows != again]
