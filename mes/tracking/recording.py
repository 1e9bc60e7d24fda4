"""Reads what was recorded of unbound tags: when without a pause, values round by round, series for proposals."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from mes.plc.models import Controller
from mes.tracking.behaviour import Number, Series
from mes.tracking.candidates import PERIOD_S
from mes.tracking.models import CandidateSample, CandidateStretch, CandidateTag
from mes.tracking.record import PAUSE_PERIODS

PERIOD = timedelta(seconds=PERIOD_S)
PAUSE = PERIOD * PAUSE_PERIODS
LATEST_TICKS = 1800  # behaviour is judged over the last two and a half hours of recording


@dataclass(frozen=True, slots=True)
class Round:
    """The values of some tags that changed in one round of reading. None: the tag could not be read."""

    at: datetime
    changed: dict[int, Number]


def stretches_of(controller: int) -> list[tuple[datetime, datetime]]:
    """When the controller's candidates were read, oldest first; pauses shorter than three rounds are bridged."""
    merged: list[tuple[datetime, datetime]] = []
    rows = CandidateStretch.objects.filter(controller=controller).order_by("starts_at", "pk")
    for start, end in rows.values_list("starts_at", "ends_at"):
        if merged and start - merged[-1][1] <= PAUSE:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def rounds_of(tags: Sequence[int], before: datetime | None = None) -> Iterator[Round]:
    """Recorded changes of these tags, oldest first; what was read within half a period belongs to one round."""
    rows = CandidateSample.objects.filter(tag__in=tags).order_by("at", "pk")
    if before is not None:
        rows = rows.filter(at__lt=before)
    begun: datetime | None = None
    at: datetime | None = None
    changed: dict[int, Number] = {}
    for when, tag, raw, real in rows.values_list("at", "tag_id", "raw", "real").iterator(chunk_size=5000):
        if begun is not None and at is not None and (when - begun >= PERIOD / 2 or tag in changed):
            yield Round(at, changed)
            begun, changed = None, {}
        begun = begun or when
        at = when
        changed[tag] = raw if raw is not None else real
    if at is not None and changed:
        yield Round(at, changed)


def first_of(tags: Sequence[int]) -> datetime | None:
    """When the first value of any of these tags was recorded."""
    return CandidateSample.objects.filter(tag__in=tags).order_by("at").values_list("at", flat=True).first()


def series_of(controller: Controller) -> tuple[list[Series], list[float]]:
    """Every recorded tag's changes in the latest part of the recording, and the grid on which to look at them.

    Seconds count from the first tick. The ticks lie a fifth of a period behind the reads, so that jitter moves none.
    """
    ticks = _ticks(stretches_of(controller.pk))
    if len(ticks) < 2:
        return [], []
    origin, names = ticks[0], {}
    for row in CandidateTag.objects.filter(controller=controller, listed=True).order_by("pk"):
        names[row.pk] = row
    points: dict[int, list[tuple[float, Number]]] = defaultdict(list)
    for tag, at, raw, real in _values(list(names), origin):
        points[tag].append(((at - origin).total_seconds(), raw if raw is not None else real))
    series = [Series(row.tag, row.data_type, row.group, tuple(points[pk])) for pk, row in names.items() if points[pk]]
    return series, [(tick - origin).total_seconds() for tick in ticks]


def _ticks(stretches: Sequence[tuple[datetime, datetime]]) -> list[datetime]:
    ticks: list[datetime] = []
    for start, end in reversed(stretches):
        few = min((end - start) // PERIOD, LATEST_TICKS - len(ticks) - 1)
        first = start + PERIOD / 5 + PERIOD * ((end - start) // PERIOD - few)
        ticks = [first + PERIOD * n for n in range(few + 1)] + ticks
        if len(ticks) >= LATEST_TICKS:
            break
    return ticks


def _values(tags: Sequence[int], since: datetime) -> list[tuple[int, datetime, int | None, float | None]]:
    """The samples since an instant, and before them the last one of each tag (each day has one)."""
    with connection.cursor() as cursor:
        cursor.execute(
            '(SELECT DISTINCT ON (tag_id) tag_id, at, raw, "real" FROM tracking_candidatesample'
            "  WHERE tag_id = ANY(%(tags)s) AND at <= %(since)s AND at > %(since)s - interval '2 days'"
            "  ORDER BY tag_id, at DESC)"
            ' UNION ALL (SELECT tag_id, at, raw, "real" FROM tracking_candidatesample'
            "  WHERE tag_id = ANY(%(tags)s) AND at > %(since)s) ORDER BY 2",
            {"tags": list(tags), "since": since},
        )
        return cursor.fetchall()
