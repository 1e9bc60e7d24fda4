"""Collects what windows of a place are made of: sums of rolled rows, and raw rows reckoned where there are none."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from mes.oee.cuts import HOUR, Cut, Span, cut, floor_hour, hours_between
from mes.oee.elements import Elements
from mes.oee.fact_models import HourFactPast, RollMark
from mes.oee.models import PolicyVersion
from mes.oee.places import Place, exit_of
from mes.oee.policies import policy_of
from mes.oee.policy import Policy
from mes.oee.reckon import Part, Reckoner
from mes.oee.roll_changes import unlocked
from mes.oee.sources import load_rows, to_ms
from mes.oee.stored_sums import Content, Range, Sum, sums, sums_then
from mes.plant.changes import SETTLE
from mes.plant.models import ChangedStretch, Line, Shift, WorkCenter
from mes.plant.shift_of import shifts_of

APART = timedelta(hours=12)  # raw stretches further apart are loaded apart
MOST_APART = 200  # hours whose change waits that are reckoned from raw rows; of more the stored rows are told


class NotReported(Exception):
    """At the instant asked for, a part of the time was not reported yet; the text says which."""


@dataclass(slots=True)
class Bundle:
    """What belongs together: elements per policy in order of time, what was made, and what has no ideal cycle."""

    parts: list[tuple[datetime, Policy, Elements]] = field(default_factory=list)
    items: set[int] = field(default_factory=set)
    no_ideal: set[int | None] = field(default_factory=set)

    def add(self, since: datetime, policy: Policy, elements: Elements) -> None:
        """One more part."""
        self.parts.append((since, policy, elements))


@dataclass(slots=True)
class Collected:
    """A window's bundles by order or item (id; under None all of it, or what belonged to none).

    `bare_ms`: time before anything was known. `stale`: changes wait that these figures do not know yet.
    """

    bundles: dict[int | None, Bundle] = field(default_factory=lambda: defaultdict(Bundle))
    bare_ms: int = 0
    stale: bool = False
    unreported: str = ""


@dataclass(frozen=True, slots=True)
class _Target:
    """A machine or a line: the place whose rows are summed, and what it is reckoned from."""

    kind: str
    pk: int
    line: Line
    machines: Sequence[WorkCenter]
    rolled: Span | None


def collect(
    place: Place, windows: Sequence[Span], *, now: datetime, content: Content = None, as_of: datetime | None = None
) -> list[Collected]:
    """One answer per window, which must not reach beyond `now`. Cost grows with what is asked, not with history."""
    targets = _targets(place)
    around = (min(start for start, _ in windows), max(end for _, end in windows))
    apart = _replaced(targets, around, as_of) if as_of else _waiting(targets, around)
    stale = as_of is None and sum(map(len, apart.values())) > MOST_APART
    found = [Collected(stale=stale) for _ in windows]
    asked = _Asked()
    for number, window in enumerate(windows):
        for target in targets:
            hours = () if stale else apart[target.pk]
            pieces = cut(window, target.rolled, hours, by_day=content != "order")
            found[number].bare_ms += sum(to_ms(end) - to_ms(start) for start, end in pieces.bare)
            asked.take(number, target, pieces, apart[target.pk] if as_of else ())
    _slices(targets, asked, apart, then=as_of is not None)
    kind = "work_center" if place.kind == "work_center" else "line"
    rows = [*sums(kind, asked.days, days=True, content=content), *sums(kind, asked.hours, content=content)]
    rows += sums_then(kind, asked.past, as_of, content=content) if as_of else []
    _take_rows(found, rows)
    if as_of is None:
        _take_raw(found, asked.raw, now, content)
    else:
        _take_reported(found, place, windows, {number for number, *_ in asked.raw}, as_of)
    return found


class _Asked:
    """Everything all windows need, to be asked for at once."""

    def __init__(self) -> None:
        self.days: list[Range] = []
        self.hours: list[Range] = []
        self.past: list[Range] = []
        self.raw: list[tuple[int, _Target, datetime, datetime]] = []

    def take(self, number: int, target: _Target, pieces: Cut, replaced: Sequence[datetime] | set[datetime]) -> None:
        """The pieces of one window of one target."""
        self.days += [Range(number, target.pk, *span) for span in pieces.days]
        self.hours += [Range(number, target.pk, *span) for span in pieces.hours]
        for start, end in pieces.raw:
            if start in replaced and end - start == HOUR:
                self.past.append(Range(number, target.pk, start, end))
            else:
                self.raw.append((number, target, start, end))


def _targets(place: Place) -> list[_Target]:
    if place.kind == "work_center":
        wc = place.work_centers[0]
        marks = {mark.work_center_id: mark for mark in RollMark.objects.filter(work_center=wc)}
        return [_Target("work_center", wc.pk, wc.line, [wc], _rolled(marks.get(wc.pk)))]
    lines = place.lines
    of_lines = {mark.line_id: mark for mark in RollMark.objects.filter(line__in=[line for line, _ in lines])}
    return [_Target("line", line.pk, line, wcs, _rolled(of_lines.get(line.pk))) for line, wcs in lines]


def _rolled(mark: RollMark | None) -> Span | None:
    return None if mark is None else (mark.rolled_from, mark.rolled_until)


def _waiting(targets: Sequence[_Target], around: Span) -> dict[int, set[datetime]]:
    """Hours of each target whose facts changed and whose rows do not know it yet."""
    machines = {wc.pk: target.pk for target in targets for wc in target.machines}
    found: dict[int, set[datetime]] = {target.pk: set() for target in targets}
    rows = ChangedStretch.objects.filter(
        work_center__in=machines, starts_at__lt=around[1] + SETTLE, ends_at__gte=around[0] - SETTLE
    )
    for machine, start, end in unlocked(rows).values_list("work_center_id", "starts_at", "ends_at"):
        hours = hours_between(max(start - SETTLE, around[0] - HOUR), min(end + SETTLE, around[1] + HOUR))
        found[machines[machine]].update(hours)
    return found


def _replaced(targets: Sequence[_Target], around: Span, as_of: datetime) -> dict[int, set[datetime]]:
    """Hours of each target that were replaced after an instant: what was told then stands in the past."""
    kind = targets[0].kind
    found: dict[int, set[datetime]] = {target.pk: set() for target in targets}
    rows = HourFactPast.objects.filter(
        **{f"{kind}__in": list(found)}, hour__gt=around[0] - HOUR, hour__lt=around[1], superseded_at__gt=as_of
    )
    for pk, hour in rows.values_list(f"{kind}_id", "hour").distinct():
        found[pk].add(hour)
    return found


def _slices(targets: Sequence[_Target], asked: _Asked, apart: dict[int, set[datetime]], *, then: bool) -> None:
    """A part of a rolled hour that is just what a shift has of it is asked by the shift: its rows stand apart.

    `apart`: hours whose rows do not count, or (`then`) stand in the past.
    """
    parts = [one for one in asked.raw if one[3] - one[2] < HOUR and _within(one[2], one[1].rolled)]
    parts = [one for one in parts if then or floor_hour(one[2]) not in apart[one[1].pk]]
    if not parts:
        return
    lead = {target.pk: exit_of(target.machines) for _, target, _, _ in parts}
    edges = [floor_hour(start) for _, _, start, _ in parts]
    shifts = shifts_of(lead.values(), min(edges), max(edges) + HOUR)
    for one in parts:
        number, target, start, end = one
        hour = floor_hour(start)
        theirs = shifts[lead[target.pk].pk]
        mine = [s.pk for s in theirs if (max(s.starts_at, hour), min(s.ends_at, hour + HOUR)) == (start, end)]
        if len(mine) == 1:
            asked.raw.remove(one)
            stand = asked.past if then and hour in apart[target.pk] else asked.hours
            stand.append(Range(number, target.pk, hour, hour + HOUR, mine[0]))


def _within(at: datetime, rolled: Span | None) -> bool:
    return rolled is not None and rolled[0] <= at < rolled[1]


def _take_rows(found: Sequence[Collected], rows: Sequence[Sum]) -> None:
    versions = PolicyVersion.objects.in_bulk({row.policy for row in rows})
    policies = {pk: policy_of(version) for pk, version in versions.items()}
    for row in rows:
        bundle = found[row.number].bundles[row.content]
        bundle.add(row.since, policies[row.policy], row.elements)
        bundle.items |= row.items
        bundle.no_ideal |= row.no_ideal


def _take_raw(
    found: Sequence[Collected], raw: Sequence[tuple[int, _Target, datetime, datetime]], now: datetime, content: Content
) -> None:
    wanted: dict[int, tuple[_Target, dict[Span, list[int]]]] = {}
    for number, target, start, end in raw:
        wanted.setdefault(target.pk, (target, defaultdict(list)))[1][start, end].append(number)
    for cluster in _clusters(wanted):
        start, end = min(span[0] for _, span in cluster), max(span[1] for _, span in cluster)
        targets = {target.pk: target for target, _ in cluster}
        rows = load_rows([wc for target in targets.values() for wc in target.machines], start, end)
        reckoners = {
            pk: Reckoner(target.line, target.machines, rows, start, end, now=now) for pk, target in targets.items()
        }
        for target, span in cluster:
            here = reckoners[target.pk]
            parts = here.line(*span) if target.kind == "line" else here.machine(target.pk, *span)
            for number in wanted[target.pk][1][span]:
                _take_parts(found[number], parts, span[0], content)


def _clusters(wanted: dict[int, tuple[_Target, dict[Span, list[int]]]]) -> list[list[tuple[_Target, Span]]]:
    """Stretches of all targets that lie near each other in time are loaded together."""
    every = sorted(((span, target) for target, spans in wanted.values() for span in spans), key=lambda one: one[0])
    clusters: list[list[tuple[_Target, Span]]] = []
    until: datetime | None = None
    for span, target in every:
        if until is None or span[0] - until > APART:
            clusters.append([])
        clusters[-1].append((target, span))
        until = max(until or span[1], span[1])
    return clusters


def _take_parts(found: Collected, parts: Sequence[Part], since: datetime, content: Content) -> None:
    for part in parts:
        bundle = found.bundles[getattr(part, content) if content else None]
        bundle.add(since, part.policy, part.elements)
        if part.item is not None and (part.elements.total or part.elements.unscheduled_total):
            bundle.items.add(part.item)
        if part.elements.no_ideal_total:
            bundle.no_ideal.add(part.item)


def _take_reported(
    found: Sequence[Collected], place: Place, windows: Sequence[Span], cut_up: set[int], as_of: datetime
) -> None:
    """What was not reported at an instant has no figures: a shift that was open, time after it, parts of hours."""
    lines = {wc.line_id for wc in place.work_centers}
    whose = Q(work_center__in=[wc.pk for wc in place.work_centers]) | Q(work_center=None, line__in=lines)
    late = Shift.objects.filter(whose, starts_at__lt=max(end for _, end in windows)).filter(
        Q(closed_at=None) | Q(closed_at__gt=as_of), ends_at__gt=min(start for start, _ in windows)
    )
    spans = list(late.values_list("starts_at", "ends_at"))
    for number, (start, end) in enumerate(windows):
        if end > as_of or any(since < end and until > start for since, until in spans):
            found[number].unreported = "not-reported"
        elif number in cut_up:
            found[number].unreported = "part-of-hour"
