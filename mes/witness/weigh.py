"""The hourly mass balance: pieces out of a machine against what the next one took in, or against scanned pallets."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.db.models import Q, Sum

from mes.plant.changes import SETTLE
from mes.tracking.models import CountFlag, CountHour, MachineCursor, StateInterval
from mes.witness.models import Kind, Scan, Witness, WitnessHour

HOUR = timedelta(hours=1)
BLIND = timedelta(minutes=1)
"""So much unknown time of an hour without a counter that spans it, and the hour is not judged."""

MILLI = Decimal("0.001")
Key = tuple[int, datetime, int | None]
_FIGURES = ("counted", "said", "scrapped", "loose", "doubtful", "blind")


@dataclass(slots=True)
class Made:
    """Pieces of one machine, hour and item; `loose` ones may belong to a neighbouring hour."""

    good: int = 0
    scrap: int = 0
    rework: int = 0
    loose: int = 0

    @property
    def total(self) -> int:
        """Everything that went into the machine and was counted."""
        return self.good + self.scrap + self.rework

    def add(self, role: str, pieces: int) -> None:
        """Adds pieces of a role; a total count of its own is good and scrap already."""
        if role in ("good", "scrap", "rework"):
            setattr(self, role, getattr(self, role) + pieces)


@dataclass(slots=True)
class Facts:
    """What the hours of all machines concerned are weighed from."""

    made: dict[Key, Made] = field(default_factory=lambda: defaultdict(Made))
    scanned: dict[tuple[int, datetime], int] = field(default_factory=dict)
    blind: set[tuple[int, datetime]] = field(default_factory=set)

    def items(self, machine: int, hour: datetime) -> set[int | None]:
        """Items the machine made in the hour."""
        return {item for place, at, item in self.made if (place, at) == (machine, hour)}


def hour_of(at: datetime) -> datetime:
    """The full hour in which an instant lies."""
    return at.replace(minute=0, second=0, microsecond=0)


def hours_weigh(start: datetime, end: datetime, *, now: datetime, machines: Collection[int] | None = None) -> int:
    """Weighs every settled hour that touches [start, end), of all witnesses or those of `machines` (ids).

    Returns how many rows are different now; said again it returns 0. An hour is weighed when it ended longer ago than
    figures need to settle. In a fixed number of queries, one transaction.
    """
    first, last = hour_of(start), min(end, hour_of(now - SETTLE))
    hours = [first + HOUR * n for n in range(max(0, -((first - last) // HOUR)))]
    if not hours:
        return 0
    query = Witness.objects.exclude(kind=Kind.TALLY).filter(Q(valid_to=None) | Q(valid_to__gt=first))
    if machines is not None:
        query = query.filter(Q(work_center__in=machines) | Q(neighbour__in=machines))
    witnesses = list(query.filter(valid_from__lt=hours[-1] + HOUR).select_related("work_center"))
    if not witnesses:
        return 0
    with transaction.atomic():
        facts = facts_of(witnesses, hours[0], hours[-1] + HOUR, now=now)
        return _store(list(_rows(witnesses, hours, facts)), hours)


def changes_weigh(stretches: Iterable[tuple[int, datetime, datetime]], *, now: datetime) -> int:
    """Weighs again what changed in the past: (machine id, start, end) each. Returns how many rows are different now."""
    of: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for machine, start, end in stretches:
        of[machine].append((start, end))
    weighed = Witness.objects.filter(Q(work_center__in=of) | Q(neighbour__in=of)).exclude(kind=Kind.TALLY)
    known = {pk for pair in weighed.values_list("work_center", "neighbour") for pk in pair if pk}
    return sum(
        hours_weigh(start, end + timedelta(microseconds=1), now=now, machines=[machine])
        for machine in sorted(known & set(of))
        for start, end in of[machine]
    )


def facts_of(witnesses: Iterable[Witness], start: datetime, end: datetime, *, now: datetime) -> Facts:
    """Counts, flags, scans and unknown time of the machines of these witnesses in [start, end), both full hours."""
    places = {pk for one in witnesses for pk in (one.work_center_id, one.neighbour_id) if pk}
    facts = Facts()
    rows = CountHour.objects.filter(work_center__in=places, hour__gte=start, hour__lt=end)
    sums = rows.values_list("work_center", "hour", "item").annotate(
        Sum("good_sum"), Sum("scrap_sum"), Sum("rework_sum")
    )
    for place, hour, item, good, scrap, rework in sums:
        facts.made[place, hour, item] = Made(good, scrap, rework)
    bridged = _flags(facts, places, start, end)
    scans = Scan.objects.filter(work_center__in=places, at__gte=start, at__lt=end)
    for place, at, pieces in scans.values_list("work_center", "at", "pieces"):
        facts.scanned[place, hour_of(at)] = facts.scanned.get((place, hour_of(at)), 0) + pieces
    _unknown(facts, places, bridged, (start, end), now)
    return facts


def _flags(facts: Facts, places: set[int], start: datetime, end: datetime) -> dict[int, list[CountFlag]]:
    """Pieces made in gaps and entered by hand; where a gap lies across hours they may belong to any of them."""
    bridged: dict[int, list[CountFlag]] = defaultdict(list)
    flags = CountFlag.objects.filter(work_center__in=places, kind__in=("gap", "manual"), to_at__gte=start)
    for flag in flags.filter(from_at__lt=end).order_by("pk"):
        pieces, first = int(flag.quantity), hour_of(flag.from_at)
        last = hour_of(max(flag.from_at, flag.to_at - timedelta(microseconds=1)))
        gap = flag.kind == CountFlag.Kind.GAP
        if gap:
            bridged[flag.work_center_id].append(flag)
        for hour in _hours(max(first, start), min(last + HOUR, end)):
            made = facts.made[flag.work_center_id, hour, flag.item_id]
            if hour == last:
                made.add(flag.role, pieces)
            if first != last or not gap:
                made.loose += abs(pieces)
    return bridged


def _unknown(
    facts: Facts,
    places: set[int],
    bridged: dict[int, list[CountFlag]],
    window: tuple[datetime, datetime],
    now: datetime,
) -> None:
    """Marks hours in which it is unknown what a machine did, and no counter spanned that time."""
    start, end = window
    dark: dict[tuple[int, datetime], timedelta] = defaultdict(timedelta)
    spans: list[tuple[int, datetime, datetime]] = []
    unknown = StateInterval.objects.filter(work_center__in=places, kind="unknown", starts_at__lt=end)
    for row in unknown.filter(Q(ends_at=None) | Q(ends_at__gt=start)):
        until = row.ends_at or now
        if not any(flag.from_at < until and flag.to_at > row.starts_at for flag in bridged[row.work_center_id]):
            spans.append((row.work_center_id, row.starts_at, until))
    heard = dict(MachineCursor.objects.filter(work_center__in=places).values_list("work_center", "heard_at"))
    spans += [(place, heard.get(place, start), now) for place in places]
    for place, since, until in spans:
        for hour in _hours(max(hour_of(since), start), min(until, end)):
            dark[place, hour] += max(timedelta(), min(until, hour + HOUR) - max(since, hour))
    facts.blind = {key for key, length in dark.items() if length > BLIND}


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += HOUR


def _rows(witnesses: list[Witness], hours: list[datetime], facts: Facts) -> Iterator[WitnessHour]:
    own_items: dict[int, set[int]] = defaultdict(set)  # items with a factor of their own: not the general row's
    for one in witnesses:
        if one.item_id:
            own_items[one.work_center_id].add(one.item_id)
    for one in witnesses:
        for hour in hours:
            if one.valid_from <= hour and (one.valid_to is None or hour + HOUR <= one.valid_to):
                row = _weighed(one, hour, facts, own_items[one.work_center_id])
                if row is not None:
                    yield row


def _weighed(one: Witness, hour: datetime, facts: Facts, own_items: set[int]) -> WitnessHour | None:
    """The row of one witness and hour; None for an item's own row in an hour without that item."""
    places = [pk for pk in (one.work_center_id, one.neighbour_id) if pk]
    items = {item for place in places for item in facts.items(place, hour)}
    items = items & {one.item_id} if one.item_id else items - own_items
    if one.item_id and not items:
        return None
    here = [facts.made[one.work_center_id, hour, item] for item in items]
    loose = Fraction(sum(made.loose for made in here))
    doubtful = Fraction(sum(made.rework for made in here))
    if one.kind == Kind.SCAN:
        said, scrapped = Fraction(facts.scanned.get((one.work_center_id, hour), 0)), Fraction(0)
    else:
        factor = Fraction(one.numerator, one.denominator)
        there = [facts.made[one.neighbour_id or 0, hour, item] for item in items]
        said = factor * sum(made.total for made in there)
        scrapped = factor * sum(made.scrap for made in there)
        loose += factor * sum(made.loose for made in there)
        doubtful += factor * sum(made.rework for made in there)
    return WitnessHour(
        witness=one,
        hour=hour,
        counted=sum(made.good for made in here),
        said=_milli(said),
        scrapped=_milli(scrapped),
        loose=_milli(loose),
        doubtful=_milli(doubtful),
        blind=any((place, hour) in facts.blind for place in places),
    )


def _milli(value: Fraction) -> Decimal:
    """Thousandths of a piece, so that a factor like 1/3 gives the same figure whenever it is weighed."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(MILLI)


def _store(rows: list[WitnessHour], hours: list[datetime]) -> int:
    """Writes what is new or different and takes away what no longer holds (an item's row without that item)."""
    witnesses = {row.witness_id for row in rows}
    query = WitnessHour.objects.filter(witness__in=witnesses, hour__gte=hours[0], hour__lte=hours[-1])
    stored = {(row.witness_id, row.hour): row for row in query}
    different = [row for row in rows if not _same(row, stored.pop((row.witness_id, row.hour), None))]
    WitnessHour.objects.bulk_create(
        different, update_conflicts=True, unique_fields=["witness", "hour"], update_fields=_FIGURES
    )
    gone = [row.pk for row in stored.values()]
    WitnessHour.objects.filter(pk__in=gone).delete()
    return len(different) + len(gone)


def _same(row: WitnessHour, other: WitnessHour | None) -> bool:
    return other is not None and all(getattr(row, name) == getattr(other, name) for name in _FIGURES)
