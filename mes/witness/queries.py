"""What is known of counters: verdicts for any stretch, from weighed hours and counts by hand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from mes.plant.models import Line, WorkCenter
from mes.plc.models import COUNT_ROLES, TagBinding
from mes.witness.judge import BORDER, Comparison, Hour, Link, Verdict, Word, consistency_of, judge, summed
from mes.witness.models import Kind, Tally, Witness, WitnessHour

TALLY_HOLDS = timedelta(days=7)
"""A count by hand vouches for the counter so long, while the tag behind the counter stays the same."""

LONGEST = timedelta(days=31)
"""Of longer stretches the last 31 days are judged: cost grows with what is asked for, and counters change."""

TALLY_TOLERANCE = Decimal("0.005")
FIGURES = ("counted", "said", "loose", "doubtful", "blind")
INDEPENDENT = (Kind.NEIGHBOUR, Kind.SCAN, Kind.TALLY)
"""All there is. What this product told an ERP comes back as its own word and is no witness."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A machine's verdict over a stretch, and when it was last counted by hand."""

    code: str
    verdict: Verdict
    start: datetime
    end: datetime
    tally: Tally | None = None


@dataclass(slots=True)
class Evidence:
    """All that was said about the counters of some machines in a stretch."""

    start: datetime
    end: datetime
    comparisons: list[Comparison] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    blind_hours: int = 0


def standing_of(one: Witness) -> Decimal:
    """Pieces of the machine that border and buffer of a witness may shift, however long the stretch is.

    One piece at the machine's own borders and one of the witness: a piece of the neighbour, or a half full pallet.
    """
    if one.kind == Kind.SCAN:
        other = Decimal(one.pieces_per_pallet or 1)
    else:
        piece = Fraction(one.numerator, one.denominator)
        other = max(Decimal(1), Decimal(piece.numerator) / Decimal(piece.denominator))
    return one.buffer + BORDER + other


def link_of(one: Witness) -> Link:
    """A stored witness as the judge knows it."""
    neighbour = one.neighbour.code if one.neighbour else None
    return Link(one.work_center.code, one.kind, standing_of(one), one.tolerance_percent / 100, neighbour)


def hour_of(row: WitnessHour) -> Hour:
    """A weighed hour as the judge knows it."""
    return Hour(Decimal(row.counted), row.said, row.loose, row.doubtful, row.blind)


def comparison_of(row: WitnessHour) -> Comparison | None:
    """One weighed hour by itself; None where it is blind. `row.witness` with its machines must be loaded."""
    return summed(link_of(row.witness), [hour_of(row)])


def evidence_in(
    work_centers: Sequence[WorkCenter], start: datetime, end: datetime, *, renewed: dict[int, datetime] | None = None
) -> Evidence:
    """Every comparison about these machines in [start, end): each witness's hours summed, and counts by hand.

    `renewed`: machine id to the instant before which its counter was another one (a tag bound anew); what was compared
    before is left out. A count by hand also counts for TALLY_HOLDS after it was made.
    """
    since = max(start, end - LONGEST)
    found = Evidence(since, end)
    places = {wc.pk: wc.code for wc in work_centers}
    renewed = renewed or {}
    mine = Q(work_center__in=places) | Q(neighbour__in=places)
    known = {one.pk: one for one in Witness.objects.filter(mine).select_related("work_center", "neighbour")}
    hours: dict[int, list[Hour]] = defaultdict(list)
    rows = WitnessHour.objects.filter(witness__in=known, hour__gte=since, hour__lt=end).order_by("hour")
    for pk, hour, counted, said, loose, doubtful, blind in rows.values_list("witness", "hour", *FIGURES):
        pair = (known[pk].work_center_id, known[pk].neighbour_id)
        if all(renewed.get(place or 0, hour) <= hour for place in pair):
            found.blind_hours += blind
            hours[pk].append(Hour(Decimal(counted), said, loose, doubtful, blind))
    for pk, weighed in hours.items():
        whole = summed(link_of(known[pk]), weighed)
        if whole is not None:
            found.comparisons.append(whole)
    _tallies(found, places, renewed)
    return found


def _tallies(found: Evidence, places: dict[int, str], renewed: dict[int, datetime]) -> None:
    """The latest count by hand of each machine that still says something about its counter."""
    rows = Tally.objects.filter(
        work_center__in=places, withdrawn_at=None, ends_at__gt=found.start - TALLY_HOLDS, starts_at__lt=found.end
    )
    tolerance = _tally_tolerances(list(places), found.end)
    for tally in rows.exclude(counted_low=None).order_by("ends_at", "pk"):
        if renewed.get(tally.work_center_id, tally.starts_at) <= tally.starts_at:
            found.tallies[places[tally.work_center_id]] = tally
    for code, tally in found.tallies.items():
        share = tolerance.get(tally.work_center_id, TALLY_TOLERANCE)
        found.comparisons.append(tally_comparison(tally, code, share))


def tally_comparison(tally: Tally, code: str, tolerance: Decimal = TALLY_TOLERANCE) -> Comparison:
    """A count by hand as a comparison: one piece at each border is anybody's."""
    low, high = tally.counted_low or Decimal(0), tally.counted_high or Decimal(0)
    return Comparison(code, Kind.TALLY, low, high, Decimal(tally.pieces), Decimal(2 * BORDER), tolerance)


def _tally_tolerances(places: list[int], at: datetime) -> dict[int, Decimal]:
    valid = Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))
    rows = Witness.objects.filter(valid, work_center__in=places, kind=Kind.TALLY)
    return {place: percent / 100 for place, percent in rows.values_list("work_center", "tolerance_percent")}


def verdicts(work_centers: Sequence[WorkCenter], start: datetime, end: datetime) -> dict[str, Judged]:
    """What is known of each machine's count in [start, end), by code; of a long stretch its last 31 days.

    The neighbours on the same lines are judged too, for whether a witness is believed depends on its own witnesses.
    """
    lines = {wc.line_id for wc in work_centers}
    around = list(WorkCenter.objects.filter(line__in=lines))
    found = evidence_in(around, start, end)
    said = judge([wc.code for wc in around], found.comparisons)
    return {
        wc.code: Judged(wc.code, said[wc.code], found.start, found.end, found.tallies.get(wc.code))
        for wc in work_centers
    }


def renewed_at(work_centers: Sequence[WorkCenter], now: datetime) -> dict[int, datetime]:
    """Machine id to when a tag of one of its counters was last bound: before that it was another counter."""
    rows = TagBinding.objects.filter(work_center__in=work_centers, role__in=COUNT_ROLES, valid_from__lte=now)
    latest: dict[int, datetime] = {}
    for place, since in rows.values_list("work_center", "valid_from"):
        latest[place] = max(since, latest.get(place, since))
    return latest


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """Why a line's counts are as consistent as they are: one sentence each, and the statuses of its machines."""

    statuses: dict[str, str]
    sentences: tuple[str, ...]
    blind_hours: int


def consistency(line: Line, start: datetime, end: datetime) -> tuple[float | None, LineEvidence]:
    """How well the line's counts agree with independent witnesses in [start, end): 0 to 1, None without a witness.

    1 - sum of what no border, buffer or tolerance explains / sum of what the witnesses saw. Only INDEPENDENT sources.
    """
    places = list(WorkCenter.objects.filter(line=line, archived=False).order_by("position", "code"))
    found = evidence_in(places, start, end)
    said = judge([wc.code for wc in places], found.comparisons)
    share = consistency_of(found.comparisons)
    told = tuple(sentence(one) for one in found.comparisons if one.word is not Word.SILENT)
    statuses = {code: str(verdict.status) for code, verdict in said.items()}
    return (None if share is None else float(share)), LineEvidence(statuses, told, found.blind_hours)


def sentence(one: Comparison) -> str:
    """One comparison in words, e.g. "FILL-1 counted 1,000, CAP-1 1,480: 480 missing (32.4 %), up to 30 may be"."""
    seen = {Kind.SCAN: "scanned pallets", Kind.TALLY: "a count by hand"}.get(Kind(one.kind), one.other or "")
    ends = "" if one.counted_low == one.counted_high else f"{_n(one.counted_low)} to "
    said = f"{one.machine} counted {ends}{_n(one.counted_high)}, {seen} {_n(one.said)}"
    if one.word is Word.AGREES:
        return f"{said}: they agree."
    if one.word is Word.BLUNT:
        return f"{said}: too few pieces to tell, {_n(one.allowed)} may lie between them."
    more = "too many" if one.difference > 0 else "too few"
    percent = f" ({abs(one.share):.1%})" if one.share is not None else ""
    return f"{said}: {_n(abs(one.difference))} {more}{percent}, where {_n(one.allowed)} could be explained."


def _n(pieces: Decimal) -> str:
    return f"{pieces:,.0f}"
