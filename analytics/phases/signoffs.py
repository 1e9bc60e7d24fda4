"""Departments sign a phase of a line off, or take their word back. That opens no gate; a missing word is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from analytics.models import Approver, Department, SignOff
from analytics.phases.rules import LAST, TALLIES_NEEDED, backs
from analytics.readiness.report import latest_reports
from mes.journal.write import record
from mes.people.models import Person, Role
from mes.plant.models import Line
from mes.witness.models import Tally

MAX_COMMENT = 500
TALLIES_SINCE = timedelta(days=28)

# Department -> the roles that may speak for it; an admin for every one.
MAY_SIGN: dict[str, frozenset[str]] = {
    Department.OPERATIONS: frozenset({Role.SUPERVISOR, Role.MANAGER}),
    Department.MAINTENANCE: frozenset({Role.MAINTENANCE}),
    Department.IT: frozenset({Role.ENGINEER}),
    Department.QUALITY: frozenset({Role.QUALITY}),
    Department.PLANNING: frozenset({Role.PLANNER}),
    Department.FINANCE: frozenset({Role.FINANCE}),
}


class SignOffRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """A department's place on the list of a phase; `row` None: no word yet, or taken back."""

    department: Department
    row: SignOff | None


def departments_of(person: Person) -> list[Department]:
    """The departments a person may speak for."""
    if person.is_superuser or person.role == Role.ADMIN:
        return list(Department)
    return [one for one in Department if person.role in MAY_SIGN[one]]


def signoff_sign(
    *, line: Line, phase: int, department: str, person: Person, comment: str, at: datetime, key: UUID
) -> SignOff:
    """Stores a department's word that a phase of a line may be built on. The same `key` again changes nothing.

    Raises SignOffRefused for a phase the line has not reached, a department the person does not speak for, and for
    phase 1 without two counts by hand of the last 28 days that agree with the counters within 0.5 %.
    """
    place, comment = _checked(phase, department, person, comment)
    report = latest_reports([line]).get(line.pk)
    if report is None or report.phase < phase:
        raise SignOffRefused(_("The line is not in this phase: its data has to open the gate first."))
    evidence = tallies_that_back(line, at) if phase == 1 else []
    if phase == 1 and len(evidence) < TALLIES_NEEDED:
        told = {"n": len(evidence), "needs": TALLIES_NEEDED}
        raise SignOffRefused(
            _(
                "Phase 1 needs %(needs)s counts by hand within 0.5 %% of the counter in the last 28 days, and there are"
                " %(n)s: count at the outfeed and enter it under Witnesses."
            )
            % told
        )
    return _store(line, phase, place, person, comment, at, key, report.pk, signed=True, evidence=evidence)


def signoff_withdraw(
    *, line: Line, phase: int, department: str, person: Person, comment: str, at: datetime, key: UUID
) -> SignOff | None:
    """Takes a department's word back, with why; None where there is none to take back or `key` did it before."""
    place, comment = _checked(phase, department, person, comment)
    if not comment:
        raise SignOffRefused(_("Say why the word is taken back: the others have built on it."))
    with transaction.atomic():
        Line.objects.select_for_update(of=("self",)).get(pk=line.pk)
        last = SignOff.objects.filter(line=line, phase=phase, department=place).first()
        if last is None or not last.signed:
            return None
        return _store(line, phase, place, person, comment, at, key, last.report_id, signed=False, evidence=[])


def approver_name(*, line: Line, person: Person, actor: str, at: datetime) -> bool:
    """Names who approves another method for a line; True if this call changed it."""
    with transaction.atomic():
        Line.objects.select_for_update(of=("self",)).get(pk=line.pk)
        before = Approver.objects.filter(line=line, until=None).first()
        if before is not None and before.person == person.username:
            return False
        Approver.objects.filter(line=line, until=None).update(until=at)
        name = person.get_full_name() or person.username
        Approver.objects.create(line=line, person=person.username, name=name, since=at, by=actor)
        data = {"before": before.person if before else None, "after": person.username, "why": "named as approver"}
        record(actor=actor, at=at, action="approver_name", kind="line", code=line.code, data=data)
        return True


def tallies_that_back(line: Line, at: datetime) -> list[dict[str, Any]]:
    """Counts by hand at the line's machines in 28 days that agree with the counter within 0.5 %, the newest first."""
    rows = Tally.objects.filter(
        work_center__line=line, withdrawn_at=None, ends_at__gt=at - TALLIES_SINCE, ends_at__lte=at
    )
    return [
        {
            "work_center": tally.work_center.code,
            "starts_at": tally.starts_at.isoformat(),
            "ends_at": tally.ends_at.isoformat(),
            "pieces": tally.pieces,
            "counted": [str(tally.counted_low), str(tally.counted_high)],
            "by": tally.actor,
        }
        for tally in rows.select_related("work_center").order_by("-ends_at", "-pk")
        if backs(tally.pieces, tally.counted_low, tally.counted_high)
    ]


def places_of(lines: Iterable[Line]) -> dict[tuple[int, int], list[Place]]:
    """(line id, phase) to its six places with the word that counts; a withdrawn one leaves its place empty."""
    pool = list(lines)
    rows = SignOff.objects.filter(line__in=pool).order_by("line_id", "phase", "department", "-id")
    newest = {(row.line_id, row.phase, row.department): row for row in rows.distinct("line_id", "phase", "department")}
    return {
        (line.pk, phase): [Place(one, _word(newest.get((line.pk, phase, one.value)))) for one in Department]
        for line in pool
        for phase in range(1, LAST + 1)
    }


def _word(row: SignOff | None) -> SignOff | None:
    return row if row is not None and row.signed else None


def _checked(phase: int, department: str, person: Person, comment: str) -> tuple[Department, str]:
    comment = " ".join(comment.replace("\0", " ").split())
    if len(comment) > MAX_COMMENT:
        raise SignOffRefused(_("The comment is too long: at most %(n)s characters.") % {"n": MAX_COMMENT})
    if not 1 <= phase <= LAST or department not in Department.values:
        raise SignOffRefused(_("There is no such phase or department: open the page again."))
    place = Department(department)
    if place not in departments_of(person):
        raise SignOffRefused(
            _("You do not speak for %(department)s: ask somebody of that department.") % {"department": place.label}
        )
    return place, comment


def _store(
    line: Line,
    phase: int,
    department: Department,
    person: Person,
    comment: str,
    at: datetime,
    key: UUID,
    report: int,
    *,
    signed: bool,
    evidence: list[dict[str, Any]],
) -> SignOff:
    values = {
        "line": line,
        "phase": phase,
        "department": department.value,
        "signed": signed,
        "by": person.username,
        "name": person.get_full_name() or person.username,
        "at": at,
        "comment": comment,
        "evidence": evidence,
        "report_id": report,
    }
    with transaction.atomic():
        row, new = SignOff.objects.get_or_create(key=key, defaults=values)
        if new:
            told = {"phase": phase, "department": department.value, "signed": signed}
            action = "signoff_sign" if signed else "signoff_withdraw"
            data = {"before": None, "after": told, "why": comment}
            record(actor=person.username, at=at, action=action, kind="line", code=line.code, data=data)
    return row
