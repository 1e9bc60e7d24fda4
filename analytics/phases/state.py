"""Where each line stands: follows its readiness reports."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from analytics.models import PhaseState, ReadinessReport
from analytics.phases.rules import Step, step
from mes.journal.write import record
from mes.plant.models import Line


@transaction.atomic
def phase_follow(report: ReadinessReport) -> PhaseState | None:
    """Gives the line the phase of a new report, inside the caller's transaction; None where it stays as it is.

    One journal entry for each change. An older report never undoes what a newer one said: the row of the line is
    locked and its beginning compared. Said twice, it changes once.
    """
    line = Line.objects.select_for_update(of=("self",)).get(pk=report.line_id)
    now = PhaseState.objects.filter(line=line, until=None).first()
    if now is not None and now.since >= report.computed_at:
        return None
    found = step(now.phase if now else None, now.fell_from if now else None, report.phase, report.gates)
    if found is None:
        return None
    PhaseState.objects.filter(line=line, until=None).update(until=report.computed_at)
    state = PhaseState.objects.create(
        line=line,
        phase=found.after,
        before=found.before,
        fell_from=found.fell_from,
        since=report.computed_at,
        why=list(found.why),
        report=report,
    )
    _journal(line, found, report)
    return state


def _journal(line: Line, found: Step, report: ReadinessReport) -> None:
    why = ", ".join(check["key"] for check in found.why) or "its gates say so"
    told = {"before": found.before, "after": found.after, "why": why, "report": report.pk}
    data = told | {"checks": asdict(found)["why"]}
    record(actor=report.asked_by, at=report.computed_at, action="phase_change", kind="line", code=line.code, data=data)


def states_of(lines: Iterable[Line]) -> dict[int, PhaseState]:
    """Line (by id) to where it stands; lines never measured are missing. One query."""
    rows = PhaseState.objects.filter(line__in=list(lines), until=None)
    return {state.line_id: state for state in rows}


def state_at(line: Line, at: datetime) -> PhaseState | None:
    """Where a line stood at an instant; None before it was first measured."""
    lasting = Q(until=None) | Q(until__gt=at)
    return PhaseState.objects.filter(lasting, line=line, since__lte=at).first()
