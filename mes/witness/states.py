"""What is known of every counter now: judged every few minutes over the last hours, kept in one row per machine."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from mes.plant.models import WorkCenter
from mes.witness.judge import Status, Verdict, Word, judge
from mes.witness.models import CounterState, Tally, WitnessHour
from mes.witness.queries import Evidence, comparison_of, evidence_in, renewed_at

LOOK_BACK = timedelta(hours=8)
"""A shift: long enough to sharpen a witness behind a buffer, short enough to forget what has been mended."""

FURTHEST = timedelta(days=7)
"""So far back the beginning of a contradiction is looked for."""


def states_judge(*, now: datetime, line: int | None = None) -> int:
    """Judges every machine, or those of one line (id); returns how many have another status than before.

    Said again, none has. For a line at once after somebody counted by hand; for all of them every few minutes.
    """
    places = WorkCenter.objects.filter(archived=False).select_related("line")
    places = places if line is None else places.filter(line=line)
    stored = {row.work_center_id: row for row in CounterState.objects.filter(work_center__in=places)}
    rows = [row for machines in _by_line(list(places)) for row in _judged(machines, stored, now)]
    known = {pk: row.status for pk, row in stored.items()}
    different = [row for row in rows if known.get(row.work_center_id) != row.status]
    CounterState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["work_center"],
        update_fields=["status", "since", "judged_at"],
    )
    return len(different)


def _judged(line: Sequence[WorkCenter], stored: Mapping[int, CounterState], now: datetime) -> Iterator[CounterState]:
    said, since = judged_now(line, now)
    for wc in line:
        status, before = said[wc.code].status, stored.get(wc.pk)
        kept = before.since if before is not None and before.status == status else now
        begun = since.get(wc.code, kept) if status is Status.CONTRADICTED else kept
        yield CounterState(work_center=wc, status=status, since=begun, judged_at=now)


def judged_now(line: Sequence[WorkCenter], now: datetime) -> tuple[dict[str, Verdict], dict[str, datetime]]:
    """Verdicts of a line's machines over the last shift's length, and since when the contradicted ones are so."""
    found = evidence_now(line, now)
    said = judge([wc.code for wc in line], found.comparisons)
    bad = [wc for wc in line if said[wc.code].status is Status.CONTRADICTED]
    return said, {wc.code: _since(wc, found.tallies.get(wc.code), said[wc.code], now) for wc in bad}


def evidence_now(line: Sequence[WorkCenter], now: datetime) -> Evidence:
    """What was said about a line's counters lately; what was compared with a former tag of a counter is left out."""
    return evidence_in(line, now - LOOK_BACK, now, renewed=renewed_at(line, now))


def _since(wc: WorkCenter, tally: Tally | None, verdict: Verdict, now: datetime) -> datetime:
    """The beginning of the hours that do not balance without one that does in between, else of the count by hand."""
    mine = Q(witness__work_center=wc) | Q(witness__neighbour=wc)
    rows = WitnessHour.objects.filter(mine, blind=False, hour__gt=now - FURTHEST)
    begun: datetime | None = None
    for row in rows.select_related("witness__work_center", "witness__neighbour").order_by("-hour"):
        said = comparison_of(row)
        if said is not None and said.word is Word.AGREES:
            break
        if said is not None and said.word is Word.DIFFERS:
            begun = row.hour
    if tally is not None and any(one.other is None for one in verdict.against):
        begun = min(tally.starts_at, begun or tally.starts_at)
    return begun or now - LOOK_BACK


def _by_line(places: Sequence[WorkCenter]) -> list[list[WorkCenter]]:
    lines: dict[int, list[WorkCenter]] = defaultdict(list)
    for wc in places:
        lines[wc.line_id].append(wc)
    return list(lines.values())
