"""What stands behind one number: formula, policy, elements, owned time, counts, unknown time, edits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mes.oee.counted import count_spans, made_in
from mes.oee.edits import Edit, edits_of
from mes.oee.elements import Elements
from mes.oee.explain_formulas import Formula, formula_of
from mes.oee.explain_words import policy_words, why_owned
from mes.oee.facts import WindowFacts, window_facts
from mes.oee.figures import Figure, Place, figures, figures_by
from mes.oee.models import PolicyInForce
from mes.oee.places import line_place, machine_place
from mes.oee.policies import digest_of
from mes.oee.policy import Policy
from mes.oee.sources import MachineRows, to_ms
from mes.oee.timeline import Owner
from mes.oee.witnessed import bounded, heard_of

LONGEST_DETAIL = timedelta(hours=48)
MOST_INTERVALS = 1500
MOST_PLACES = 60
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a machine's time, who owns it and why."""

    start: datetime
    end: datetime
    owner: str
    state: str | None
    reason: str | None
    order: str | None
    item: str | None
    why: str

    @property
    def ms(self) -> int:
        """Length in milliseconds."""
        return to_ms(self.end) - to_ms(self.start)


@dataclass(frozen=True, slots=True)
class Counted:
    """Pieces of one hour, item and order. `ideal_ms`: the ideal cycle in ms per piece, None where none is known.

    `gap`: made somewhere from `start` to `end` while nothing was heard; else `start` is the hour.
    """

    start: datetime
    end: datetime | None
    item: str | None
    order: str | None
    good: int
    scrap: int
    rework: int
    ideal_ms: Decimal | None
    gap: bool
    excluded: bool


@dataclass(frozen=True, slots=True)
class PolicyPart:
    """A policy at work in the window: its label, its sentences, and who put it in force from when and why."""

    label: str
    words: list[str]
    since: datetime | None
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the number, with the address of its own explanation: a day, or a machine or line below the place."""

    kind: str
    code: str
    start: datetime
    end: datetime
    value: float | None
    elements: Elements | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind one KPI of a place and window. Lists that would be too long are left empty and `days` given.

    `explained_ms` is the sum over all owners, of the intervals where they are listed; it must be the scheduled time.
    """

    place: Place
    figure: Figure
    formula: Formula | None
    policies: list[PolicyPart]
    intervals: list[Interval]
    left_off: int
    explained_ms: int
    counts: list[Counted]
    unknown: list[Interval]
    below: list[Part]
    days: list[Part]
    edits: list[Edit]


def explain(
    place: Place,
    window: Window,
    *,
    now: datetime,
    kpi: str = "oee",
    policy: Policy | None = None,
    as_of: datetime | None = None,
) -> Explanation:
    """Why a KPI (a name of `explain_formulas.KPIS`) of a place and window is what it is.

    A machine's window of at most 48 h is explained interval by interval and count by count, a longer one by its days; a
    line by its machines, an area or a site by its lines: each with its own value, to be asked for in turn. The value is
    that of `figures`. With `as_of` it is the reported one, with the edits since; stretches and pieces are kept only as
    they are known now and left out then. Raises ValueError for a place without machines and KeyError for another KPI.
    """
    [figure] = figures(place, [window], now=now, policy=policy, as_of=as_of)
    span = (figure.start, figure.end)
    if as_of is None:  # what was reported then did not know the witnesses of today
        notes = bounded(figure.kpi, heard_of(place, *span)).notes
        figure = replace(figure, kpi=replace(figure.kpi, notes=notes))
    formula = formula_of(kpi, figure.parts, where=place.code) if figure.parts else None
    if formula is not None:  # a line of mixed units has no number, whatever its parts say
        formula = replace(formula, value=getattr(figure.kpi, kpi))
    detailed = place.kind == "work_center" and window[1] - window[0] <= LONGEST_DETAIL and as_of is None
    [fact] = window_facts(place.work_centers, *span, now=now).values() if detailed else [None]
    intervals = _intervals(fact, policy) if fact else []
    inside = [piece for piece in intervals if piece.owner != Owner.UNSCHEDULED_RUN]
    explained = sum(piece.ms for piece in inside) if fact else _owners_ms(figure.elements)
    asked = {"now": now, "policy": policy, "as_of": as_of}
    long = window[1] - window[0] > LONGEST_DETAIL
    return Explanation(
        place=place,
        figure=figure,
        formula=formula,
        policies=_policies(place, figure),
        intervals=intervals[:MOST_INTERVALS],
        left_off=max(0, len(intervals) - MOST_INTERVALS),
        explained_ms=explained,
        counts=_counts(fact, span) if fact else [],
        unknown=[piece for piece in intervals if piece.owner == Owner.UNKNOWN],
        below=_below(place, window, kpi, asked),
        days=_days(place, window, kpi, asked) if long else [],
        edits=edits_of(place.work_centers, *span, since=as_of),
    )


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)


def _owners_ms(elements: Elements | None) -> int:
    if elements is None:
        return 0
    owners = ("run", "setup", "planned_stop", "unplanned", "micro", "no_order", "unknown")
    return sum(getattr(elements, f"{owner}_ms") for owner in owners)


def _intervals(fact: WindowFacts, policy: Policy | None) -> list[Interval]:
    found = []
    begun = [(to_ms(since), own) for since, own in fact.rows.policies]
    for piece in fact.owned:
        own = policy or next((own for since, own in reversed(begun) if since <= piece.start_ms), fact.policy)
        start, end = _at(piece.start_ms), _at(piece.end_ms)
        why = _why_unknown(fact.rows, start, end) if piece.owner is Owner.UNKNOWN else ""
        what = (piece.owner.value, piece.state, piece.reason, piece.order, piece.item)
        found.append(Interval(start, end, *what, why or why_owned(piece, own)))
    return found


def _why_unknown(rows: MachineRows, start: datetime, end: datetime) -> str:
    """What the poller wrote about the silence, or since when nothing has been heard."""
    said = [
        span.why
        for span in rows.states
        if span.kind == "unknown"
        and span.why
        and span.starts_at < end
        and (span.ends_at is None or span.ends_at > start)
    ]
    if said:
        return "; ".join(dict.fromkeys(said))
    if rows.heard_at is not None and rows.heard_at <= start:
        return f"Nothing was heard of the machine since {rows.heard_at:%Y-%m-%d %H:%M:%S} UTC (R18)."
    return ""


def _counts(fact: WindowFacts, window: Window) -> list[Counted]:
    """Counts by hour, item, order and ideal cycle; gaps one by one, with the share that lies in the window."""
    edges = (to_ms(window[0]), to_ms(window[1]))
    sums: dict[tuple[Any, ...], list[int]] = {}
    for span in count_spans(fact.rows, *window):
        start = _at(span.start_ms)
        hour = start.replace(minute=0, second=0, microsecond=0)
        long = span.gap and span.end_ms > span.start_ms
        times = (start, _at(span.end_ms)) if long else (hour, None)
        key = (*times, span.item, span.order, span.ideal_cycle_ms, span.gap, span.excluded)
        made = sums.setdefault(key, [0, 0, 0])
        for n, pieces in enumerate(made_in([span], edges)):
            made[n] += pieces
    rows = [
        Counted(start, end, item, order, made[0], made[1], made[2], ideal, gap, excluded)
        for (start, end, item, order, ideal, gap, excluded), made in sums.items()
    ]
    return sorted(rows, key=lambda row: (row.start, row.item or "", row.order or "", row.gap))


def _policies(place: Place, figure: Figure) -> list[PolicyPart]:
    """Each policy at work once; of machines that differ only in their thresholds, the first ten."""
    notes = PolicyInForce.objects.filter(work_center__in=place.work_centers, valid_from__lt=figure.end)
    begun = {note.policy.digest: note for note in notes.select_related("policy").order_by("-valid_from")}
    found: dict[str, PolicyPart] = {}
    for policy in [own for _, own in figure.parts] or [figure.policy]:
        digest = digest_of(policy)
        note = begun.get(digest)
        who = (note.valid_from, note.noted_by, note.why) if note else (None, "", "")
        found.setdefault(digest, PolicyPart(policy.label, policy_words(policy), *who))
    return list(found.values())[:10]


def _below(place: Place, window: Window, kpi: str, asked: dict[str, Any]) -> list[Part]:
    """A line's machines, an area's or a site's lines; the first 60."""
    if place.kind == "work_center":
        return []
    if place.kind == "line":
        places = [machine_place(wc) for wc in place.work_centers]
    else:
        places = [line_place(line) for line, _ in place.lines]
    return [_part(one.kind, one.code, _one(one, window, asked), kpi) for one in places[:MOST_PLACES]]


def _one(place: Place, window: Window, asked: dict[str, Any]) -> Figure:
    return figures(place, [window], **asked)[0]


def _days(place: Place, window: Window, kpi: str, asked: dict[str, Any]) -> list[Part]:
    found: Sequence[Figure] = figures_by(place, "day", window, **asked)
    return [_part("day", f"{figure.key['day']}", figure, kpi) for figure in found]


def _part(kind: str, code: str, figure: Figure, kpi: str) -> Part:
    return Part(kind, code, figure.start, figure.end, getattr(figure.kpi, kpi), figure.elements)
