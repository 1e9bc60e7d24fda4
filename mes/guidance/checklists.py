"""Checklists at a machine: which there are, which are due, and answering one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from mes.guidance.due import Started, is_due
from mes.guidance.models import Checklist, ChecklistEntry
from mes.journal.write import record
from mes.plant.models import WorkCenter
from mes.production.models import Run
from mes.production.queries import open_run

LONGEST = 200


class ChecklistRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A checklist at a machine: whether it waits for an answer, and its last one."""

    checklist: Checklist
    due: bool
    last: ChecklistEntry | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one point: done, or skipped with a reason."""

    done: bool
    why: str = ""


def offered(place: WorkCenter) -> list[Offered]:
    """The checklists of a machine that fit what it makes now, the due ones first."""
    run = open_run(place)
    started = _started(run)
    lists = Checklist.objects.filter(work_center=place, archived=False)
    lists = lists.filter(Q(item=None) | Q(item=run.item_id)) if run else lists.filter(item=None)
    answered: set[int] = set()
    if run:
        answered = set(ChecklistEntry.objects.filter(run=run).values_list("checklist", flat=True))
    last = {
        entry.checklist_id: entry
        for entry in ChecklistEntry.objects.filter(checklist__in=lists)
        .order_by("checklist_id", "-at")
        .distinct("checklist_id")
    }
    found = [
        Offered(one, is_due(one.kind, one.item_id, started, answered=one.pk in answered), last.get(one.pk))
        for one in lists
    ]
    return sorted(found, key=lambda one: not one.due)


def checklist_answer(
    *, checklist: Checklist, version: int, answers: Sequence[Answer], actor: str, at: datetime, key: UUID
) -> tuple[ChecklistEntry, bool]:
    """Keeps the answers with the points as they were read; the entry, and whether this call made it.

    In a run each list is answered once: the second answer is the first one's. Raises ChecklistRefused when a point is
    neither done nor skipped with a reason, and when the list has another version than was answered.
    """
    again = ChecklistEntry.objects.filter(key=key).first()
    if again is not None:
        return again, False
    fresh = Checklist.objects.select_related("work_center").get(pk=checklist.pk)
    if fresh.version != version or fresh.archived or len(answers) != len(fresh.points):
        raise ChecklistRefused(_("This checklist was changed meanwhile: look at it again and answer its points."))
    kept = [_kept(point, answer) for point, answer in zip(fresh.points, answers, strict=True)]
    run = open_run(fresh.work_center) if fresh.kind != Checklist.Kind.CLEANING else None
    try:
        with transaction.atomic():
            entry = ChecklistEntry.objects.create(
                checklist=fresh, version=version, run=run, answers=kept, by=actor, at=at, key=key
            )
            skipped = {row["text"]: row["why"] for row in kept if not row["done"]}
            after = {"version": version, "points": len(kept), "skipped": skipped}
            data = {"before": None, "after": after, "why": "", "work_center": fresh.work_center.code}
            record(actor=actor, at=at, action="checklist_answer", kind="checklist", code=fresh.code, data=data)
    except IntegrityError:
        return ChecklistEntry.objects.get(Q(key=key) | (Q(checklist=fresh) & Q(run=run))), False
    return entry, True


def _kept(point: str, answer: Answer) -> dict[str, object]:
    why = " ".join(answer.why.split())
    if "\0" in why or len(why) > LONGEST:
        raise ChecklistRefused(
            _("A reason is too long or holds characters that cannot be kept: at most 200 characters.")
        )
    if not answer.done and not why:
        raise ChecklistRefused(_("Tick “%(point)s”, or say why it is skipped.") % {"point": point})
    return {"text": point, "done": answer.done, "why": "" if answer.done else why}


def _started(run: Run | None) -> Started | None:
    """The run and what the machine made before."""
    if run is None:
        return None
    before = Run.objects.filter(work_center=run.work_center_id, starts_at__lt=run.starts_at).order_by("-starts_at")
    return Started(run.item_id, before.values_list("item", flat=True).first())
